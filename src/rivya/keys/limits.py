"""Limits as the settings have them, and what to answer when setting credits aside was refused for one."""

from __future__ import annotations

from typing import Literal

from rivya.errors import PublicError, RateLimited, SpendLimitReached
from rivya.keys.model import Limits
from rivya.settings import Settings

_RETRY_AFTER_S = 5  # nobody knows when a task ends; most do within seconds

LimitReached = Literal["spend_limit", "key_full", "account_full"]
"""The outcomes of ``key_room``, and of those who ask it, that stand for a limit."""


def limits_of(settings: Settings) -> Limits:
    """Return what a key may that has no limits of its own."""
    return Limits(
        account_requests_a_minute=settings.account_requests_a_minute,
        account_in_flight=settings.account_in_flight,
        key_requests_a_minute=settings.key_requests_a_minute,
        key_in_flight=settings.key_in_flight,
    )


def limit_reached(outcome: LimitReached, limits: Limits, *, credits: int, credits_left: int | None) -> PublicError:
    """Return the error for a call of so many credits, of which the key may spend ``credits_left`` more this month."""
    match outcome:
        case "spend_limit":
            return SpendLimitReached(
                f"This call needs {credits} credits, and this API key may spend {credits_left or 0} more this month."
            )
        case "key_full":
            return _full("API key", limits.key_in_flight)
        case "account_full":
            return _full("account", limits.account_in_flight)


def _full(whose: str, most: int | None) -> RateLimited:
    return RateLimited(
        f"This {whose} has {most} tasks in flight, as many as it may: wait until one has ended.",
        retry_after_s=_RETRY_AFTER_S,
    )
