"""PostgreSQL through asyncpg: a bounded pool, statements kept in ``.sql`` files, and what an error means."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from importlib import resources
from typing import TYPE_CHECKING, TypeVar

import asyncpg

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Pool = asyncpg.Pool[asyncpg.Record]
    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
else:
    Pool = asyncpg.Pool
    Connection = asyncpg.Connection

Answer = TypeVar("Answer")

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)

CONNECTION_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InternalClientError,  # what asyncpg may say of a connection that is cut while in use
    ConnectionError,
    OSError,
)
"""The server or the way to it is gone: whether the last statement was carried out is not known."""


def is_data_fault(error: Exception) -> bool:
    """Return True if the statement was refused for what it was given, so that its neighbours may be innocent."""
    return isinstance(error, (asyncpg.PostgresError, asyncpg.DataError, ValueError)) and not isinstance(
        error, CONNECTION_LOST
    )


@asynccontextmanager
async def open_pool(
    dsn: str, *, size: int = 8, application_name: str = "rivya", connect_timeout_s: float = 10, wait_s: float = 0
) -> AsyncGenerator[Pool]:
    """Open a pool of at most ``size`` connections; closed, with its connections, at the end.

    A server that cannot be reached yet is asked again for ``wait_s`` seconds: it may be starting, too.

    Its sessions read tables by index wherever there is one. A plan is kept for as long as its session lives, and one
    made while a table was empty would read that table whole, at every call, until its statistics are gathered anew.
    What means to read whole tables says ``set local enable_seqscan = on``.

    Raises what asyncpg raises when the server cannot be reached.
    """

    async def opened() -> Pool:
        return await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=size,
            timeout=connect_timeout_s,
            command_timeout=60,
            max_inactive_connection_lifetime=300,
            reset=_leave_as_it_is,
            server_settings={
                "application_name": application_name,
                "enable_seqscan": "off",
                "jit": "off",
                "timezone": "UTC",
            },
        )

    pool = await patiently(opened, for_s=wait_s)
    try:
        yield pool
    finally:
        try:
            await pool.close()
        except CONNECTION_LOST:
            pool.terminate()


async def _leave_as_it_is(_connection: Connection) -> None:
    """Nothing here changes a session's state, so asyncpg's reset (a round trip for every use) has nothing to undo."""


def load_queries(package: str, file: str = "queries.sql") -> Mapping[str, str]:
    """Return the statements of a package's ``.sql`` file by name.

    Each statement begins with a line ``-- name: its_name`` and a sentence of comment that says what it does.
    """
    text = resources.files(package).joinpath(file).read_text("utf-8")
    parts = _NAME.split(text)
    return {name: sql.strip() for name, sql in zip(parts[1::2], parts[2::2], strict=True)}


async def patiently(call: Callable[[], Awaitable[Answer]], *, for_s: float) -> Answer:
    """Return what ``call`` returns, asking again for ``for_s`` seconds while the server cannot be reached.

    Only for calls that may be carried out twice: a lost connection leaves open whether the first was. Raises
    the last connection error when the time is over, and any other error at once.
    """
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + for_s
    while True:
        try:
            return await call()
        except (*CONNECTION_LOST, TimeoutError):
            if loop.time() > give_up_at:
                raise
            await asyncio.sleep(0.25)
