"""What the dashboard shows, read in one go."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from rivya.keys import service as keys
from rivya.kit.clock import utc_now
from rivya.kit.db import Pool
from rivya.kit.ids import AccountId
from rivya.kit.pages import Page, page
from rivya.wallet import service as wallet
from rivya.wallet.model import Balance, ExpiringLot
from rivya.web.dashboard.chart import Chart, chart
from rivya.web.history.model import ChatSession, Filters, Generation
from rivya.web.history.records import Records

DAYS = 30
_GENERATIONS = "6"
_CHATS = "5"


@dataclass(frozen=True, slots=True)
class Step:
    """Something that a new account does first."""

    title: str
    what: str
    link: str
    done: bool


@dataclass(frozen=True, slots=True)
class Overview:
    balance: Balance
    expiring: Sequence[ExpiringLot]
    generations: Sequence[Generation]
    chats: Sequence[ChatSession]
    usage: Chart
    steps: Sequence[Step]

    @property
    def expiring_credits(self) -> int:
        return sum(lot.credits for lot in self.expiring)

    @property
    def is_new(self) -> bool:
        return not all(step.done for step in self.steps)


async def overview(pool: Pool, account: AccountId, *, at: datetime | None = None) -> Overview:
    """Return how an account stands. Raises NotFound when it has no wallet."""
    now = at or utc_now()
    records = Records(pool)
    today = now.astimezone(UTC).date()
    since = datetime.combine(today - timedelta(days=DAYS - 1), time(), UTC)
    balance, expiring, generations, chats, spent, known = await asyncio.gather(
        wallet.balance(pool, account=account, at=now),
        wallet.expiring(pool, account=account, at=now),
        records.generations(account, _newest(_GENERATIONS), Filters()),
        records.chats(account, _newest(_CHATS), Filters()),
        records.spent_by_day(account, since=since),
        keys.list_keys(pool, account=account, at=now),
    )
    return Overview(
        balance=balance,
        expiring=expiring,
        generations=generations.rows,
        chats=chats.rows,
        usage=chart(spent, today=today, days=DAYS),
        steps=first_steps(
            has_generation=bool(generations.rows),
            has_key=bool(known),
            has_used_key=any(key.last_used_at is not None for key in known),
        ),
    )


def first_steps(*, has_generation: bool, has_key: bool, has_used_key: bool) -> list[Step]:
    """Return what to do first, with what is done already."""
    return [
        Step("Make something", "Run a model in the Studio, no code needed.", "/studio/image", has_generation),
        Step("Create an API key", "A key lets your server call the same models.", "/settings/api-keys", has_key),
        Step("Call the API", "Build a request in the debugger, then copy it.", "/developers/debugger", has_used_key),
    ]


def _newest(limit: str) -> Page:
    return page(limit, None, of="dashboard")
