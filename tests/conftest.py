"""A real PostgreSQL for the whole run, and an empty Rivya database for each test that asks for one.

``RIVYA_TEST_DATABASE_URL`` runs the suite against another server (its user must be allowed to create databases).
"""

from __future__ import annotations

import asyncio
import itertools
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from rivya.database import migrate
from rivya.kit.db import Pool, open_pool

_numbers = itertools.count(1)
_TEMPLATE = f"rivya_template_{os.getpid()}"


def with_database(dsn: str, name: str) -> str:
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The DSN of a running server."""
    if dsn := os.environ.get("RIVYA_TEST_DATABASE_URL"):
        yield dsn
        return
    from rivya.kit.embedded_postgres import EmbeddedPostgres

    # Root's server runs as another user, who cannot enter pytest's private folders.
    with tempfile.TemporaryDirectory(prefix="rivya-test-") as folder:
        Path(folder).chmod(0o711)
        with EmbeddedPostgres(Path(folder) / "data", max_connections=200, system_dir=Path(folder)) as server:
            yield server.start()


@pytest.fixture(scope="session")
def template(postgres: str) -> Iterator[str]:
    """The name of a migrated database that is copied for each test."""

    async def create() -> None:
        connection = await asyncpg.connect(postgres)
        await connection.execute(f"drop database if exists {_TEMPLATE} with (force)")
        await connection.execute(f"create database {_TEMPLATE}")
        await connection.close()
        await migrate(with_database(postgres, _TEMPLATE))

    async def drop() -> None:
        connection = await asyncpg.connect(postgres)
        await connection.execute(f"drop database {_TEMPLATE} with (force)")
        await connection.close()

    asyncio.run(create())
    yield _TEMPLATE
    asyncio.run(drop())


@pytest.fixture
def database_url(postgres: str, template: str) -> Iterator[str]:
    """The DSN of an empty Rivya database of this test's own."""
    name = f"rivya_test_{os.getpid()}_{next(_numbers)}"

    async def run(statement: str) -> None:
        connection = await asyncpg.connect(postgres)
        give_up_at = time.monotonic() + 20
        while True:
            try:
                await connection.execute(statement)
                break
            except (asyncpg.InsufficientPrivilegeError, asyncpg.ObjectInUseError):
                # The server's own autovacuum is at work in the database; it ends soon, and is not ours to end.
                assert time.monotonic() < give_up_at, statement
                await asyncio.sleep(0.1)
        await connection.close()

    asyncio.run(run(f"create database {name} template {template}"))
    yield with_database(postgres, name)
    asyncio.run(run(f"drop database {name} with (force)"))


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with open_pool(database_url, size=10) as opened:
        yield opened
