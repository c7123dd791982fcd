"""Answer a request that is refused before its body was read so that its sender hears of it.

A client sends its whole body before it looks for an answer, and to close the connection on bytes that were not read
resets it, which throws the answer away (RFC 9112, 9.6). So the answer goes out at once, and what still comes is read
and forgotten for a while.
"""

from __future__ import annotations

import asyncio

from litestar.types import (
    ASGIApp,
    HTTPReceiveMessage,
    Message,
    Receive,
    Scope,
    Send,
    WebSocketReceiveMessage,
)

_MOST_BYTES = 128 * 1024 * 1024
_MOST_S = 20.0
_SILENCE_S = 2.0


class Draining:
    """Middleware for routes that may answer before they have read the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        read = asked = False
        waits = any(name == b"expect" for name, _ in scope["headers"])

        async def noting_receive() -> HTTPReceiveMessage | WebSocketReceiveMessage:
            nonlocal read, asked
            asked = True
            message = await receive()
            read = read or message["type"] != "http.request" or not message.get("more_body", False)
            return message

        async def draining_send(message: Message) -> None:
            # A client that waits for "100 Continue" and was not told to go on sends no body.
            nothing_comes = read or (waits and not asked)
            if message["type"] != "http.response.body" or message.get("more_body", False) or nothing_comes:
                await send(message)
                return
            await send({**message, "more_body": True})
            await drain(receive)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

        await self._app(scope, noting_receive, draining_send)


async def drain(receive: Receive) -> None:
    """Read what still comes of a body and forget it: for a while, and so much of it."""
    count = 0
    try:
        async with asyncio.timeout(_MOST_S):
            while count <= _MOST_BYTES:
                async with asyncio.timeout(_SILENCE_S):
                    message = await receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return
                count += len(message.get("body", b""))
    except TimeoutError:
        return
