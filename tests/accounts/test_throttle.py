"""Guessing is made slow, by what the database counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rivya.accounts import throttle
from rivya.accounts.model import Device
from rivya.errors import RateLimited
from rivya.kit.db import Pool

NOON = datetime(2026, 5, 11, 12, tzinfo=UTC)
LONGEST = timedelta(minutes=15)


async def wait_of(pool: Pool, who: list[throttle.Subject], at: datetime) -> timedelta:
    try:
        await throttle.admit(pool, who, at=at)
    except RateLimited as limited:
        return timedelta(seconds=limited.retry_after_s or 0)
    return timedelta(0)


@given(gaps=st.lists(st.integers(0, 4000), min_size=1, max_size=30), free=st.integers(1, 6))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_wait_never_shrinks_within_a_day_and_is_bounded(pool: Pool, gaps: list[int], free: int) -> None:
    """Also: the free ones cost nothing."""
    who = [throttle.Subject(f"{gaps} {free}", free)]
    await pool.execute("delete from throttles")
    now, before = NOON, timedelta(0)
    for number, gap in enumerate(gaps, start=1):
        now += timedelta(seconds=gap)
        await throttle.failed(pool, who, at=now)
        waits = await wait_of(pool, who, now)
        assert (waits == timedelta(0)) == (number <= free)
        assert before <= waits <= LONGEST
        assert await wait_of(pool, who, now + waits) == timedelta(0)
        before = waits


async def test_after_a_day_of_peace_all_is_forgotten(pool: Pool) -> None:
    who = [throttle.Subject("somebody", 2)]
    for _ in range(10):
        await throttle.failed(pool, who, at=NOON)
    assert await wait_of(pool, who, NOON) > timedelta(0)
    await throttle.failed(pool, who, at=NOON + timedelta(days=1, seconds=1))
    assert await wait_of(pool, who, NOON + timedelta(days=1, seconds=1)) == timedelta(0)


async def test_one_network_that_tries_many_addresses_is_slowed(pool: Pool) -> None:
    device = Device("x", "203.0.113.0")
    for number in range(31):
        await throttle.failed(pool, throttle.subjects("sign-in", f"p{number}@example.com", device), at=NOON)
    with pytest.raises(RateLimited):
        await throttle.admit(pool, throttle.subjects("sign-in", "another@example.com", device), at=NOON)
    other = Device("x", "198.51.100.0")
    await throttle.admit(pool, throttle.subjects("sign-in", "another@example.com", other), at=NOON)
