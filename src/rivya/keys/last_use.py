"""When keys were last used: noted in memory, written in the background, never in a request's way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime

import structlog

from rivya.keys.model import Key
from rivya.kit.clock import utc_now
from rivya.kit.db import CONNECTION_LOST, Pool, load_queries
from rivya.kit.ids import AccountId, KeyId

log = structlog.get_logger()

_SQL = load_queries("rivya.keys")
_WRITE_EVERY_S = 5.0
_A_KEY_EVERY_S = 60.0


class LastUses:
    """Writes a key's last use at most once a minute, so that it is known to the minute. One an API process."""

    def __init__(self, pool: Pool, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._clock = clock
        self._noted_at: dict[KeyId, float] = {}
        self._unwritten: dict[tuple[AccountId, KeyId], datetime] = {}

    def note(self, key: Key) -> None:
        """Say that a key is used now."""
        now = self._clock()
        if now - self._noted_at.get(key.id, -_A_KEY_EVERY_S) >= _A_KEY_EVERY_S:
            self._noted_at[key.id] = now
            self._unwritten[key.account, key.id] = utc_now()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await asyncio.sleep(_WRITE_EVERY_S)
            await self.write()

    async def write(self) -> None:
        """Write what was noted; while the database is away it waits for the next time."""
        now = self._clock()
        self._noted_at = {key: at for key, at in self._noted_at.items() if now - at < _A_KEY_EVERY_S}
        uses, self._unwritten = self._unwritten, {}
        if not uses:
            return
        try:
            await self._pool.execute(
                _SQL["note_uses"], [account for account, _ in uses], [key for _, key in uses], list(uses.values())
            )
        except (*CONNECTION_LOST, TimeoutError) as error:
            log.warning("keys.database_unreachable", error=type(error).__name__)
            self._unwritten = {**uses, **self._unwritten}
