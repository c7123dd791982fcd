"""A bar chart of days as numbers for an SVG. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH, HEIGHT = 600, 120
_GAP = 4
_LEAST_BAR = 2


@dataclass(frozen=True, slots=True)
class Bar:
    day: date
    credits: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    bars: Sequence[Bar]
    most: int
    """The top of the scale: a round number at or above the highest bar."""

    @property
    def total(self) -> int:
        return sum(bar.credits for bar in self.bars)

    @property
    def peak(self) -> Bar:
        return max(self.bars, key=lambda bar: bar.credits)


def chart(spent: Mapping[date, int], *, today: date, days: int = 30) -> Chart:
    """Return the bars of the last ``days`` days, today the last; a day on which something was spent is seen."""
    first = today - timedelta(days=days - 1)
    shown = [first + timedelta(days=number) for number in range(days)]
    most = round_up(max(spent.get(day, 0) for day in shown))
    step = WIDTH / days
    bars: list[Bar] = []
    for number, day in enumerate(shown):
        credits = spent.get(day, 0)
        height = max(_LEAST_BAR, round(credits / most * HEIGHT, 1)) if credits else 0
        bars.append(
            Bar(day, credits, round(number * step + _GAP / 2, 1), HEIGHT - height, round(step - _GAP, 1), height)
        )
    return Chart(bars, most)


def round_up(number: int) -> int:
    """Return the least of 1, 2, 5, 10, 20, 50 ... that is not below a number."""
    scale = 1
    while True:
        for step in (1, 2, 5):
            if step * scale >= number:
                return step * scale
        scale *= 10
