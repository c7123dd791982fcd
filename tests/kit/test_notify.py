"""Hearing notifications: with their payload, and again after the connection was lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from rivya.kit.db import Pool
from rivya.kit.notify import NotifyHub

KILL_LISTENERS = """
select pg_terminate_backend(pid) from pg_stat_activity
where application_name = 'rivya listen' and datname = current_database()
"""


class Ear:
    """Listens on a channel, and waits for what should come."""

    def __init__(self, hub: NotifyHub, channel: str = "news") -> None:
        self.heard: list[str | None] = []
        hub.listen(channel, self.heard.append)

    async def hears(self, *expected: str | None) -> None:
        await until(lambda: self.heard == list(expected))


async def until(holds: Callable[[], bool], *, within_s: float = 5) -> None:
    async with asyncio.timeout(within_s):
        while True:
            if holds():
                return
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(hub: NotifyHub) -> AsyncGenerator[asyncio.Task[None]]:
    """Let a hub listen until the block ends."""
    task = asyncio.create_task(hub.run())
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def hub(database_url: str) -> NotifyHub:
    """A hub that is not running yet."""
    return NotifyHub(database_url)


@pytest.fixture
async def ear(hub: NotifyHub) -> AsyncIterator[Ear]:
    """An ear on a hub that runs."""
    ear = Ear(hub)
    async with running(hub):
        await until(lambda: hub.connected)
        yield ear


async def test_a_listener_is_called_with_none_when_listening_begins(ear: Ear) -> None:
    await ear.hears(None)


async def test_a_notification_is_heard_with_its_payload(ear: Ear, pool: Pool) -> None:
    await pool.execute("select pg_notify('news', 'rain')")
    await ear.hears(None, "rain")


async def test_a_notification_on_another_channel_is_not_heard(ear: Ear, pool: Pool) -> None:
    await pool.execute("select pg_notify('gossip', 'x')")
    await pool.execute("select pg_notify('news', 'rain')")
    await ear.hears(None, "rain")


async def test_every_listener_of_a_channel_hears(hub: NotifyHub, pool: Pool) -> None:
    ears = [Ear(hub), Ear(hub)]
    async with running(hub):
        await until(lambda: hub.connected)
        await pool.execute("select pg_notify('news', 'rain')")
        for ear in ears:
            await ear.hears(None, "rain")


async def test_a_hub_that_does_not_run_is_not_connected(hub: NotifyHub) -> None:
    assert not hub.connected


async def test_a_lost_connection_is_known_at_once(ear: Ear, hub: NotifyHub, pool: Pool) -> None:
    await pool.execute(KILL_LISTENERS)
    await until(lambda: not hub.connected, within_s=1)


async def test_after_a_lost_connection_it_says_that_something_may_have_been_missed(ear: Ear, pool: Pool) -> None:
    await ear.hears(None)
    await pool.execute(KILL_LISTENERS)
    await ear.hears(None, None)


async def test_after_a_lost_connection_it_hears_again(ear: Ear, hub: NotifyHub, pool: Pool) -> None:
    await pool.execute(KILL_LISTENERS)
    await ear.hears(None, None)
    await pool.execute("select pg_notify('news', 'sun')")
    await ear.hears(None, None, "sun")


async def test_it_keeps_trying_while_the_server_cannot_be_reached() -> None:
    hub = NotifyHub("postgresql://rivya@127.0.0.1:9/nowhere")
    async with running(hub) as task:
        await asyncio.sleep(0.1)
        assert not task.done()
        assert not hub.connected


async def test_it_keeps_trying_while_the_server_has_no_connection_to_spare(hub: NotifyHub, pool: Pool) -> None:
    database = await pool.fetchval("select current_database()")
    await pool.execute(f'alter database "{database}" connection limit 0')
    async with running(hub) as task:
        await asyncio.sleep(0.2)
        await pool.execute(f'alter database "{database}" connection limit -1')
        await until(lambda: hub.connected or task.done())
        assert hub.connected


async def test_a_hub_that_is_stopped_leaves_no_connection(hub: NotifyHub, pool: Pool) -> None:
    hub.listen("news", lambda _: None)
    async with running(hub):
        await until(lambda: hub.connected)
    query = """
        select count(*) from pg_stat_activity
        where application_name = 'rivya listen' and datname = current_database()
    """
    async with asyncio.timeout(5):
        while True:
            if await pool.fetchval(query) == 0:
                return
            await asyncio.sleep(0.02)
