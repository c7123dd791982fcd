"""The charts of an installation over its last days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from rivya.admin.reading import Day
from rivya.web.dashboard.chart import Chart, chart


@dataclass(frozen=True, slots=True)
class Figure:
    title: str
    note: str
    total: str
    chart: Chart
    unit: str


def charts(days: Sequence[Day], spent: Mapping[date, int], *, today: date) -> list[Figure]:
    """Return tasks, failures, credits and how long tasks took, by the day."""
    done = {day.day: day.succeeded for day in days}
    failed = {day.day: day.failed for day in days}
    slow = {day.day: round((day.p95_s or 0) * 1000) for day in days}
    ended = sum(done.values()) + sum(failed.values())
    share = f"{100 * sum(failed.values()) / ended:.1f} % of all" if ended else "none yet"
    return [
        Figure("Tasks that succeeded", "by the day", f"{sum(done.values()):,}", chart(done, today=today), "tasks"),
        Figure("Tasks that failed", share, f"{sum(failed.values()):,}", chart(failed, today=today), "tasks"),
        Figure("Credits spent", "by all accounts", f"{sum(spent.values()):,}", chart(spent, today=today), "credits"),
        Figure(
            "Time to the result, p95",
            "from accepted to ended",
            f"{max(slow.values()):,} ms at most" if slow else "none yet",
            chart(slow, today=today),
            "ms",
        ),
    ]
