"""Guessing made slow: failures are counted in the database, so that they count on every process alike.

Who tries in vain too often waits, twice as long each time, up to a quarter of an hour; nobody is locked out for good.
Counted are a pair of address and network, a network alone (one who tries many addresses), and an address alone (many
networks that try one). Only hashes of them are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from rivya.accounts.model import Device
from rivya.errors import RateLimited
from rivya.kit.clock import utc_now
from rivya.kit.db import Pool, load_queries

_SQL = load_queries("rivya.accounts")
_LONGEST_S = 15 * 60
_CLOCKS_DIFFER = timedelta(seconds=0.2)
"""A failure that costs nothing blocks until its own moment: on another machine that may be to come."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What failures are counted of; so many are free."""

    name: str
    free: int

    @property
    def key(self) -> bytes:
        return hashlib.sha256(self.name.encode()).digest()


def subjects(what: str, email: str, device: Device) -> Sequence[Subject]:
    """Return what the failures of somebody who does ``what`` count for; the first is forgotten when it goes well."""
    whom = email.strip().lower()
    return (
        Subject(f"{what} {whom} {device.address}", 5),
        Subject(f"{what} {device.address}", 30),
        Subject(f"{what} {whom}", 50),
    )


async def admit(pool: Pool, who: Sequence[Subject], *, at: datetime | None = None) -> None:
    """Let pass whoever is not blocked. Raises RateLimited with the time to wait."""
    until = await pool.fetchval(_SQL["throttled"], [one.key for one in who])
    now = at or utc_now()
    if until is not None and until - now > _CLOCKS_DIFFER:
        wait_s = ceil((until - now).total_seconds())
        raise RateLimited(f"That was tried too often. Try again in {_words(wait_s)}.", retry_after_s=wait_s)


async def failed(pool: Pool, who: Sequence[Subject], *, at: datetime | None = None) -> None:
    """Count a failure."""
    await pool.execute(
        _SQL["failed"],
        [one.key for one in who],
        [one.free for one in who],
        [_LONGEST_S] * len(who),
        at or utc_now(),
    )


async def passed(pool: Pool, who: Sequence[Subject]) -> None:
    """Forget the failures of the first subject: who knows the password may mistype it again tomorrow."""
    await pool.execute(_SQL["passed"], who[0].key)


def _words(seconds: int) -> str:
    if seconds < 60:
        return f"{seconds} second{'s' if seconds != 1 else ''}"
    minutes = ceil(seconds / 60)
    return f"{minutes} minute{'s' if minutes != 1 else ''}"
