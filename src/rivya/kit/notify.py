"""One LISTEN connection a process, shared by all who want to hear.

A notification is a hint that something changed, never the change itself: whoever listens must be right without
it, only later. While the connection is down ``connected`` is False; when it is back every listener is called
with ``None``, which means "you may have missed something".
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import asyncpg
import structlog

from rivya.kit.db import CONNECTION_LOST

if TYPE_CHECKING:
    Listening = asyncpg.Connection[asyncpg.Record]

Listener = Callable[[str | None], None]

log = structlog.get_logger()

_RECONNECT_S = 0.5
_PROBE_S = 15.0


class NotifyHub:
    """Keeps one connection listening, for as long as ``run`` runs."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._listeners: dict[str, list[Listener]] = defaultdict(list)
        self._lost = asyncio.Event()
        self.connected = False

    def listen(self, channel: str, listener: Listener) -> None:
        """Call ``listener`` with the payload of each notification on ``channel``; to be said before ``run``."""
        self._listeners[channel].append(listener)

    async def run(self) -> None:
        """Listen until cancelled, connecting again whenever the connection is lost."""
        while True:
            try:
                connection = await asyncpg.connect(
                    self._dsn, timeout=5, server_settings={"application_name": "rivya listen"}
                )
            except (*CONNECTION_LOST, TimeoutError) as error:
                log.warning("notify.unreachable", error=type(error).__name__)
                await asyncio.sleep(_RECONNECT_S)
                continue
            try:
                await self._serve(connection)
            except (*CONNECTION_LOST, TimeoutError) as error:
                log.warning("notify.lost", error=type(error).__name__)
            finally:
                self.connected = False
                connection.terminate()
            await asyncio.sleep(_RECONNECT_S)

    async def _serve(self, connection: Listening) -> None:
        self._lost.clear()
        connection.add_termination_listener(lambda _: self._lost.set())
        for channel in self._listeners:
            await connection.add_listener(channel, self._heard)
        self.connected = True
        for listeners in self._listeners.values():
            for listener in listeners:
                listener(None)
        while not self._lost.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PROBE_S):
                    await self._lost.wait()
            if not self._lost.is_set():
                await connection.execute("select 1", timeout=5)

    def _heard(self, _connection: object, _pid: int, channel: str, payload: Any) -> None:
        for listener in self._listeners[channel]:
            listener(str(payload))
