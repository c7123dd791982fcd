"""HTTP/1.1 on one connection, with what uvicorn leaves unbounded bounded: heads, trailers, and the wait for a head.

What is no request at all never reaches the app, so it is answered here, in the words of the error table.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, cast

import msgspec
import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from rivya.errors import PublicError, ValidationFailed
from rivya.kit.ids import new_id

log = structlog.get_logger()


class BoundedHttp(HttpToolsProtocol):
    """Refuses what is no HTTP, and heads and trailers that are too large, with 400; drops a head that does not come."""

    most_head_bytes: ClassVar = 64 * 1024
    """Of a request's first line with its headers, and of its trailers."""
    head_within_s: ClassVar = 60.0
    linger_s: ClassVar = 2.0

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._kept_bytes = 0
        self._unread_bytes = 0
        self._refused = False
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(HeadWithBody(transport, self.loop))  # pyright: ignore[reportArgumentType]
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._unread_bytes += len(data)
        super().data_received(data)
        # The parser hands a header out once it is whole: until then only this knows how much of it has come.
        if self._unread_bytes > self.most_head_bytes and not self._refused and not self.transport.is_closing():
            self._refuse(_too_large(self.most_head_bytes))

    def on_message_begin(self) -> None:
        self._kept_bytes = 0
        self._await_head()
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._keep(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._keep(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._kept_bytes = self._unread_bytes = 0
        self._stop_waiting()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unread_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unread_bytes = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Called when the parser gave up, of itself or because ``_keep`` made it."""
        if self._kept_bytes > self.most_head_bytes:
            self._refuse(_too_large(self.most_head_bytes))
        else:
            self._refuse(ValidationFailed("This is not a request in HTTP/1.1."))

    def _keep(self, count: int) -> None:
        self._kept_bytes += count
        if self._kept_bytes > self.most_head_bytes:
            raise ValueError("too large a head")  # the parser stops, and send_400_response is called

    def _await_head(self) -> None:
        self._stop_waiting()
        self._deadline = self.loop.call_later(self.head_within_s, self._give_up)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()

    def _refuse(self, error: PublicError) -> None:
        """Answer, unless an answer is on its way already, and let the connection go.

        To close at once would reset it, and throw the answer away, while the client still sends (RFC 9112, 9.6).
        """
        self._refused = True
        self._stop_waiting()
        self.pipeline.clear()
        if self.cycle is not None and not self.cycle.response_complete:  # pyright: ignore[reportUnnecessaryComparison]
            self.cycle.disconnected = True  # whoever reads this body hears that its client has gone
            self.cycle.message_event.set()
            if self.cycle.response_started:
                self.transport.close()
                return
        request_id = new_id("req")
        log.info("http.refused", request_id=request_id, status=error.status, reason=error.message)
        self.transport.write(_answer(error, request_id))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._deadline = self.loop.call_later(self.linger_s, self._give_up)


class HeadWithBody:
    """A transport that holds the head of an answer back until its body begins, for one turn of the loop at most: what
    goes out at once is one packet, and one system call, of which an answer in one piece would otherwise have two.
    """

    def __init__(self, transport: asyncio.BaseTransport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._loop = loop
        self._head = b""

    def write(self, data: bytes) -> None:
        if data.startswith(b"HTTP/1.1 ") and not self._head:
            self._head = data
            self._loop.call_soon(self._flush)
            return
        head, self._head = self._head, b""
        self._transport.write(head + data)

    def write_eof(self) -> None:
        self._flush()
        self._transport.write_eof()

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _flush(self) -> None:
        if self._head:
            self.write(b"")


def _too_large(most: int) -> ValidationFailed:
    return ValidationFailed(f"The head of a request, and its trailers, must be at most {most} bytes.")


def _answer(error: PublicError, request_id: str) -> bytes:
    body = msgspec.json.encode({"error": {"code": error.code, "message": error.message, "requestId": request_id}})
    head = (
        f"HTTP/1.1 {error.status} Bad Request\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"X-Request-Id: {request_id}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
