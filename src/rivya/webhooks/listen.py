"""Show an account's events as they happen, and forward them to a server under development.

This reads the events themselves, not deliveries: it needs no endpoint, and what an endpoint gets is not changed by it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from rivya.files.links import MediaLinks
from rivya.kit.clock import utc_now
from rivya.kit.db import CONNECTION_LOST, Pool, patiently
from rivya.kit.ids import AccountId, first_id
from rivya.kit.outbound import Outbound, OutboundError, Patience
from rivya.webhooks.events import Events, task_states
from rivya.webhooks.model import Event
from rivya.webhooks.payload import payload
from rivya.webhooks.signing import sign

_LOOK_EVERY_S = 1.0
_PATIENCE_S = 60.0
_BATCH = 500
# An event's id is made before its transaction ends, which may take a minute: so far back one may still appear.
_OVERLAP_MS = 2 * 60 * 1000
_WAITS = Patience(total_s=10.0)
_GOOD = range(200, 300)


@dataclass(frozen=True, slots=True)
class Heard:
    """An event with the bytes that endpoints are sent."""

    event: Event
    body: bytes


@dataclass(frozen=True, slots=True)
class Forwarded:
    """What a server answered: a status, or why there was none."""

    status: int | None
    error: str | None
    duration_ms: int

    @property
    def is_good(self) -> bool:
        return self.status is not None and self.status in _GOOD


class Listener:
    """Hears one account's events, each once, from a moment on; also those of transactions that end out of order."""

    def __init__(self, pool: Pool, links: MediaLinks, account: AccountId, *, since: datetime) -> None:
        self._pool = pool
        self._links = links
        self._events = Events(pool, links)
        self._account = account
        self._since = since
        self._seen: set[str] = set()
        self._from_ms = int(since.timestamp() * 1000) - _OVERLAP_MS

    async def run(self, stop: asyncio.Event) -> AsyncGenerator[Heard]:
        """Yield events until ``stop`` is set. A database that is away for up to a minute is waited for.

        Raises what asyncpg raises when it is away for longer.
        """
        changed = asyncio.Event()
        async with _told_of_changes(self._pool, self._account, changed.set):
            while not stop.is_set():
                changed.clear()
                look_from_ms = time.time_ns() // 1_000_000 - _OVERLAP_MS
                after: str | None = first_id("evt", self._from_ms)
                while after is not None:
                    found, after = await patiently(partial(self._batch, after), for_s=_PATIENCE_S)
                    for heard in found:
                        self._seen.add(heard.event.id)
                        yield heard
                        if stop.is_set():
                            return
                self._forget_before(look_from_ms)
                await _first_of(stop, changed, within_s=_LOOK_EVERY_S)

    async def _batch(self, after: str) -> tuple[list[Heard], str | None]:
        """Return the events after an id that were not heard yet, and where the next batch begins."""
        batch = await self._events.since(self._account, after, most=_BATCH)
        new = [event for event in batch if event.id not in self._seen and event.created_at >= self._since]
        tasks = await task_states(self._pool, new)
        found = [Heard(one, payload(one, tasks.get(one.task) if one.task else None, self._links)) for one in new]
        return found, batch[-1].id if len(batch) == _BATCH else None

    def _forget_before(self, at_ms: int) -> None:
        self._from_ms = max(self._from_ms, at_ms)
        first = first_id("evt", self._from_ms)
        self._seen = {id for id in self._seen if id > first}


async def forward(outbound: Outbound, url: str, heard: Heard, *, secret: str) -> Forwarded:
    """Send an event to a server once, signed as deliveries are. Whatever comes of it is returned."""
    headers = sign([secret], event_id=heard.event.id, at=utc_now(), body=heard.body)
    began = time.monotonic()
    status: int | None = None
    error: str | None = None
    try:
        async with outbound.request(
            "POST", url, headers={**headers, "Content-Type": "application/json"}, body=heard.body, patience=_WAITS
        ) as answer:
            status = answer.status
    except OutboundError as failure:
        error = type(failure).__name__
    return Forwarded(status, error, round((time.monotonic() - began) * 1000))


@contextlib.asynccontextmanager
async def _told_of_changes(pool: Pool, account: AccountId, tell: Callable[[], None]) -> AsyncGenerator[None]:
    """Call ``tell`` when a task of the account changes. Only a hint: it may stop, and what is heard is right anyway."""

    def heard(_connection: object, _pid: int, _channel: str, text: object) -> None:
        if str(text).startswith(f"{account} "):
            tell()

    async with pool.acquire() as connection:
        await connection.add_listener("rivya_tasks", heard)
        try:
            yield
        finally:
            with contextlib.suppress(*CONNECTION_LOST):
                await connection.remove_listener("rivya_tasks", heard)


async def _first_of(*events: asyncio.Event, within_s: float) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()
