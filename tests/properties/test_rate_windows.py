"""Random arrivals at random processes, against an exact log of what was let through, to the moment.

Never more than the limit in any 60 seconds; and nobody is refused while much less than the limit was let through
lately. ``RIVYA_PROPERTY_EXAMPLES`` says how many histories (a quarter of it: each is long).
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rivya.kit.db import Pool, open_pool
from tests.keys.rate_lab import Log, Time, make_key, send

EXAMPLES = max(10, int(os.environ.get("RIVYA_PROPERTY_EXAMPLES", "600")) // 4)
LATELY_S = 60 + 2 + 10.5
"""After this everything that was let through counts no more: two seconds are begun, and a lease lives for ten."""


@dataclass(frozen=True)
class Stretch:
    """For some seconds requests come in gusts, to some of the processes."""

    seconds: float
    gusts: int
    gust: int
    processes: tuple[int, ...]
    seed: int


stretches = st.builds(
    Stretch,
    st.sampled_from([0.3, 2.0, 5.0, 15.0, 40.0, 61.0]),
    st.integers(1, 12),
    st.sampled_from([1, 1, 2, 3, 8, 40]),
    st.sampled_from([(0,), (1,), (0, 1), (0, 1, 2, 3), (2, 3)]),
    st.integers(0, 2**32),
)
histories = st.lists(stretches, min_size=3, max_size=10)
limits = st.sampled_from([1, 2, 3, 5, 9, 10, 30, 60, 200, 400])


@pytest.mark.timeout(900)
def test_no_more_is_let_through_in_any_minute_and_nobody_is_refused_for_nothing(database_url: str) -> None:
    seen: Counter[str] = Counter()

    async def every() -> None:
        async with open_pool(database_url, size=4) as pool:
            loop = asyncio.get_running_loop()
            await asyncio.to_thread(every_history, pool, loop, seen)

    asyncio.run(every())
    assert seen["refused"] > EXAMPLES
    assert seen["let through"] > EXAMPLES


def every_history(pool: Pool, loop: asyncio.AbstractEventLoop, seen: Counter[str]) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(limits, histories)
    def one(limit: int, history: list[Stretch]) -> None:
        asyncio.run_coroutine_threadsafe(take(pool, limit, history, seen), loop).result()

    one()


async def take(pool: Pool, limit: int, history: list[Stretch], seen: Counter[str]) -> None:
    time, log, key = Time(), Log(), make_key(a_minute=limit)
    processes = [time.process(pool) for _ in range(4)]
    for stretch in history:
        dice = random.Random(stretch.seed)
        moments = sorted(dice.uniform(0, stretch.seconds) for _ in range(stretch.gusts))
        began = time.s
        for moment in moments:
            time.s = began + moment
            sent = await send(processes[dice.choice(stretch.processes)], key, time, log, times=stretch.gust)
            seen["let through"] += sent
            if sent < stretch.gust:
                seen["refused"] += 1
                # At most a tenth of the limit is held by processes that do not use it.
                assert log.between(time.s - LATELY_S, time.s + 1) >= 0.9 * limit
        time.s = began + stretch.seconds
    assert log.most_in_a_minute() <= limit


@pytest.mark.parametrize("limit", [1, 5, 60, 600, 6000])
async def test_the_limit_is_used_where_all_processes_are_hammered(pool: Pool, limit: int) -> None:
    time, log, key = Time(), Log(), make_key(a_minute=limit)
    processes = [time.process(pool) for _ in range(3)]
    gust = max(1, limit // 40)
    while time.s < 240:
        for process in processes:
            await send(process, key, time, log, times=gust)
        time.s += 0.4
    assert log.most_in_a_minute() <= limit
    assert log.between(0, 240) >= 0.9 * limit * 4


@pytest.mark.parametrize("limit", [1, 5, 60, 600, 6000])
async def test_the_limit_is_there_for_one_process_when_the_others_fall_silent(pool: Pool, limit: int) -> None:
    time, log, key = Time(), Log(), make_key(a_minute=limit)
    processes = [time.process(pool) for _ in range(4)]
    for _ in range(20):
        for process in processes[1:]:
            await send(process, key, time, log, times=max(1, limit // 200))
        time.s += 0.05
    await send(processes[0], key, time, log, times=limit)
    assert 0.9 * limit <= log.between(0, 60) <= limit


@pytest.mark.parametrize("limit", [1, 9, 60, 6000])
async def test_a_minutes_boundary_lets_nobody_send_twice_as_much(pool: Pool, limit: int) -> None:
    time, log, key = Time(s=58.0), Log(), make_key(a_minute=limit)
    processes = [time.process(pool) for _ in range(2)]
    while time.s < 64:
        for process in processes:
            await send(process, key, time, log, times=limit)
        time.s += 0.5
    assert log.between(58, 64) == limit
