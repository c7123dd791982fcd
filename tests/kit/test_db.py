"""PostgreSQL through asyncpg: statements by name, a bounded pool, patience with a server that is away."""

from __future__ import annotations

import asyncio
from importlib import resources
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from rivya.kit.db import is_data_fault, load_queries, open_pool, patiently
from tests.running import free_port

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


async def test_a_pool_waits_for_a_server_that_is_starting_too(database_url: str) -> None:
    host, port = _address(database_url)
    late = free_port()

    async def use() -> int:
        async with open_pool(f"{database_url.split('?')[0]}?host=127.0.0.1&port={late}", size=1, wait_s=30) as pool:
            return await pool.fetchval("select 7")

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await (
            asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
            if host.startswith("/")
            else asyncio.open_connection(host, port)
        )
        await asyncio.gather(_pour(reader, outer), _pour(inner, writer))

    using = asyncio.create_task(use())
    await asyncio.sleep(0.6)  # it has asked in vain more than once
    assert not using.done()
    async with await asyncio.start_server(relay, "127.0.0.1", late):
        assert await using == 7


async def test_a_pool_without_patience_says_at_once_that_nobody_is_there() -> None:
    with pytest.raises(OSError):
        async with open_pool(f"postgresql://rivya@127.0.0.1:{free_port()}/rivya"):
            pass


def _address(dsn: str) -> tuple[str, int]:
    parts = urlsplit(dsn)
    query = parse_qs(parts.query)
    host = query["host"][0] if "host" in query else parts.hostname
    return host or "127.0.0.1", int(query["port"][0] if "port" in query else parts.port or 5432)


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
