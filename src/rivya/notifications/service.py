"""Tell an account something, once; show it; note that it was read; forget it in the end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from rivya.errors import NotFound
from rivya.kit.clock import utc_now
from rivya.kit.db import Connection, Pool, load_queries
from rivya.kit.ids import AccountId, is_id, new_id
from rivya.kit.pages import Page
from rivya.notifications.model import Kind, Notice, Notification

_SQL = load_queries("rivya.notifications")

KEPT = timedelta(days=90)
_MOST_FORGOTTEN = 5000


async def notify(db: Connection | Pool, notices: Sequence[Notice], *, at: datetime | None = None) -> int:
    """Tell of each, unless its account was told of the same subject before; return how many are new."""
    if not notices:
        return 0
    rows = await db.fetch(
        _SQL["notify"],
        [notice.account for notice in notices],
        [new_id("ntf") for _ in notices],
        [notice.kind for notice in notices],
        [notice.subject for notice in notices],
        [notice.title for notice in notices],
        [notice.body for notice in notices],
        [notice.link for notice in notices],
        at or utc_now(),
    )
    return len(rows)


async def listed(db: Connection | Pool, *, account: AccountId, page: Page, kind: Kind | None) -> list[Notification]:
    """Return the rows of a page of the account's notifications, newest first."""
    rows = await db.fetch(_SQL["list"], account, page.after, kind, page.rows)
    return [Notification(**row) for row in rows]


async def unread(db: Connection | Pool, *, account: AccountId) -> dict[Kind, int]:
    """Return how many the account has not read, by kind; a kind with none is left out."""
    return {row["kind"]: row["unread"] for row in await db.fetch(_SQL["unread"], account)}


async def mark_read(db: Connection | Pool, *, account: AccountId, id: str) -> str | None:
    """Note that one was read; return where it leads. Raises NotFound when the account has no such one."""
    row = await db.fetchrow(_SQL["mark_read"], account, id, utc_now()) if is_id("ntf", id) else None
    if row is None:
        raise NotFound
    return row["link"]


async def mark_all_read(db: Connection | Pool, *, account: AccountId, kind: Kind | None = None) -> None:
    """Note that all were read, or all of a kind."""
    await db.execute(_SQL["mark_all_read"], account, kind, utc_now())


async def forget_old(db: Connection | Pool, *, at: datetime | None = None) -> int:
    """Delete what is older than it is kept, in every account; return how many went."""
    before = (at or utc_now()) - KEPT
    forgotten = 0
    while count := int((await db.execute(_SQL["forget"], before, _MOST_FORGOTTEN)).split()[-1]):
        forgotten += count
    return forgotten
