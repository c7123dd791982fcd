"""When a delivery is tried, and tried again. Pure; the schedule is data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_MINUTE = 60.0
_HOUR = 60 * _MINUTE

MOST_ASKED_S = 24 * _HOUR
"""However long a Retry-After asks us to wait, we do not wait longer."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """``waits_s[n]`` is the wait before the try that follows n failed ones."""

    waits_s: Sequence[float]
    jitter: float
    """The largest part of a wait by which it is made longer, so that what failed together is not tried together."""

    def wait_s(self, failed: int, *, chance: float, asked_s: float | None = None) -> float | None:
        """Return how long to wait after so many failed tries, or None when that was the last.

        ``chance`` is from 0 to 1. A receiver that asked for a longer wait gets it, up to a day.
        """
        if failed >= len(self.waits_s):
            return None
        wait = self.waits_s[failed]
        wait += wait * self.jitter * chance
        return wait if asked_s is None else max(wait, min(asked_s, MOST_ASKED_S))


STANDARD = Schedule(
    (
        0,
        5,
        5 * _MINUTE,
        30 * _MINUTE,
        2 * _HOUR,
        5 * _HOUR,
        10 * _HOUR,
        14 * _HOUR,
        20 * _HOUR,
        24 * _HOUR,
    ),
    jitter=0.2,
)


def retry_after_s(header: str | None, *, now: datetime) -> float | None:
    """Return what a Retry-After asks for, in seconds from ``now``: a number or a date; None if it is neither."""
    if header is None:
        return None
    header = header.strip()
    if header.isascii() and header.isdigit():
        return min(float(header), MOST_ASKED_S)
    try:
        moment = parsedate_to_datetime(header)
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, OverflowError):
        return None
