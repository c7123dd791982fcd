"""Read and turn the switch of the public API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rivya.kit.clock import utc_now
from rivya.kit.db import Connection, Pool, load_queries

_SQL = load_queries("rivya.switches")
_PUBLIC_API = "public_api"


@dataclass(frozen=True, slots=True)
class Switch:
    """How a switch stands. ``changed_at`` is None for one that was never touched."""

    is_on: bool = True
    reason: str = ""
    changed_at: datetime | None = None


async def public_api(pool: Pool) -> Switch:
    """Return how the switch of the public API stands: on, unless somebody turned it off."""
    row = await pool.fetchrow(_SQL["read"], _PUBLIC_API)
    return Switch(**row) if row is not None else Switch()


async def turn_public_api(db: Connection | Pool, *, on: bool, reason: str = "") -> Switch:
    """Turn the public API on or off and return how it stands; every process feels it within a second."""
    row = await db.fetchrow(_SQL["turn"], _PUBLIC_API, on, reason, utc_now())
    assert row is not None
    return Switch(**row)
