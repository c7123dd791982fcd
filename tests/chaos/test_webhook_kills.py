"""Workers killed while webhooks wait: every event reaches every endpoint, and what comes twice has the same id."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from rivya.kit.db import open_pool
from tests.running import Rivya, eventually
from tests.webhooks.post_office import PostOffice, settings
from tests.webhooks.receiver import Behaviour, Receiver, answer, receiving_beside

DELIVERIES = int(os.environ.get("RIVYA_CHAOS_DELIVERIES", "300"))
KILLS = max(3, DELIVERIES // 200)
SEED = int(os.environ.get("RIVYA_CHAOS_SEED") or random.randrange(2**32))

ACCOUNTS = 10
ENDPOINTS_EACH = 5
HASTE = {
    "RIVYA_WEBHOOKS_ALLOW_PRIVATE": "true",
    "RIVYA_WORKER_HEARTBEAT_S": "0.2",
    "RIVYA_WORKER_LEASE_S": "2",
    # Slow enough that there is always something in hand when a worker is killed.
    "RIVYA_WEBHOOKS_ENDPOINT_IN_FLIGHT": "2",
}


@pytest.fixture
def rivya(database_url: str, tmp_path: Path) -> Iterator[Rivya]:
    made = Rivya(database_url, tmp_path, HASTE)
    yield made
    made.close()


@pytest.mark.timeout(900)
def test_no_kill_of_a_worker_loses_a_webhook_or_sends_it_with_another_id(rivya: Rivya, tmp_path: Path) -> None:
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    with receiving_beside() as receiver:
        secrets, expected = asyncio.run(_pending(rivya.database_url, tmp_path, receiver))
        for path in expected:
            receiver.behaviours[path] = _slowly(chance)
        workers = [rivya.worker() for _ in range(2)]
        for number in range(KILLS):
            enough = (number + 1) * DELIVERIES // (KILLS + 1)
            eventually(lambda enough=enough: len(receiver.heard) >= enough, within_s=120)
            victim = chance.randrange(2)
            rivya.stop(workers[victim], signal.SIGKILL)
            workers[victim] = rivya.worker()
        eventually(lambda: asyncio.run(_done(rivya.database_url)), within_s=300, every_s=0.5)

        heard = receiver.ids()
        times = Counter((one.path, one.id) for one in receiver.heard)
        print(f"{DELIVERIES} deliveries, {KILLS} kills, {len(receiver.heard) - len(times)} duplicates")
        assert {path: set(ids) for path, ids in heard.items()} == expected
        assert len({(one.path, one.id, one.event["id"]) for one in receiver.heard}) == len(times) == DELIVERIES
        for one in receiver.heard:
            assert Webhook(secrets[one.path]).verify(one.body, one.headers)["id"] == one.id


def _slowly(chance: random.Random) -> Behaviour:
    quick, wait_s = answer(200, b"ok"), chance.uniform(0.05, 0.3)

    async def behave(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(wait_s)
        await quick(writer)

    return behave


async def _pending(dsn: str, folder: Path, receiver: Receiver) -> tuple[dict[str, str], dict[str, set[str]]]:
    """Make what waits; return each endpoint's secret and the events that it is to get, by its path."""
    secrets: dict[str, str] = {}
    expected: dict[str, set[str]] = {}
    async with open_pool(dsn, size=4) as pool:
        office = PostOffice(pool, dsn, settings(folder))
        for number in range(ACCOUNTS):
            account = await office.account()
            paths = [f"/{number}/{each}" for each in range(ENDPOINTS_EACH)]
            for path in paths:
                endpoint = await office.endpoint(account, receiver.url(path))
                (secrets[path],) = office.secrets[endpoint]
            events = await office.events(account, DELIVERIES // (ACCOUNTS * ENDPOINTS_EACH))
            expected |= {path: set(events) for path in paths}
        assert await pool.fetchval("select count(*) from webhook_deliveries where status = 'pending'") == DELIVERIES
    return secrets, expected


async def _done(dsn: str) -> bool:
    async with open_pool(dsn, size=1) as pool:
        return await pool.fetchval("select count(*) from webhook_deliveries where status = 'succeeded'") == DELIVERIES
