"""Bring a database to the shape that this version expects."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import resources

import asyncpg

from rivya.kit.db import Connection
from rivya.kit.operator_error import OperatorError

_FILE = re.compile(r"^(\d{4})_(\w+)\.sql$")
_LOCK = 0x52697679  # "Rivy": any number will do, as long as every process asks for the same


class ChangedMigration(OperatorError):
    """A migration that this database has applied reads differently now."""


class DatabaseIsNewer(OperatorError):
    """The database was migrated by a later version of Rivya."""


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def load(package: str) -> list[Migration]:
    """Return the migrations of a package in order."""
    found: list[Migration] = []
    for file in resources.files(package).iterdir():
        if match := _FILE.match(file.name):
            found.append(Migration(int(match[1]), match[2], file.read_text("utf-8")))
    return sorted(found, key=lambda migration: migration.number)


async def migrate(
    dsn: str, migrations: list[Migration], *, before: Callable[[Connection], Awaitable[None]]
) -> list[Migration]:
    """Apply what is missing, each file in a transaction of its own; return what was applied.

    Any number of processes may call it at once: an advisory lock lets one work while the others wait.
    ``before`` runs first, under the lock (schemas that a library keeps for itself). Raises ChangedMigration
    or DatabaseIsNewer, having changed nothing, when the database does not fit.
    """
    connection = await asyncpg.connect(dsn, server_settings={"application_name": "rivya migrate"})
    try:
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        await before(connection)
        await connection.execute(
            """create table if not exists schema_migrations (
                   number integer primary key, name text not null, checksum text not null,
                   applied_at timestamptz not null default now())"""
        )
        rows = await connection.fetch("select number, name, checksum from schema_migrations")
        applied = {row["number"]: row for row in rows}
        _check(applied, migrations)
        missing = [migration for migration in migrations if migration.number not in applied]
        for migration in missing:
            async with connection.transaction():
                await connection.execute(migration.sql)
                await connection.execute(
                    "insert into schema_migrations (number, name, checksum) values ($1, $2, $3)",
                    migration.number,
                    migration.name,
                    migration.checksum,
                )
        return missing
    finally:
        await connection.close()


def _check(applied: dict[int, asyncpg.Record], migrations: list[Migration]) -> None:
    known = {migration.number: migration for migration in migrations}
    for number, row in applied.items():
        migration = known.get(number)
        if migration is None:
            raise DatabaseIsNewer(f"this version does not know migration {number:04d}_{row['name']}")
        if migration.checksum != row["checksum"]:
            raise ChangedMigration(f"migration {number:04d}_{row['name']} was changed after it was applied")
