"""Rate limits of several processes on one database, in a time that stands still until a test moves it."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from rivya.keys.model import Key, Limits, UsageId
from rivya.keys.rates import RateLimits
from rivya.kit.db import Pool
from rivya.kit.ids import AccountId, KeyId

_numbers = itertools.count(1)
_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Time:
    """The clocks of all processes and of the database."""

    s: float = 0.0

    def in_process(self) -> float:
        return self.s

    def in_database(self) -> datetime:
        return _BEGINNING + timedelta(seconds=self.s)

    def process(self, pool: Pool) -> RateLimits:
        return RateLimits(pool, clock=self.in_process, database_time=self.in_database)


def make_key(
    *,
    a_minute: int | None = None,
    account: str | None = None,
    account_a_minute: int = 1_000_000,
    usage: str | None = None,
) -> Key:
    """Return a key that only rate limits get to see; of an account of its own, unless one is named."""
    id = f"key_{next(_numbers)}"
    return Key(
        id=KeyId(id),
        account=AccountId(account or f"acct_of_{id}"),
        usage=UsageId(usage or id),
        scopes=frozenset(),
        limits=Limits(
            account_requests_a_minute=account_a_minute,
            account_in_flight=1000,
            key_requests_a_minute=a_minute,
            key_in_flight=None,
        ),
        expires_at=None,
        revoked_at=None,
        account_disabled_at=None,
    )


@dataclass
class Log:
    """When requests were let through, to the moment and in order: what a limit is judged by."""

    at: list[float] = field(default_factory=list)

    def most_in_a_minute(self) -> int:
        """Return how many were let through in the busiest 60 seconds."""
        return max((self.between(begin, begin + 60) for begin in set(self.at)), default=0)

    def between(self, begin: float, end: float) -> int:
        """Return how many were let through from one moment to, but not at, the other."""
        return bisect_left(self.at, end) - bisect_left(self.at, begin)


async def send(process: RateLimits, key: Key, time: Time, log: Log, *, times: int = 1) -> int:
    """Send so many requests at this moment, until one is refused; return how many were let through."""
    for sent in range(times):
        if not (await process.admit(key)).allowed:
            return sent
        log.at.append(time.s)
    return times
