"""What one process makes of the workers' announcements."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import asyncpg
import pytest

from rivya.kit.db import Pool, load_queries
from rivya.kit.notify import NotifyHub
from rivya.providers.routing import Route
from rivya.queue.served import Announced, ServedRoutes, announced

BEAT = load_queries("rivya.queue")["beat"]
A, B = Route("one", "vendor", "a"), Route("two", "vendor", "b")


async def beat(pool: Pool, *serves: str, worker: str = "wkr_1", shut: Sequence[str] = (), grace_s: float = 30) -> None:
    await pool.execute(BEAT, worker, "here", 1, serves, shut, grace_s)


@pytest.fixture
def served(pool: Pool) -> ServedRoutes:
    return ServedRoutes(pool, NotifyHub("postgresql://nowhere"), lease_s=10)


async def test_without_workers_nothing_is_served(served: ServedRoutes) -> None:
    assert not await served.refresh()
    assert A not in served


async def test_what_any_worker_serves_is_served(pool: Pool, served: ServedRoutes) -> None:
    await beat(pool, "vendor.a")
    await beat(pool, worker="wkr_2")
    assert await served.refresh()
    assert A in served
    assert B not in served
    await beat(pool, "vendor.b", worker="wkr_2")
    await served.refresh()
    assert A in served
    assert B in served


async def test_what_a_worker_serves_no_more_is_not_served(pool: Pool, served: ServedRoutes) -> None:
    await beat(pool, "vendor.a", "vendor.b")
    await beat(pool, "vendor.b", shut=["vendor.a"])
    await served.refresh()
    assert A not in served
    assert B in served


async def test_a_silent_worker_serves_until_its_grace_is_over(pool: Pool, served: ServedRoutes) -> None:
    await beat(pool, "vendor.a", grace_s=3600)
    await pool.execute("update workers set heartbeat_at = '-infinity'")
    assert not await served.refresh()
    assert A in served
    await pool.execute("update workers set serves_until = now()")
    await served.refresh()
    assert A not in served


async def test_a_worker_of_an_earlier_version_is_taken_to_serve_everything(pool: Pool, served: ServedRoutes) -> None:
    await pool.execute("insert into workers (id, host, pid) values ('wkr_old', 'here', 1)")
    await served.refresh()
    assert A in served
    assert B in served
    await pool.execute("update workers set heartbeat_at = now() - interval '11 seconds'")
    await served.refresh()
    assert A not in served


async def test_only_a_change_is_told(pool: Pool, database_url: str) -> None:
    heard: list[object] = []
    listening = await asyncpg.connect(database_url)
    await listening.add_listener("rivya_serves", lambda *told: heard.append(told))

    async def told() -> int:
        await listening.execute("select 1")  # what was sent before has arrived when this is answered
        await asyncio.sleep(0)
        return len(heard)

    try:
        await beat(pool, "vendor.a")
        assert await told() == 1
        await beat(pool, "vendor.a")
        assert await told() == 1
        await beat(pool, "vendor.a", "vendor.b")
        assert await told() == 2
        await pool.execute("update workers set serves_until = now()")
        await beat(pool, "vendor.a", "vendor.b")
        assert await told() == 3, "it had been given up"
    finally:
        await listening.close()


async def test_announcements_are_listed_with_what_is_left_alone(pool: Pool) -> None:
    await beat(pool, "vendor.a", shut=["vendor.b"])
    await beat(pool, "vendor.a", worker="wkr_2", grace_s=0)
    (only,) = await announced(pool)
    started_at = only.started_at
    assert only == Announced("wkr_1", "here", 1, started_at, ["vendor.a"], ["vendor.b"])
