"""Server-sent events, written straight to the connection: https://html.spec.whatwg.org/multipage/server-sent-events.html.

Nothing is queued: a write returns when the connection has taken it, so a slow reader slows the writer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from litestar.types import Receive, Scope, Send

HEARTBEAT_S = 15.0
HEADERS = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store", "x-accel-buffering": "no"}


def event(name: str, data: bytes) -> bytes:
    """Return one event; ``data`` is JSON, so it has no line breaks."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), data)


class EventWriter:
    """One stream of events, the answer to one request."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, headers: Mapping[str, str] | None = None) -> None:
        self._receive = receive
        self._send = send
        self._headers = [(k.lower().encode(), v.encode()) for k, v in {**HEADERS, **(headers or {})}.items()]
        self._writing = False
        self._written_at = 0.0
        self._next_beat: asyncio.TimerHandle | None = None
        self._beating: asyncio.Task[None] | None = None

    async def write(self, data: bytes) -> None:
        """Write; returns when the connection has taken it, so that a slow reader slows the writer.

        For one who writes at a time.
        """
        self._writing = True
        await self._send({"type": "http.response.body", "body": data, "more_body": True})
        self._writing = False
        self._written_at = asyncio.get_running_loop().time()

    async def run(self, tell: Callable[[], Awaitable[bytes]], *, until: asyncio.Event | None = None) -> None:
        """Run ``tell``, which writes; cancel it when the client goes away. Comments keep the line open meanwhile.

        What it returns goes out together with the end of the stream. Once ``until`` is set the stream ends where it is:
        its reader may ask again.
        """
        telling = asyncio.create_task(self._begin(tell))
        ends = [asyncio.create_task(self._left())]
        if until is not None:
            ends.append(asyncio.create_task(until.wait()))
        self._written_at = asyncio.get_running_loop().time()
        self._beat()
        try:
            await asyncio.wait([telling, *ends], return_when=asyncio.FIRST_COMPLETED)
            if not telling.done():
                telling.cancel()
                await asyncio.wait([telling])
        except asyncio.CancelledError:
            telling.cancel()
            await asyncio.wait([telling])
            raise
        finally:
            for task in ends:
                task.cancel()
            self._end_beat()
        last = telling.result() if not telling.cancelled() else b""
        await self._send({"type": "http.response.body", "body": last, "more_body": False})

    async def _begin(self, tell: Callable[[], Awaitable[bytes]]) -> bytes:
        # In one turn of the loop with what is told first, so that both are one packet.
        await self._send({"type": "http.response.start", "status": 200, "headers": self._headers})
        return await tell()

    async def _left(self) -> bool:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        return True

    def _beat(self) -> None:
        # A timer that looks when something was written last, and a task only when a comment is due: most streams end
        # before, and to set a timer for each event would cost more than to write it.
        loop = asyncio.get_running_loop()
        due = self._written_at + HEARTBEAT_S
        if due <= loop.time():
            if not self._writing:
                self._beating = asyncio.create_task(self.write(b": \n\n"))
            due = loop.time() + HEARTBEAT_S
        self._next_beat = loop.call_at(due, self._beat)

    def _end_beat(self) -> None:
        if self._next_beat is not None:
            self._next_beat.cancel()
        if self._beating is not None:
            self._beating.cancel()
