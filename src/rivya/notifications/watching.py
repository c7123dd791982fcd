"""Find what accounts are to be told of and nobody told them: looked for again and again, by a janitor."""

from __future__ import annotations

from datetime import datetime, timedelta

from rivya.kit.clock import utc_now
from rivya.kit.db import Connection, Pool, load_queries
from rivya.kit.ids import AccountId, TaskId
from rivya.notifications.notices import balance_low, credits_expiring, generation_failed
from rivya.notifications.service import notify

_SQL = load_queries("rivya.notifications")

EXPIRING_WITHIN = timedelta(days=3)
LOW_CREDITS = 10
_BACK = timedelta(days=1)
"""How far back something may have happened and still be news."""
_MOST = 1000


async def tell_of_expiring(db: Connection | Pool, *, at: datetime | None = None) -> int:
    """Tell, once a lot, of credits that lapse within three days; return how many notifications are new."""
    now = at or utc_now()
    rows = await db.fetch(_SQL["expiring"], now, now + EXPIRING_WITHIN, _MOST)
    notices = [
        credits_expiring(
            AccountId(row["account_id"]), lot=row["lot"], credits=row["credits"], expires_at=row["expires_at"]
        )
        for row in rows
    ]
    return await notify(db, notices, at=now)


async def tell_of_low_balance(db: Connection | Pool, *, at: datetime | None = None) -> int:
    """Tell accounts in use that little is left, once after each time that credits came in."""
    now = at or utc_now()
    rows = await db.fetch(_SQL["low"], now - _BACK, LOW_CREDITS, _MOST)
    notices = [balance_low(AccountId(row["account_id"]), lot=row["lot"], credits=row["credits"]) for row in rows]
    return await notify(db, notices, at=now)


async def tell_of_failed(db: Connection | Pool, *, at: datetime | None = None) -> int:
    """Tell of tasks made in the Studio that failed, once each; not of those that were cancelled."""
    now = at or utc_now()
    rows = await db.fetch(_SQL["failed"], now - _BACK, _MOST)
    notices = [
        generation_failed(
            AccountId(row["account_id"]), task=TaskId(row["task"]), model=row["model"], message=row["message"]
        )
        for row in rows
    ]
    return await notify(db, notices, at=now)
