"""The table of moves, and the database that holds to it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator

import asyncpg
import pytest

from rivya.generations.states import FAILED, MOVES, PROCESSING, QUEUED, STATUSES, SUCCEEDED, is_terminal, may_move
from rivya.kit.db import Pool
from rivya.kit.ids import AccountId
from rivya.wallet.invariants import verify
from tests.factories import BEGIN_TASK, accept_task, day, end_task, make_account

ENDS = [status for status in STATUSES if is_terminal(status)]


@pytest.fixture
async def db(pool: Pool) -> AsyncIterator[Pool]:
    """The test's own database, with every rule about money checked at its end."""
    yield pool
    assert await verify(pool) == []


async def task_in(db: Pool, status: str) -> tuple[AccountId, str]:
    """Return a task that stands in a status, by the way that the database allows."""
    account = await make_account(db, credits=10)
    await accept_task(db, account, id="task_1")
    if status in (PROCESSING, SUCCEEDED):
        await db.execute(BEGIN_TASK, account, "task_1", day(0.1))
    if status in ENDS:
        await end_task(db, account, "task_1", status=status, begin=False)
    return account, "task_1"


async def move(db: Pool, account: AccountId, task: str, status: str) -> bool:
    """Try to bring a task into a status; return whether the database did."""
    if status in ENDS:
        return await end_task(db, account, task, status=status, at=0.6, begin=False)
    attempts = await db.fetchval("select attempt from tasks where account_id = $1 and id = $2", account, task)
    begin = "select 1 from generation_begin($1, $2, $3, 'scripted', 'wrk_2', $4)"
    return await db.fetchval(begin, account, task, attempts, day(0.2)) is not None


async def status_of(db: Pool, account: AccountId, task: str) -> str:
    return await db.fetchval("select status from tasks where account_id = $1 and id = $2", account, task)


MOVABLE = [pair for pair in itertools.product(STATUSES, STATUSES) if pair[1] != QUEUED]


@pytest.mark.parametrize(("before", "after"), [pair for pair in MOVABLE if may_move(*pair)])
async def test_a_move_in_the_table_is_made(db: Pool, before: str, after: str) -> None:
    account, task = await task_in(db, before)
    assert await move(db, account, task, after)
    assert await status_of(db, account, task) == after


@pytest.mark.parametrize(("before", "after"), [pair for pair in MOVABLE if not may_move(*pair)])
async def test_a_move_that_is_not_in_the_table_is_refused(db: Pool, before: str, after: str) -> None:
    account, task = await task_in(db, before)
    assert not await move(db, account, task, after)
    assert await status_of(db, account, task) == before


@pytest.mark.parametrize("before", [status for status in STATUSES if status != QUEUED])
async def test_nothing_becomes_queued_again(before: str) -> None:
    assert not may_move(before, QUEUED)  # type: ignore[arg-type]


async def test_the_database_knows_the_same_states(db: Pool) -> None:
    account, task = await task_in(db, QUEUED)
    with pytest.raises(asyncpg.CheckViolationError):
        await db.execute("update tasks set status = 'paused' where account_id = $1 and id = $2", account, task)


async def test_a_status_that_is_no_end_cannot_be_an_end(db: Pool) -> None:
    account, task = await task_in(db, PROCESSING)
    with pytest.raises(asyncpg.PostgresError):
        await end_task(db, account, task, status="queued", begin=False)
    assert await status_of(db, account, task) == PROCESSING


async def test_the_attempt_that_was_overtaken_cannot_end_the_task(db: Pool) -> None:
    account, task = await task_in(db, PROCESSING)
    assert await move(db, account, task, PROCESSING)
    late = "select generation_end($1, $2, 1, 'succeeded', 4, '{}', null, 'done', 'evt_late', $3)"
    assert not await db.fetchval(late, account, task, day(0.7))
    assert await status_of(db, account, task) == PROCESSING


async def test_a_task_past_its_deadline_is_not_begun(db: Pool) -> None:
    account, task = await task_in(db, QUEUED)
    assert await db.fetch(BEGIN_TASK, account, task, day(1.5)) == []
    assert await status_of(db, account, task) == QUEUED


async def test_beginning_with_a_wrong_number_of_attempts_changes_nothing(db: Pool) -> None:
    account, task = await task_in(db, PROCESSING)
    assert await db.fetch(BEGIN_TASK, account, task, day(0.3)) == []


async def test_another_accounts_task_is_neither_begun_nor_ended(db: Pool) -> None:
    _, task = await task_in(db, QUEUED)
    other = await make_account(db, credits=10)
    assert await db.fetch(BEGIN_TASK, other, task, day(0.3)) == []
    assert not await end_task(db, other, task, status=FAILED, begin=False)


async def test_each_end_has_one_event(db: Pool) -> None:
    account, task = await task_in(db, SUCCEEDED)
    await end_task(db, account, task, status=FAILED, at=0.8, begin=False)
    rows = await db.fetch("select type from events where account_id = $1 and task_id = $2", account, task)
    assert [row["type"] for row in rows] == ["generation.succeeded"]


def test_the_ends_are_those_from_which_there_is_no_move() -> None:
    assert ENDS == [SUCCEEDED, FAILED]
    assert all(not MOVES[status] for status in ENDS)
