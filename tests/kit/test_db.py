"""PostgreSQL through asyncpg: statements by name, a bounded pool, patience with a server that is away."""

from __future__ import annotations

import asyncio
from importlib import resources

import asyncpg
import pytest

from rivya.kit.db import is_data_fault, load_queries, open_pool, patiently

PACKAGES = ["rivya.accounts", "rivya.generations", "rivya.keys", "rivya.queue", "rivya.wallet"]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_statement_is_loaded_by_its_name(package: str) -> None:
    text = resources.files(package).joinpath("queries.sql").read_text()
    assert len(load_queries(package)) == text.count("-- name: ")


@pytest.mark.parametrize("package", PACKAGES)
def test_every_statement_begins_with_a_sentence_that_says_what_it_does(package: str) -> None:
    for name, statement in load_queries(package).items():
        assert statement.startswith("-- "), name


@pytest.mark.parametrize("package", PACKAGES)
async def test_every_statement_is_one_that_the_server_understands(package: str, database_url: str) -> None:
    async with open_pool(database_url, size=1) as pool, pool.acquire() as connection:
        for statement in load_queries(package).values():
            await connection.prepare(statement)


async def test_a_pool_opens_no_more_connections_than_its_size(database_url: str) -> None:
    count = "select count(*) from pg_stat_activity where application_name = 'pool under test'"
    async with open_pool(database_url, size=3, application_name="pool under test") as pool:
        await asyncio.gather(*(pool.execute("select pg_sleep(0.01)") for _ in range(20)))
        assert await pool.fetchval(count) <= 3


async def test_a_pool_leaves_no_connection_behind(database_url: str) -> None:
    count = "select count(*) from pg_stat_activity where application_name = 'pool under test'"
    async with open_pool(database_url, application_name="pool under test") as pool:
        await pool.execute("select 1")
    connection = await asyncpg.connect(database_url)
    async with asyncio.timeout(5):
        left = await connection.fetchval(count)
        while left:
            await asyncio.sleep(0.02)
            left = await connection.fetchval(count)
    await connection.close()


async def test_patience_asks_again_while_the_server_is_away() -> None:
    answers = iter([ConnectionRefusedError(), asyncpg.CannotConnectNowError(""), TimeoutError()])

    async def call() -> str:
        for error in answers:
            raise error
        return "here"

    assert await patiently(call, for_s=5) == "here"


async def test_patience_ends_with_the_error() -> None:
    async def call() -> None:
        raise ConnectionRefusedError

    with pytest.raises(ConnectionRefusedError):
        await patiently(call, for_s=0.3)


async def test_any_other_error_is_raised_at_once() -> None:
    calls = 0

    async def call() -> None:
        nonlocal calls
        calls += 1
        raise asyncpg.UniqueViolationError("")

    with pytest.raises(asyncpg.UniqueViolationError):
        await patiently(call, for_s=5)
    assert calls == 1


@pytest.mark.parametrize(
    ("error", "is_fault"),
    [
        (asyncpg.UniqueViolationError(""), True),
        (asyncpg.DataError(""), True),
        (ValueError(), True),
        (asyncpg.AdminShutdownError(""), False),
        (asyncpg.ConnectionDoesNotExistError(""), False),
        (asyncpg.InterfaceError(""), False),
        (ConnectionResetError(), False),
        (RuntimeError(), False),
    ],
)
def test_a_fault_of_the_data_is_told_from_one_of_the_connection(error: Exception, is_fault: bool) -> None:
    assert is_data_fault(error) is is_fault
