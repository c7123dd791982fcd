"""How many requests a minute: counted in the database, spent from leases that each process holds.

The database counts by the second and lets nobody have more than the limit in any 60 seconds (``rate_take`` in
migrations/0006_limits.sql says why that holds). A process asks for as many requests as wait for it, and, of a subject
that is busy, for a few ahead: those it lets through without asking. What it does not use it gives back when it asks
next. docs/adr/0015-rate-limits.md has the reasons and the figures.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import asyncpg
import structlog

from rivya.keys.caller import Caller
from rivya.keys.model import Key
from rivya.kit.batch import Gatherer
from rivya.kit.db import CONNECTION_LOST, Pool, is_data_fault, load_queries
from rivya.kit.ids import AccountId

log = structlog.get_logger()

_SQL = load_queries("rivya.keys")
_ANSWER_WITHIN_S = 5.0
_AWAY_S = 1.0
_ASK_AGAIN_S = 0.5
_ALWAYS_AHEAD = 1 / 200
_MOST_AHEAD = 1 / 40
_LEAST_TIME_S = 0.05


@dataclass(frozen=True, slots=True)
class Rate:
    """How a caller stands with the narrowest of its limits, after the request that was asked for."""

    allowed: bool
    of: Literal["account", "key"]
    limit: int
    remaining: int
    reset_s: int
    """In how many seconds there will be more again."""


class RateLimits:
    """One an API process; holds what it knows of at most ``size`` accounts and keys."""

    def __init__(
        self,
        pool: Pool,
        *,
        size: int = 50_000,
        clock: Callable[[], float] = time.monotonic,
        database_time: Callable[[], datetime | None] = lambda: None,
    ) -> None:
        self._pool = pool
        self._size = size
        self._clock = clock
        self._database_time = database_time
        self._budgets: OrderedDict[str, _Budget] = OrderedDict()
        self._fill = Gatherer(self._fill_many, max_batch=64, max_calls=2, is_one_items_fault=is_data_fault)

    async def admit(self, caller: Caller) -> Rate:
        """Count one request of an account, and of its key if it has one, if both may send it; else in neither.

        While the database is away everybody is let through: what needs it fails by itself. Raises Overloaded when
        too many wait to be counted.
        """
        budgets = self._budgets_of(caller)
        while True:
            now = self._clock()
            for budget in budgets:
                if budget.is_spent(now):
                    return budget.rate(now, allowed=False)
            lacking = [budget for budget in budgets if not budget.has_one(now)]
            if not lacking:
                for budget in budgets:
                    budget.spend(now)
                return min((budget.rate(now, allowed=True) for budget in budgets), key=lambda rate: rate.remaining)
            await self._fill_all(lacking)

    def _budgets_of(self, caller: Caller) -> list[_Budget]:
        limits, account = caller.limits, caller.account
        budgets = [self._budget("account", account, account, limits.account_requests_a_minute)]
        if isinstance(caller, Key) and limits.key_requests_a_minute is not None:
            # The key first: of two limits that are equally near, a caller is told of its own.
            budgets.insert(0, self._budget("key", account, caller.usage, limits.key_requests_a_minute))
        return budgets

    def _budget(self, of: Literal["account", "key"], account: AccountId, subject: str, limit: int) -> _Budget:
        budget = self._budgets.get(subject)
        if budget is None:
            budget = self._budgets[subject] = _Budget(of, account, subject, limit, remaining=limit)
            if len(self._budgets) > self._size:
                self._budgets.popitem(last=False)
        else:
            self._budgets.move_to_end(subject)
            if budget.limit != limit:
                budget.limit, budget.spent_until = limit, -math.inf
        return budget

    async def _fill_all(self, budgets: Sequence[_Budget]) -> None:
        """Have each filled; who comes while one is on its way waits for that one."""
        fillings: list[asyncio.Task[None]] = []
        for budget in budgets:
            budget.waiting += 1
            if budget.filling is None:
                budget.filling = asyncio.create_task(self._fill_one(budget))
            fillings.append(budget.filling)
        try:
            await asyncio.wait(fillings)  # and not each by itself: one caller's end must not end what others wait for
        finally:
            for budget in budgets:
                budget.waiting -= 1
        for filling in fillings:
            filling.result()

    async def _fill_one(self, budget: _Budget) -> None:
        try:
            await self._fill(budget)
        finally:
            budget.filling = None

    async def _fill_many(self, budgets: list[_Budget]) -> Sequence[None]:
        now = self._clock()
        asked = [budget.close(now) for budget in budgets]
        columns = zip(*asked, strict=True)
        try:
            async with asyncio.timeout(_ANSWER_WITHIN_S):
                rows = await self._pool.fetch(
                    _SQL["take_rates"], *(list(column) for column in columns), self._database_time()
                )
        except (*CONNECTION_LOST, TimeoutError) as error:
            log.warning("rates.database_unreachable", error=type(error).__name__, subjects=len(budgets))
            for budget in budgets:
                budget.free_until = self._clock() + _AWAY_S
        else:
            for budget, row in zip(budgets, rows, strict=True):
                budget.open(row, asked_at=now)
        return [None] * len(budgets)


@dataclass(slots=True)
class _Budget:
    """What this process knows of one subject's requests, and those of them that it may let through by itself."""

    of: Literal["account", "key"]
    account: AccountId
    subject: str
    limit: int
    remaining: int
    """What was left in the database when it was last asked."""
    leased: int = 0
    left: int = 0
    """Of those leased."""
    lease_slot: int = 0
    lease_until: float = -math.inf
    asked_at: float = -math.inf
    used_at: float = -math.inf
    reset_at: float = 0.0
    wanted: int = 0
    spent_until: float = -math.inf
    free_until: float = -math.inf
    waiting: int = 0
    filling: asyncio.Task[None] | None = None

    def has_one(self, now: float) -> bool:
        return (self.left > 0 and now < self.lease_until) or now < self.free_until

    def is_spent(self, now: float) -> bool:
        return now < self.spent_until and not self.has_one(now)

    def spend(self, now: float) -> None:
        if self.left > 0 and now < self.lease_until:
            self.left -= 1
            self.used_at = now

    def rate(self, now: float, *, allowed: bool) -> Rate:
        reset_s = math.ceil(max(0.0, self.reset_at - now))
        if not allowed:
            return Rate(False, self.of, self.limit, 0, max(1, reset_s))
        return Rate(True, self.of, self.limit, min(self.limit, self.remaining + self.left), reset_s)

    def close(self, now: float) -> tuple[object, ...]:
        """Give the lease up, and return what to tell and ask the database: the arguments of one rate_take."""
        used = self.leased - self.left
        pace = used / max(now - self.asked_at, _LEAST_TIME_S)
        self.wanted = self.waiting
        ahead = min(max(int(pace), int(self.limit * _ALWAYS_AHEAD)), int(self.limit * _MOST_AHEAD))
        idle_s = now - self.used_at if used else 0.0
        told = (self.leased, self.lease_slot, used, idle_s)
        self.leased = self.left = 0
        self.asked_at = now
        return (self.account, self.subject, self.limit, self.wanted, ahead, *told)

    def open(self, row: asyncpg.Record, *, asked_at: float) -> None:
        """Take the lease that was granted. It lives from the moment of asking: the database's clock was not earlier."""
        self.leased = self.left = row["granted"]
        self.lease_slot = row["lease_slot"]
        self.lease_until = asked_at + row["lives_s"]
        self.remaining = row["remaining"]
        self.reset_at = asked_at + (row["reset_s"] or 0.0)
        if row["granted"] < self.wanted:
            self.spent_until = asked_at + min(_ASK_AGAIN_S, row["reset_s"])
