"""The chart of the dashboard, in numbers."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from rivya.web.dashboard.chart import HEIGHT, WIDTH, chart, round_up

TODAY = date(2026, 3, 1)


@pytest.mark.parametrize(("number", "top"), [(0, 1), (1, 1), (3, 5), (10, 10), (11, 20), (201, 500), (9999, 10000)])
def test_the_scale_ends_at_a_round_number(number: int, top: int) -> None:
    assert round_up(number) == top


def test_each_of_the_last_days_has_a_bar_and_today_is_the_last() -> None:
    made = chart({TODAY: 10, TODAY - timedelta(days=29): 5, TODAY - timedelta(days=30): 999}, today=TODAY)
    assert len(made.bars) == 30
    assert (made.bars[-1].day, made.bars[-1].credits) == (TODAY, 10)
    assert (made.bars[0].credits, made.most, made.total, made.peak.day) == (5, 10, 15, TODAY)


def test_bars_stay_inside_and_do_not_touch() -> None:
    made = chart({TODAY - timedelta(days=n): n * n for n in range(30)}, today=TODAY)
    for bar, following in zip(made.bars, made.bars[1:], strict=False):
        assert 0 <= bar.x < bar.x + bar.width < following.x
        assert bar.y >= 0
        assert bar.y + bar.height == pytest.approx(HEIGHT)
    assert made.bars[-1].x + made.bars[-1].width <= WIDTH


def test_a_credit_among_thousands_is_still_seen_and_nothing_is_not() -> None:
    made = chart({TODAY: 1, TODAY - timedelta(days=1): 9000}, today=TODAY)
    assert made.bars[-1].height == 2
    assert made.bars[0].height == 0


def test_nothing_spent_is_an_empty_chart() -> None:
    made = chart({}, today=TODAY)
    assert (made.total, made.most) == (0, 1)
