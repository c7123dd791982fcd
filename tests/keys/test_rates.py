"""Rate limits: what a caller is told, what a process does by itself, and what it does without a database."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from rivya.keys.rates import RateLimits
from rivya.kit.db import Pool
from tests.keys.rate_lab import Log, Time, make_key, send


class CountingPool:
    """The database, which may be away or lose its answers, with a count of how often it was asked."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.asked = 0
        self.away: Exception | None = None
        self.loses_the_answer = False

    async def fetch(self, *arguments: Any) -> Sequence[Any]:
        self.asked += 1
        if self.away is not None:
            raise self.away
        rows = await self.pool.fetch(*arguments)
        if self.loses_the_answer:
            raise ConnectionResetError
        return rows


@pytest.fixture
def database(pool: Pool) -> CountingPool:
    return CountingPool(pool)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def process(database: CountingPool, time: Time) -> RateLimits:
    return time.process(database)  # type: ignore[arg-type]


async def test_each_request_leaves_one_less(process: RateLimits) -> None:
    key = make_key(a_minute=5)
    rates = [await process.admit(key) for _ in range(7)]
    assert [rate.remaining for rate in rates] == [4, 3, 2, 1, 0, 0, 0]
    assert [rate.allowed for rate in rates] == [True] * 5 + [False] * 2
    assert {(rate.of, rate.limit) for rate in rates} == {("key", 5)}


async def test_each_request_leaves_one_less_where_some_are_let_through_ahead(process: RateLimits) -> None:
    key = make_key(account_a_minute=6000)
    assert [(await process.admit(key)).remaining for _ in range(200)] == list(range(5999, 5799, -1))


async def test_who_is_refused_is_let_through_when_the_time_that_it_was_told_is_over(
    process: RateLimits, time: Time
) -> None:
    key = make_key(a_minute=3)
    await send(process, key, time, Log(), times=3)
    refused = await process.admit(key)
    time.s += refused.reset_s - 1.5
    assert not (await process.admit(key)).allowed
    time.s += 1.5
    assert (await process.admit(key)).allowed
    assert 60 <= refused.reset_s <= 63


async def test_a_request_counts_for_the_key_and_for_its_account(process: RateLimits) -> None:
    one = make_key(a_minute=4, account="acct_1", account_a_minute=5)
    two = make_key(a_minute=4, account="acct_1", account_a_minute=5)
    told = [await process.admit(key) for key in (one, one, one, two, two, two)]
    assert [(rate.of, rate.remaining) for rate in told] == [
        ("key", 3),
        ("key", 2),
        ("key", 1),
        ("account", 1),
        ("account", 0),
        ("account", 0),
    ]
    assert [rate.allowed for rate in told] == [True] * 5 + [False]


async def test_a_key_that_is_refused_takes_nothing_from_its_account(process: RateLimits, time: Time) -> None:
    eager = make_key(a_minute=2, account="acct_1", account_a_minute=10)
    for _ in range(20):
        time.s += 0.6
        await process.admit(eager)
    other = make_key(account="acct_1", account_a_minute=10)
    assert await send(process, other, time, Log(), times=20) == 8


async def test_an_account_that_is_refused_takes_nothing_from_its_keys(process: RateLimits, time: Time) -> None:
    key = make_key(a_minute=10, account="acct_1", account_a_minute=3)
    for _ in range(20):
        time.s += 0.6
        await process.admit(key)
    alone = make_key(a_minute=10, usage=key.usage, account="acct_1")
    assert await send(process, alone, time, Log(), times=20) == 7


async def test_keys_of_one_line_share_their_limit(process: RateLimits, time: Time) -> None:
    old = make_key(a_minute=6, account="acct_1")
    new = make_key(a_minute=6, account="acct_1", usage=old.usage)
    assert await send(process, old, time, Log(), times=4) == 4
    assert await send(process, new, time, Log(), times=4) == 2


async def test_a_limit_that_changes_holds_at_once(process: RateLimits, time: Time) -> None:
    key = make_key(a_minute=10)
    await send(process, key, time, Log(), times=4)
    narrower = make_key(a_minute=5, account=key.account, usage=key.usage)
    assert await send(process, narrower, time, Log(), times=10) == 1
    assert await send(process, key, time, Log(), times=10) == 5


async def test_a_busy_caller_is_let_through_without_asking_the_database_each_time(
    process: RateLimits, database: CountingPool, time: Time
) -> None:
    key = make_key(account_a_minute=6000)
    for _ in range(500):
        time.s += 0.01
        assert (await process.admit(key)).allowed
    assert database.asked <= 15


async def test_a_lease_is_not_used_when_its_time_is_over(
    process: RateLimits, database: CountingPool, time: Time
) -> None:
    key = make_key(account_a_minute=6000)
    await process.admit(key)
    time.s += 9.9
    await process.admit(key)
    assert database.asked == 1
    time.s += 0.1
    await process.admit(key)
    assert database.asked == 2


async def test_who_is_refused_is_refused_again_without_asking_the_database_each_time(
    process: RateLimits, database: CountingPool, time: Time
) -> None:
    key = make_key(a_minute=2)
    await send(process, key, time, Log(), times=3)
    asked = database.asked
    for _ in range(200):
        time.s += 0.005
        assert not (await process.admit(key)).allowed
    assert database.asked - asked <= 3


async def test_of_many_requests_at_once_as_many_are_let_through_as_may_be(
    process: RateLimits, database: CountingPool
) -> None:
    key = make_key(a_minute=60)
    rates = await asyncio.gather(*(process.admit(key) for _ in range(500)))
    assert Counter(rate.allowed for rate in rates) == {True: 60, False: 440}
    assert database.asked <= 4


async def test_who_goes_away_while_it_waits_does_not_hold_up_the_others(process: RateLimits) -> None:
    key = make_key(a_minute=3)
    calls = [asyncio.create_task(process.admit(key)) for _ in range(6)]
    await asyncio.sleep(0)
    for call in calls[::2]:
        call.cancel()
    rates = await asyncio.gather(*calls, return_exceptions=True)
    assert [isinstance(rate, asyncio.CancelledError) for rate in rates] == [True, False] * 3
    assert all(rate.allowed for rate in rates if not isinstance(rate, BaseException))


async def test_processes_that_ask_for_keys_of_one_account_in_contrary_orders_do_not_deadlock(
    pool: Pool, time: Time
) -> None:
    keys = [make_key(a_minute=100_000, account=f"acct_{number % 2}") for number in range(12)]
    processes = [time.process(pool) for _ in range(8)]

    async def work(number: int, process: RateLimits) -> None:
        for turn in range(10):
            mine = keys if (number + turn) % 2 else keys[::-1]
            assert all(rate.allowed for rate in await asyncio.gather(*(process.admit(key) for key in mine)))

    await asyncio.gather(*(work(number, process) for number, process in enumerate(processes)))


@pytest.mark.parametrize("error", [ConnectionRefusedError(), TimeoutError()])
async def test_while_the_database_is_away_everybody_is_let_through(
    process: RateLimits, database: CountingPool, time: Time, error: Exception
) -> None:
    key = make_key(a_minute=2)
    await send(process, key, time, Log(), times=2)
    database.away = error
    time.s += 1
    asked = database.asked
    assert [(await process.admit(key)).allowed for _ in range(50)] == [True] * 50
    assert database.asked == asked + 1


async def test_when_the_database_is_back_the_limit_holds_again(
    process: RateLimits, database: CountingPool, time: Time
) -> None:
    key = make_key(a_minute=2)
    database.away = ConnectionRefusedError()
    await send(process, key, time, Log(), times=5)
    database.away = None
    time.s += 1
    assert await send(process, key, time, Log(), times=5) == 2


async def test_a_lease_is_not_closed_twice_though_the_answer_to_the_first_time_was_lost(
    process: RateLimits, database: CountingPool, time: Time
) -> None:
    """To close it again would take from what others made."""
    key = make_key(account_a_minute=400)
    await process.admit(key)
    time.s += 20
    database.loses_the_answer = True
    await process.admit(key)
    database.loses_the_answer = False
    time.s += 1
    await process.admit(key)
    row = await database.pool.fetchrow("select counts from rate_windows where subject = $1", key.account)
    made, granted = 1, 1 + 400 // 200
    assert sum(row["counts"]) == made + granted + granted


async def test_a_row_that_was_lost_in_a_crash_begins_anew(process: RateLimits, pool: Pool, time: Time) -> None:
    key = make_key(a_minute=3)
    await send(process, key, time, Log(), times=5)
    await pool.execute("truncate rate_windows")
    time.s += 1
    assert await send(process, key, time, Log(), times=5) == 3


async def test_a_clock_that_was_set_back_does_not_refuse_for_an_hour(pool: Pool) -> None:
    key, late, early = make_key(a_minute=3), Time(7200.0), Time(3600.0)
    assert await send(late.process(pool), key, late, Log(), times=5) == 3
    assert await send(early.process(pool), key, early, Log(), times=5) == 3


async def test_no_more_accounts_and_keys_are_remembered_than_allowed(pool: Pool, time: Time) -> None:
    process = RateLimits(pool, size=4, clock=time.in_process, database_time=time.in_database)
    first = make_key(a_minute=3)
    assert await send(process, first, time, Log(), times=2) == 2
    for _ in range(10):
        await process.admit(make_key(a_minute=3))
    assert len(process._budgets) == 4
    assert await send(process, first, time, Log(), times=5) == 1
