"""The switch of the public API as one process knows it: a call looks at it without asking anybody."""

from __future__ import annotations

import asyncio
import contextlib

import asyncpg
import structlog

from rivya.kit.db import CONNECTION_LOST, Pool
from rivya.kit.notify import NotifyHub
from rivya.switches import service

log = structlog.get_logger()

_CHANNEL = "rivya_switches"
_LOOK_S = 30.0
_LOOK_UNHEARD_S = 0.5


class PublicApiSwitch:
    """Follows the switch. While the database is away it stands as it was last seen."""

    def __init__(self, pool: Pool, hub: NotifyHub) -> None:
        self._pool = pool
        self._hub = hub
        self._look = asyncio.Event()
        self.is_on = True
        hub.listen(_CHANNEL, lambda _: self._look.set())

    async def refresh(self) -> None:
        """Read how the switch stands. Raises what asyncpg raises when the server cannot be reached."""
        is_on = (await service.public_api(self._pool)).is_on
        if is_on != self.is_on:
            log.warning("public_api.turned", is_on=is_on)
        self.is_on = is_on

    async def follow(self) -> None:
        """Look again whenever a change is announced, and now and then; more often while none could be heard."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S if self._hub.connected else _LOOK_UNHEARD_S):
                    await self._look.wait()
            self._look.clear()
            try:
                await self.refresh()
            except (*CONNECTION_LOST, TimeoutError, asyncpg.PostgresError) as error:
                log.warning("public_api.switch_unread", error=type(error).__name__)
                await asyncio.sleep(_LOOK_UNHEARD_S)
                self._look.set()
