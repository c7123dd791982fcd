"""Migrations: each applied once whoever asks, and nothing touched when the database does not fit."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from rivya.database import migrate as migrate_rivya
from rivya.kit.db import Connection
from rivya.kit.migrate import ChangedMigration, DatabaseIsNewer, Migration, load, migrate

FIRST = Migration(1, "first", "create table first (n integer); insert into first values (1)")
SECOND = Migration(2, "second", "create table second (n integer)")


async def nothing(_: Connection) -> None:
    return None


@pytest.fixture
def empty(postgres: str) -> Iterator[str]:
    """The DSN of a database with nothing in it."""

    async def run(statement: str) -> None:
        connection = await asyncpg.connect(postgres)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(run("create database rivya_empty"))
    yield urlunsplit(urlsplit(postgres)._replace(path="/rivya_empty"))
    asyncio.run(run("drop database rivya_empty with (force)"))


async def ask(dsn: str, query: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetch(query)
    finally:
        await connection.close()


async def test_what_is_missing_is_applied_and_returned(empty: str) -> None:
    assert await migrate(empty, [FIRST, SECOND], before=nothing) == [FIRST, SECOND]
    assert await ask(empty, "select * from second") == []


async def test_what_was_applied_is_not_applied_again(empty: str) -> None:
    await migrate(empty, [FIRST], before=nothing)
    assert await migrate(empty, [FIRST, SECOND], before=nothing) == [SECOND]
    assert len(await ask(empty, "select * from first")) == 1


async def test_of_many_who_migrate_at_once_one_does(empty: str) -> None:
    answers = await asyncio.gather(*(migrate(empty, [FIRST, SECOND], before=nothing) for _ in range(8)))
    assert sorted(map(len, answers)) == [0] * 7 + [2]
    assert len(await ask(empty, "select * from first")) == 1


async def test_many_may_bring_a_new_database_to_our_shape_at_once(empty: str) -> None:
    answers = await asyncio.gather(*(migrate_rivya(empty) for _ in range(4)))
    applied = load("rivya.migrations")
    assert sorted(map(len, answers)) == [0, 0, 0, len(applied)]
    assert len(await ask(empty, "select * from schema_migrations")) == len(applied)


async def test_a_migration_that_was_changed_after_it_was_applied_is_refused(empty: str) -> None:
    await migrate(empty, [FIRST], before=nothing)
    with pytest.raises(ChangedMigration, match="0001_first"):
        await migrate(empty, [Migration(1, "first", "create table other (n integer)"), SECOND], before=nothing)
    assert await ask(empty, "select to_regclass('second') as found") == [(None,)]


async def test_a_database_of_a_later_version_is_refused(empty: str) -> None:
    await migrate(empty, [FIRST, SECOND], before=nothing)
    with pytest.raises(DatabaseIsNewer, match="0002_second"):
        await migrate(empty, [FIRST], before=nothing)


async def test_a_migration_that_fails_leaves_nothing_of_itself(empty: str) -> None:
    broken = Migration(2, "broken", "create table half (n integer); select 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty, [FIRST, broken], before=nothing)
    assert await ask(empty, "select to_regclass('half') as found") == [(None,)]
    assert [row["number"] for row in await ask(empty, "select number from schema_migrations")] == [1]


async def test_after_a_failure_the_mended_migration_is_applied(empty: str) -> None:
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty, [FIRST, Migration(2, "second", "select 1 / 0")], before=nothing)
    assert await migrate(empty, [FIRST, SECOND], before=nothing) == [SECOND]


async def test_one_who_migrates_lets_go_of_the_lock_when_it_dies(empty: str) -> None:
    async def dies(connection: Connection) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await migrate(empty, [FIRST], before=dies)
    async with asyncio.timeout(5):
        await migrate(empty, [FIRST], before=nothing)


def test_our_migrations_are_numbered_from_one_without_a_gap() -> None:
    assert [migration.number for migration in load("rivya.migrations")] == list(
        range(1, len(load("rivya.migrations")) + 1)
    )
