"""The words of what an account is told. Pure: when to say it is decided elsewhere."""

from __future__ import annotations

from datetime import datetime

from rivya.kit.ids import AccountId, TaskId
from rivya.notifications.model import Notice

CREDITS_PAGE = "/settings/credits"


def credits_expiring(account: AccountId, *, lot: int, credits: int, expires_at: datetime) -> Notice:
    """Return the notice that what is left of a lot lapses soon."""
    return Notice(
        account,
        "credits",
        f"expiring:{lot}",
        f"{_credits(credits)} {'expires' if credits == 1 else 'expire'} on {_day(expires_at)}",
        "What is not spent by then is gone. The credits that expire soonest are always spent first.",
        CREDITS_PAGE,
    )


def balance_low(account: AccountId, *, lot: int, credits: int) -> Notice:
    """Return the notice that little is left; told once after each time that credits came in."""
    return Notice(
        account,
        "credits",
        f"low:{lot}",
        f"You have {_credits(credits)} left",
        "Calls that need more are refused until credits are added.",
        CREDITS_PAGE,
    )


def generation_failed(account: AccountId, *, task: TaskId, model: str, message: str) -> Notice:
    """Return the notice that a task made in the Studio failed; ``message`` is the task's public one."""
    return Notice(account, "generation", f"failed:{task}", f"{model} failed", message, f"/history/generations/{task}")


def _credits(count: int) -> str:
    return f"{count:,} credit" if count == 1 else f"{count:,} credits"


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"
