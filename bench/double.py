"""An upstream for relays: speaks chat completions, quick or at a pace, and never says the same token twice in a row.

    python -m bench.double PORT

What it does is in the model's name: ``flat`` 200 tokens as fast as they are taken, ``paced`` 200 tokens, 40 a second,
``short`` and ``plain`` 20 tokens. Without ``stream`` the answer is one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import cast

import uvloop

TOKENS = 200
FEW = 20
PACE_S = 0.025
MARK = "Tok:"
"""Every token begins so."""

_LENGTHS = {"flat": TOKENS, "paced": TOKENS, "short": FEW, "plain": FEW}
_SAME = {"id": "chatcmpl-double", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "double"}
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\n%b\r\n\r\n"


def _token(number: int) -> str:
    return f"{MARK}{number * 7919 % 1000} "


def _framed(**fields: object) -> bytes:
    data = b"data: %b\n\n" % json.dumps({**_SAME, **fields}, separators=(",", ":")).encode()
    return b"%x\r\n%b\r\n" % (len(data), data)


def _choice(delta: dict[str, str], finish_reason: str | None = None) -> list[dict[str, object]]:
    return [{"index": 0, "delta": delta, "finish_reason": finish_reason}]


def _usage(count: int) -> dict[str, int]:
    return {"prompt_tokens": 12, "completion_tokens": count, "total_tokens": 12 + count}


_PIECES = [_framed(choices=_choice({"content": _token(number)})) for number in range(TOKENS)]
_ENDS = {
    count: _framed(choices=_choice({}, "stop"))
    + _framed(choices=[], usage=_usage(count))
    + b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"
    for count in (FEW, TOKENS)
}


def _whole(count: int) -> bytes:
    message = {"role": "assistant", "content": "".join(_token(number) for number in range(count))}
    body = json.dumps(
        {
            **_SAME,
            "object": "chat.completion",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": _usage(count),
        }
    ).encode()
    return _HEAD % (b"application/json", b"Content-Length: %d" % len(body)) + body


_WHOLES = {count: _whole(count) for count in (FEW, TOKENS)}


class Answering(asyncio.Protocol):
    """One connection. Each token is a write of its own, as a model's are."""

    def __init__(self) -> None:
        self._buffer = b""
        self._gone = False
        self._slow = False
        self._waits: int | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._loop = asyncio.get_running_loop()

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone = True

    def pause_writing(self) -> None:
        self._slow = True

    def resume_writing(self) -> None:
        self._slow = False
        if self._waits is not None:
            self._next(self._waits)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        if head.startswith(b"GET "):  # which models there are
            self._buffer = b""
            self._transport.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        at = head.lower().find(b"content-length:")
        if len(body) < int(head[at + 15 :].split(b"\r\n", 1)[0]):
            return
        self._buffer = b""
        asked = json.loads(body)
        model = str(asked["model"]).rsplit("/", 1)[-1]
        if not asked.get("stream"):
            self._transport.write(_WHOLES[_LENGTHS[model]])
            return
        self._count, self._pace_s = _LENGTHS[model], PACE_S if model == "paced" else 0.0
        self._transport.write(_HEAD % (b"text/event-stream", b"Transfer-Encoding: chunked"))
        self._next(0)

    def _next(self, number: int) -> None:
        if self._gone:
            return
        if self._slow:
            self._waits = number
            return
        self._waits = None
        if number == self._count:
            self._transport.write(_ENDS[self._count])
            return
        self._transport.write(_PIECES[number])
        if self._pace_s:
            self._loop.call_later(self._pace_s, self._next, number + 1)
        else:
            self._loop.call_soon(self._next, number + 1)


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
