"""Many workers at the same tasks: each task is begun once and ended once, and array calls do not deadlock."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from rivya.kit.db import Pool, load_queries, open_pool
from rivya.kit.ids import AccountId
from rivya.wallet.invariants import verify
from tests.factories import accept_task, day, make_account

SQL = load_queries("rivya.generations")
SEED = int(os.environ.get("RIVYA_TEST_SEED", "20260101"))
CONNECTIONS = 16

Tasks = list[tuple[AccountId, str]]


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Pool]:
    """Many connections, all of them open, with every rule about money checked at the end."""
    async with open_pool(database_url, size=CONNECTIONS) as pool:
        await asyncio.gather(*(pool.execute("select pg_sleep(0.1)") for _ in range(CONNECTIONS)))
        yield pool
        assert await verify(pool) == []


async def accepted_tasks(db: Pool, number: int) -> Tasks:
    """Accept so many tasks in each of three accounts."""
    tasks: Tasks = []
    for _ in range(3):
        account = await make_account(db, credits=4 * number)
        for which in range(number):
            task = f"task_{account}_{which}"
            await accept_task(db, account, id=task, credits=4)
            tasks.append((account, task))
    return tasks


async def begin(db: Pool, tasks: Tasks, *, worker: int = 1) -> list[str]:
    """Begin the first attempt at each; return the ids of those that it was this worker's turn to begin."""
    accounts, ids = map(list, zip(*tasks, strict=True))
    first, provider, when = [0] * len(ids), ["scripted"] * len(ids), [day(0.1)] * len(ids)
    return [row["id"] for row in await db.fetch(SQL["begin"], accounts, ids, first, provider, when, f"wrk_{worker}")]


async def store_handles(db: Pool, tasks: Tasks) -> list[str]:
    accounts, ids = map(list, zip(*tasks, strict=True))
    rows = await db.fetch(SQL["store_handles"], accounts, ids, [1] * len(ids), ["handle"] * len(ids))
    return [row["task_id"] for row in rows]


async def finish(db: Pool, tasks: Tasks, status: str) -> list[str]:
    """End each; return the ids of those that this call ended."""
    accounts, ids = map(list, zip(*tasks, strict=True))
    body = ["{}"] * len(ids)
    nothing = [None] * len(ids)
    rows = await db.fetch(
        SQL["finish"],
        accounts,
        ids,
        nothing,
        [status] * len(ids),
        [3 if status == "succeeded" else 0] * len(ids),
        body if status == "succeeded" else nothing,
        body if status == "failed" else nothing,
        ["done"] * len(ids),
        [f"evt_{task}" for task in ids],
        day(0.2),
    )
    return [task for task, row in zip(ids, rows, strict=True) if row["ended"]]


async def test_a_task_is_accepted_once_however_often_it_is_sent_at_once(db: Pool) -> None:
    account = await make_account(db, credits=100)
    answers = await asyncio.gather(
        *(accept_task(db, account, id="task_1", idempotency_key="key_1") for _ in range(CONNECTIONS))
    )
    assert [answer["outcome"] for answer in answers] == ["accepted"] * CONNECTIONS
    assert await db.fetchval("select count(*) from tasks") == await db.fetchval("select count(*) from pgqueuer") == 1


async def test_one_task_is_accepted_for_one_idempotency_key(db: Pool) -> None:
    account = await make_account(db, credits=100)
    answers = await asyncio.gather(
        *(accept_task(db, account, id=f"task_{number}", idempotency_key="key_1") for number in range(CONNECTIONS))
    )
    assert Counter(answer["outcome"] for answer in answers) == {"accepted": 1, "replay": CONNECTIONS - 1}
    assert await db.fetchval("select count(*) from tasks") == 1


async def test_one_worker_begins_a_task(db: Pool) -> None:
    tasks = await accepted_tasks(db, 4)
    begun = await asyncio.gather(*(begin(db, [task], worker=worker) for task in tasks for worker in range(CONNECTIONS)))
    assert Counter(task for ids in begun for task in ids) == {task: 1 for _, task in tasks}


async def test_one_end_of_a_task_wins(db: Pool) -> None:
    tasks = await accepted_tasks(db, 4)
    ended = await asyncio.gather(
        *(finish(db, [task], status) for task in tasks for status in ("succeeded", "failed") * (CONNECTIONS // 2))
    )
    assert Counter(task for ids in ended for task in ids) == {task: 1 for _, task in tasks}


async def test_workers_that_begin_the_same_tasks_in_contrary_orders_do_not_deadlock(db: Pool) -> None:
    dice = random.Random(SEED)
    for _ in range(3):
        tasks = await accepted_tasks(db, 40)
        begun = await asyncio.gather(
            *(begin(db, dice.sample(tasks, len(tasks)), worker=worker) for worker in range(CONNECTIONS))
        )
        assert Counter(task for ids in begun for task in ids) == {task: 1 for _, task in tasks}


async def test_the_steps_of_the_same_tasks_in_contrary_orders_do_not_deadlock(db: Pool) -> None:
    dice = random.Random(SEED)
    for _ in range(3):
        tasks = await accepted_tasks(db, 40)
        await begin(db, tasks)

        async def work(worker: int, tasks: Tasks = tasks) -> list[str]:
            mine = dice.sample(tasks, len(tasks))
            if worker % 2:
                await store_handles(db, mine)
                return []
            return await finish(db, mine, dice.choice(["succeeded", "failed"]))

        ended = await asyncio.gather(*(work(worker) for worker in range(CONNECTIONS)))
        assert Counter(task for ids in ended for task in ids) == {task: 1 for _, task in tasks}
