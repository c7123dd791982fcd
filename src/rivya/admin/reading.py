"""What an operator sees: accounts, tasks that do not move or fail, figures by the day, the checks of the money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from rivya.errors import NotFound
from rivya.kit.clock import utc_now
from rivya.kit.db import Pool, load_queries

_SQL = load_queries("rivya.admin")
_MOST_SHOWN = 20
DAYS = 30


@dataclass(frozen=True, slots=True)
class AccountLine:
    id: str
    email: str
    name: str
    is_operator: bool
    created_at: datetime
    disabled_at: datetime | None
    deleted_at: datetime | None
    available: int
    reserved: int


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task that has not ended, and when it will at the latest."""

    account_id: str
    email: str
    id: str
    model: str
    status: str
    provider: str | None
    attempt: int
    created_at: datetime
    deadline_at: datetime


@dataclass(frozen=True, slots=True)
class Failing:
    """How the tasks of one model on one provider ended lately."""

    model: str
    provider: str | None
    succeeded: int
    failed: int
    reasons: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    succeeded: int
    failed: int
    p50_s: float | None
    p95_s: float | None


@dataclass(frozen=True, slots=True)
class InvariantRun:
    at: datetime
    rules: int
    took_ms: int
    violations: Sequence[Mapping[str, Any]]


async def accounts(pool: Pool, *, search: str = "", before: str | None = None, most: int = 50) -> list[AccountLine]:
    """Return the newest accounts whose address, name or id holds ``search``, or those before the id ``before``."""
    return [AccountLine(**row) for row in await pool.fetch(_SQL["accounts"], search, before, most)]


async def account(pool: Pool, *, id: str) -> AccountLine:
    """Return one account. Raises NotFound."""
    row = await pool.fetchrow(_SQL["account"], id)
    if row is None:
        raise NotFound("There is no such account.")
    return AccountLine(**row)


async def open_tasks(pool: Pool, *, older_than: timedelta, most: int = 50) -> list[OpenTask]:
    """Return tasks that have not ended although they were accepted so long ago, those that end soonest first."""
    return [OpenTask(**row) for row in await pool.fetch(_SQL["open_tasks"], utc_now() - older_than, most)]


async def failing(pool: Pool, *, within: timedelta = timedelta(days=1)) -> list[Failing]:
    """Return, by model and provider, how tasks ended lately; those that failed most first."""
    rows = await pool.fetch(_SQL["failing"], utc_now() - within)
    return [
        Failing(row["model"], row["provider"], row["succeeded"], row["failed"], msgspec.json.decode(row["reasons"]))
        for row in rows
    ]


async def days(pool: Pool) -> list[Day]:
    """Return what was done on each of the last days on which something was."""
    return [Day(**row) for row in await pool.fetch(_SQL["days"], utc_now() - timedelta(days=DAYS))]


async def spent_by_day(pool: Pool) -> Mapping[date, int]:
    """Return the credits that were spent for good, by the day."""
    rows = await pool.fetch(_SQL["spent_by_day"], utc_now() - timedelta(days=DAYS))
    return {row["day"]: row["spent"] for row in rows}


async def note_invariants(
    pool: Pool, *, id: str, rules: int, took_ms: int, violations: Sequence[Mapping[str, object]]
) -> None:
    """Keep how a check of the money came out; runs of long ago are forgotten."""
    shown = msgspec.json.encode(violations[:_MOST_SHOWN]).decode()
    await pool.execute(_SQL["note_invariants"], id, utc_now(), rules, took_ms, shown)


async def invariant_runs(pool: Pool, *, most: int = 10) -> list[InvariantRun]:
    """Return the newest checks of the money."""
    return [
        InvariantRun(row["at"], row["rules"], row["took_ms"], msgspec.json.decode(row["violations"]))
        for row in await pool.fetch(_SQL["invariant_runs"], most)
    ]
