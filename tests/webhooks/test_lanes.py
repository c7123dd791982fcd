"""Whose turn it is: a lane is one worker's at a time, and no worker's silence keeps it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from rivya.kit.clock import utc_now
from rivya.kit.db import Pool, load_queries
from rivya.kit.ids import WorkerId, new_id
from rivya.webhooks.delivery.lanes import LaneKey, Lanes
from tests.webhooks.post_office import PostOffice, settings, soon
from tests.webhooks.receiver import Receiver, hang, receiving

SQL = load_queries("rivya.webhooks.delivery")


def lanes(office: PostOffice, worker: str) -> Lanes:
    return Lanes(office.pool, WorkerId(worker), lease_s=10)


async def one_lane(office: PostOffice) -> LaneKey:
    account = await office.account()
    endpoint = await office.endpoint(account, "http://127.0.0.1:1/")
    await office.event(account)
    return account, endpoint


async def test_a_lane_is_taken_by_one_worker_only(office: PostOffice) -> None:
    lane = await one_lane(office)
    found = await asyncio.gather(*(lanes(office, f"wkr_{number}").take(10) for number in range(8)))
    assert sorted(found) == [[]] * 7 + [[lane]]


async def test_a_silent_workers_lanes_are_freed_and_a_living_ones_are_not(office: PostOffice) -> None:
    silent, living = await one_lane(office), None
    await office.beat("wkr_silent", ago_s=0)
    assert await lanes(office, "wkr_silent").take(10) == [silent]
    living = await one_lane(office)
    await office.beat("wkr_living", ago_s=0)
    assert await lanes(office, "wkr_living").take(10) == [living]
    await office.beat("wkr_third")
    third = lanes(office, "wkr_third")
    await third.free_silent()
    assert await third.take(10) == []
    await office.beat("wkr_silent", ago_s=11)
    await third.free_silent()
    assert await third.take(10) == [silent]
    await office.pool.execute("delete from workers where id = 'wkr_living'")
    await third.free_silent()
    assert await third.take(10) == [living]


async def test_a_lane_is_due_again_with_its_next_delivery_and_not_before(office: PostOffice) -> None:
    lane, worker = await one_lane(office), lanes(office, "wkr_1")
    assert await worker.take(10) == [lane]
    await office.pool.execute("update webhook_deliveries set next_attempt_at = now() + interval '1 hour'")
    assert await worker.release([lane]) == [lane]
    assert await worker.take(10) == []
    next_s = await worker.next_due_s()
    assert next_s is not None
    assert 3500 < next_s <= 3600
    await office.hurry(lane[1])
    assert await worker.take(10) == [lane]


async def test_a_delivery_that_is_being_made_while_its_lane_is_given_back_is_not_forgotten(office: PostOffice) -> None:
    lane, worker = await one_lane(office), lanes(office, "wkr_1")
    assert await worker.take(10) == [lane]
    await office.pool.execute("update webhook_deliveries set status = 'succeeded', next_attempt_at = null")
    async with office.pool.acquire() as connection, connection.transaction():
        now = utc_now()
        await connection.execute(
            """insert into webhook_deliveries (account_id, id, endpoint_id, event_id, event_type, next_attempt_at,
                       created_at, updated_at) values ($1, $2, $3, $4, 'generation.failed', $5, $5, $5)""",
            *(lane[0], new_id("whdel"), lane[1], new_id("evt"), now),
        )
        assert await worker.release([lane]) == []
    assert await worker.release([lane]) == [lane]
    assert await worker.take(10) == [lane]


async def test_a_lane_that_nobody_would_look_at_is_found(office: PostOffice) -> None:
    lane, worker = await one_lane(office), lanes(office, "wkr_1")
    assert await office.pool.execute(SQL["mend_lanes"]) == "INSERT 0 0"
    for harm in ("update webhook_lanes set due_at = null", "delete from webhook_lanes"):
        await office.pool.execute(harm)
        assert await worker.take(10) == []
        assert await office.pool.execute(SQL["mend_lanes"]) == "INSERT 0 1"
        assert await worker.take(10) == [lane]
        await worker.leave()


async def test_what_a_worker_that_falls_silent_was_sending_another_sends(
    pool: Pool, database_url: str, tmp_path: Path
) -> None:
    office = PostOffice(pool, database_url, settings(tmp_path, worker_lease_s=0.6))
    account = await office.account()
    async with receiving() as receiver:
        receiver.behaviours["/"] = hang
        await office.endpoint(account, receiver.url("/"))
        events = await office.events(account, 5)
        async with office.delivering(worker="wkr_first"):
            await soon(lambda: has(receiver, 5))
            receiver.behaviours.clear()
            await office.beat("wkr_first", ago_s=5)  # it goes on sending, but says nothing any more
            async with office.delivering():
                await office.settled()
    assert {id: receiver.ids()["/"].count(id) for id in events} == dict.fromkeys(events, 2)


async def has(receiver: Receiver, times: int) -> bool:
    return len(receiver.heard) >= times


async def test_a_look_into_one_lane_reads_nothing_of_what_waits_in_another(office: PostOffice) -> None:
    account = await office.account()
    dead, *living = [await office.endpoint(account, "http://127.0.0.1:1/") for _ in range(100)]
    await office.event(account)
    await office.pool.execute(
        """insert into webhook_deliveries (account_id, id, endpoint_id, event_id, event_type, next_attempt_at,
                                           created_at, updated_at)
           select $1, 'whdel_' || n, $2, 'evt_' || n, 'generation.failed', now() - interval '1 hour', now(), now()
           from generate_series(1, 2000) n""",
        *(account, dead),
    )
    await office.pool.execute("analyze")
    lane = ([account], [living[0]], [32], ["whdel_none"])
    plan = await office.pool.fetch(f"explain (analyze, timing off, format json) {SQL['due']}", *lane)
    read = [
        node for node in nodes(json.loads(plan[0][0])[0]["Plan"]) if node.get("Relation Name") == "webhook_deliveries"
    ]
    assert [(node["Index Name"], node["Actual Rows"]) for node in read] == [("webhook_deliveries_pending", 1)]
    assert read[0].get("Rows Removed by Filter", 0) == 0


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(found for child in plan.get("Plans", []) for found in nodes(child))]
