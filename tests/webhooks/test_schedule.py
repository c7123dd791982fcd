"""When a delivery is tried again: never before the schedule says, and never more than a day later than that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from hypothesis import given
from hypothesis import strategies as st

from rivya.webhooks.delivery.schedule import MOST_ASKED_S, STANDARD, Schedule, retry_after_s

NOW = datetime(2026, 5, 11, tzinfo=UTC)
CHANCE = st.floats(0, 1)
ASKED = st.none() | st.floats(0, allow_nan=False)


def test_the_schedule_is_the_contracts() -> None:
    minute, hour = 60, 3600
    assert list(STANDARD.waits_s) == [
        *(0, 5, 5 * minute, 30 * minute),
        *(hours * hour for hours in (2, 5, 10, 14, 20, 24)),
    ]


@given(st.integers(0, 9), CHANCE, ASKED)
def test_a_wait_is_never_shorter_than_scheduled_or_asked_and_at_most_a_fifth_longer(
    failed: int, chance: float, asked_s: float | None
) -> None:
    wait_s = STANDARD.wait_s(failed, chance=chance, asked_s=asked_s)
    assert wait_s is not None
    scheduled, asked = STANDARD.waits_s[failed], min(asked_s or 0, MOST_ASKED_S)
    assert max(scheduled, asked) <= wait_s <= max(1.2 * scheduled + 1e-6, asked)


@given(st.integers(10), CHANCE, ASKED)
def test_there_is_no_try_after_the_last(failed: int, chance: float, asked_s: float | None) -> None:
    assert STANDARD.wait_s(failed, chance=chance, asked_s=asked_s) is None


@given(st.lists(st.floats(0, 1e6), max_size=20), st.floats(0, 1), CHANCE)
def test_any_schedule_makes_as_many_tries_as_it_has_waits(waits: list[float], jitter: float, chance: float) -> None:
    schedule, tries = Schedule(waits, jitter), 0
    while schedule.wait_s(tries, chance=chance) is not None:
        tries += 1
    assert tries == len(waits)


@given(st.integers(0, 10**30))
def test_a_number_of_seconds_is_understood(seconds: int) -> None:
    assert retry_after_s(f" {seconds} ", now=NOW) == min(seconds, MOST_ASKED_S)


@given(st.integers(-(10**9), 10**9))
def test_a_date_is_understood_and_one_that_is_past_is_now(seconds: int) -> None:
    header = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert retry_after_s(header, now=NOW) == max(0, seconds)


@given(st.none() | st.text())
def test_anything_else_asks_for_nothing_or_for_a_wait_and_raises_nothing(header: str | None) -> None:
    found = retry_after_s(header, now=NOW)
    assert found is None or found >= 0
