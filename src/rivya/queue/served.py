"""What the workers serve, as one process knows it: whether a model can be called is answered without asking anybody."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import structlog

from rivya.kit.db import CONNECTION_LOST, Pool, load_queries
from rivya.kit.notify import NotifyHub
from rivya.providers.routing import Route, name_of

_SQL = load_queries("rivya.queue")
_CHANNEL = "rivya_serves"
_LOOK_S = 2.0
"""Nobody announces that a worker fell silent: this is how late it is noticed."""
_EVERYTHING = "*"

UNREAD = (*CONNECTION_LOST, TimeoutError, asyncpg.PostgresError)
"""Why reading fails."""

log = structlog.get_logger()


class ServedRoutes:
    """Follows what the workers announce. While the database is away it stands as it was last seen."""

    def __init__(self, pool: Pool, hub: NotifyHub, *, lease_s: float) -> None:
        self._pool = pool
        self._lease_s = lease_s
        self._look = asyncio.Event()
        self._reading = asyncio.Lock()
        self._names: frozenset[str] = frozenset()
        hub.listen(_CHANNEL, lambda _: self._look.set())

    def __contains__(self, route: Route) -> bool:
        return name_of(route) in self._names or _EVERYTHING in self._names

    async def refresh(self) -> bool:
        """Read what is served; return True if a worker lives. Raises one of UNREAD when that cannot be done."""
        async with self._reading:  # or an older answer that comes later would stand
            row = await self._pool.fetchrow(_SQL["served"], self._lease_s)
            assert row is not None
            names = frozenset[str](row["routes"])
            if names != self._names:
                log.info("routes.served", now=sorted(names - self._names), no_more=sorted(self._names - names))
            self._names = names
            return row["working"]

    async def follow(self) -> None:
        """Look again whenever a change is announced, and every few seconds."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._look.wait()
            self._look.clear()
            try:
                await self.refresh()
            except UNREAD as error:
                log.warning("routes.unread", error=type(error).__name__)


@dataclass(frozen=True, slots=True)
class Announced:
    """What one worker says of itself: the routes it serves, and those it leaves alone because they kept failing."""

    id: str
    host: str
    pid: int
    started_at: datetime
    serves: list[str]
    shut: list[str]


async def announced(pool: Pool) -> list[Announced]:
    """Return what each worker says that has been heard of within its grace."""
    return [Announced(**row) for row in await pool.fetch(_SQL["announced"])]
