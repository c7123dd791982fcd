"""A database for several tests together, copied from the migrated template."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from tests.conftest import with_database


@contextmanager
def copied(postgres: str, template: str, name: str) -> Iterator[str]:
    """Make a database from the template; its DSN. Dropped at the end."""
    own = f"{template}_{name}"

    async def run(statement: str) -> None:
        connection = await asyncpg.connect(postgres)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run(f"create database {own} template {template}"))
    try:
        yield with_database(postgres, own)
    finally:
        asyncio.run(run(f"drop database {own} with (force)"))
