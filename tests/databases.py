"""Empty Rivya databases for tests: copied from a migrated one, emptied after use, and lent again.

To make a database and to drop it takes half a second of CPU; to empty one takes a tenth of that.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from rivya.database import migrate

Found = TypeVar("Found")
_WITHIN_S = 20.0
_BUSY = (asyncpg.InsufficientPrivilegeError, asyncpg.ObjectInUseError)
"""What a statement on a database meets while the server's own autovacuum is at work there: not ours to end."""

_SHAPE = """
select md5(string_agg(part, ' ' order by part)) from (
    select concat('table ', c.oid) as part from pg_class c where c.relnamespace = 'public'::regnamespace
    union all select concat('function ', p.oid, p.prosrc, p.proconfig) from pg_proc p
    where p.pronamespace = 'public'::regnamespace
    union all select concat('trigger ', t.oid, t.tgenabled) from pg_trigger t
    union all select concat('constraint ', k.oid) from pg_constraint k where k.connamespace = 'public'::regnamespace
    union all select concat('column ', a.attrelid, a.attnum, a.attname, a.atttypid, a.attnotnull)
    from pg_attribute a join pg_class c on c.oid = a.attrelid where c.relnamespace = 'public'::regnamespace
    union all select concat('default ', d.oid, d.adbin) from pg_attrdef d
    union all select concat('view ', v.viewname, v.definition) from pg_views v where v.schemaname = 'public'
    union all select concat('setting ', s.setconfig) from pg_db_role_setting s
    where s.setdatabase = (select d.oid from pg_database d where d.datname = current_database())
) parts
"""
_TABLES = "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1"
_OTHERS = """from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"""


class Databases:
    """Those of one server."""

    def __init__(self, postgres: str) -> None:
        self._postgres = postgres
        self._template = f"rivya_template_{os.getpid()}"
        self._numbers = itertools.count(1)
        self._free: list[str] = []
        self._shape = ""
        self._seeds: dict[str, str] = {}
        self._empty: list[str] = []

    def open(self) -> None:
        """Make the one that is copied."""
        self._on_server(f"drop database if exists {self._template} with (force)")
        self._on_server(f"create database {self._template}")
        dsn = self._dsn(self._template)
        _run(migrate(dsn))
        _run(_connected(dsn, self._learn))

    def close(self) -> None:
        for name in (*self._free, self._template):
            self._drop(name)

    @contextmanager
    def one(self) -> Generator[str]:
        """Lend an empty database; its DSN. Whoever is still connected at the end is cut off."""
        name = self._free.pop() if self._free else self._make()
        try:
            yield self._dsn(name)
        finally:
            try:
                _run(_connected(self._dsn(name), self._clean))
            except (_Changed, asyncpg.PostgresError, OSError):
                self._drop(name)  # a test may do to its own whatever it likes
            else:
                self._free.append(name)

    async def _learn(self, db: asyncpg.Connection) -> None:
        self._shape = await db.fetchval(_SHAPE)
        for table in [row["relname"] for row in await db.fetch(_TABLES)]:
            if await db.fetchval(f'select exists (select from "{table}")'):
                self._seeds[table] = await db.fetchval(_content(table))
            else:
                self._empty.append(table)

    async def _clean(self, db: asyncpg.Connection) -> None:
        """Raises _Changed unless the database can be made again what it was."""
        give_up_at = time.monotonic() + _WITHIN_S
        while await db.fetchval(f"select count(pg_terminate_backend(pid)) {_OTHERS}"):
            if time.monotonic() > give_up_at:
                raise _Changed("somebody stays connected")
            await asyncio.sleep(0.01)
        if await db.fetchval(_SHAPE) != self._shape:
            raise _Changed("another shape")
        if self._seeds != {table: await db.fetchval(_content(table)) for table in self._seeds}:
            raise _Changed("other rows that belong to the shape")
        used = await db.fetch(" union all ".join(f"(select '{t}' as t from \"{t}\" limit 1)" for t in self._empty))
        if used:
            tables = ", ".join(f'"{row["t"]}"' for row in used)
            await db.execute(
                "begin; alter table ledger disable trigger user; "  # it is append-only
                f"truncate {tables} restart identity cascade; alter table ledger enable trigger user; commit"
            )

    def _make(self) -> str:
        name = f"rivya_test_{os.getpid()}_{next(self._numbers)}"
        self._on_server(f"create database {name} template {self._template}")
        return name

    def _drop(self, name: str) -> None:
        self._on_server(f"drop database {name} with (force)")

    def _dsn(self, name: str) -> str:
        return urlunsplit(urlsplit(self._postgres)._replace(path=f"/{name}"))

    def _on_server(self, statement: str) -> None:
        async def run(db: asyncpg.Connection) -> None:
            give_up_at = time.monotonic() + _WITHIN_S
            while True:
                try:
                    await db.execute(statement)
                    return
                except _BUSY:
                    assert time.monotonic() < give_up_at, statement
                    await asyncio.sleep(0.1)

        _run(_connected(self._postgres, run))


class _Changed(Exception):
    """A test has changed what cannot be undone."""


def _content(table: str) -> str:
    return f"select md5(string_agg(t::text, ' ' order by t::text)) from \"{table}\" t"


def _run(work: Coroutine[Any, Any, Found]) -> Found:
    """Return what some asynchronous work returns: done in a thread, because this one may have a loop (Playwright's)."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _connected(dsn: str, work: Callable[[asyncpg.Connection], Awaitable[Found]]) -> Found:
    connection = await asyncpg.connect(dsn)
    try:
        return await work(connection)
    finally:
        await connection.close()
