"""Time on the wire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as some

from rivya.kit.clock import iso, utc_now


def test_the_present_is_cut_to_whole_milliseconds() -> None:
    assert utc_now().microsecond % 1000 == 0


def test_the_present_is_in_utc() -> None:
    assert utc_now().tzinfo is UTC


def test_a_whole_second_is_shown_with_its_milliseconds() -> None:
    assert iso(datetime(2026, 5, 11, tzinfo=UTC)) == "2026-05-11T00:00:00.000Z"


def test_another_time_zone_is_shown_in_utc() -> None:
    there = timezone(timedelta(hours=5, minutes=30))
    assert iso(datetime(2026, 5, 11, 2, 0, tzinfo=there)) == "2026-05-10T20:30:00.000Z"


@given(some.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1), timezones=some.just(UTC)))
def test_what_is_shown_is_read_back_to_the_millisecond(moment: datetime) -> None:
    shown = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert datetime.fromisoformat(iso(moment)) == shown
