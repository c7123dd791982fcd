"""An upstream that speaks chat completions, and misbehaves as it is told: by the first word of the newest message."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

WORDS = [
    "the",
    "quick",
    "brown",
    "fox",
    "jumps",
    "over",
    "a",
    "lazy",
    "dog",
    "and",
    "runs",
    "far",
    "away",
    "under",
    "stars",
    "that",
    "nobody",
    "counted",
]
_THOUGHTS_FIELD = {"think": "reasoning_content", "musing": "reasoning_content", "reason": "reasoning"}
"""What DeepSeek and vLLM call it, and what OpenRouter does."""


@dataclass
class Upstream:
    """Runs in a thread of its own, ``with Upstream() as upstream``; ``asked`` are the bodies it was sent."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""
    open_streams: int = 0
    always: str | None = None
    """What it does whatever it is told."""
    _told: asyncio.Event = field(default_factory=asyncio.Event)

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()

        async def serve() -> None:
            app = web.Application(client_max_size=64 * 1024 * 1024)
            app.router.add_post("/v1/chat/completions", self._complete)
            self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.5)
            await self._runner.setup()
            site = web.TCPSite(self._runner, "127.0.0.1", 0)
            await site.start()
            host, port = self._runner.addresses[0][:2]
            self.url = f"http://{host}:{port}/v1"
            ready.set()

        def run() -> None:
            asyncio.set_event_loop(self._loop)
            self._loop.run_until_complete(serve())
            self._loop.run_forever()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        assert ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def go_on(self) -> None:
        """Have an answer of the kind ``wait`` go on after its first piece."""
        self._loop.call_soon_threadsafe(self._told.set)

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.asked.append(body)
        content = body["messages"][-1]["content"]
        text = content if isinstance(content, str) else content[0]["text"]
        kind, _, rest = (self.always or text).partition(" ")
        match kind:
            case "status":
                return web.json_response({"error": {"message": "not now"}}, status=int(rest))
            case "drop":
                assert request.transport is not None
                request.transport.close()
                return web.Response()
            case "busy" | "recovering" if kind == "busy" or len(self.asked) == 1:
                return web.json_response({"error": {"message": "slow down"}}, status=429, headers={"Retry-After": rest})
            case "echo":
                return await self._echo(request, text, rest.split()[0])
            case "html":
                return web.Response(text="<html>a login page</html>", content_type="text/html")
            case "whole":
                return web.json_response(
                    {
                        "choices": [{"message": {"content": "all at once"}, "finish_reason": "stop"}],
                        "usage": {"prompt_tokens": 7, "completion_tokens": 3},
                    }
                )
            case "long" | "crowded" if kind == "long" or len(body["messages"]) > 3:
                return web.json_response(
                    {"error": {"code": "context_length_exceeded", "message": "maximum context length is 8"}}, status=400
                )
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        self.open_streams += 1
        try:
            await self._stream(request, answer, kind, rest)
        finally:
            self.open_streams -= 1
        return answer

    async def _echo(self, request: web.Request, text: str, how: str) -> web.StreamResponse:
        """Fail, and quote what was sent, as vendors do: with the status ``how``, or after a piece of an answer."""
        quoted = f"{request.headers.get('Authorization')} {text}"
        error = {"error": {"message": quoted, "type": "invalid_request_error", "code": "invalid_prompt"}}
        if how == "422":
            return web.json_response({"detail": [{"type": "string_type", "input": quoted}]}, status=422)
        if how == "502":
            return web.Response(text=quoted, status=502)
        if how.isdigit():
            return web.json_response(error, status=int(how))
        last = {
            "error": json.dumps(error),
            "garbage": f'{{"choices": {quoted}',
            "shape": json.dumps({"choices": quoted}),
        }
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        await answer.write(_chunk({"content": f"You said: {quoted}"}))
        await answer.write(f"data: {last[how]}\n\n".encode())
        return answer

    async def _stream(self, request: web.Request, answer: web.StreamResponse, kind: str, rest: str) -> None:
        count = int(rest) if rest.isdigit() else 5
        if kind in _THOUGHTS_FIELD:
            await answer.write(_chunk({_THOUGHTS_FIELD[kind]: "let me see"}))
        if kind == "garbage":
            await answer.write(b"data: {not json\n\n")
            return
        if kind == "line":
            for _ in range(160):
                await answer.write(b"x" * 65536)
            return
        for number in range(count):
            usage = {"prompt_tokens": 11, "completion_tokens": number + 1} if kind == "counting" else None
            piece = _chunk({"content": WORDS[number % len(WORDS)] + " "}, usage=usage)
            if kind == "split":
                piece = _chunk({"content": "żółw 🐢 "})
                for start in range(0, len(piece), 3):
                    await answer.write(piece[start : start + 3])
                    await asyncio.sleep(0)
                continue
            await answer.write(piece)
            if kind == "wait" and number == 0:
                await self._told.wait()
                self._told.clear()
            if kind in ("slow", "counting"):
                await asyncio.sleep(0.02)
        if kind == "hang":
            await asyncio.sleep(60)
        if kind == "break":
            answer._payload_writer.transport.close()
            return
        if kind == "error":
            await answer.write(b'data: {"error": {"message": "the machine is on fire"}}\n\n')
            return
        await answer.write(_chunk({}, finish_reason="stop"))
        if kind not in ("uncounted", "crowded", "musing"):
            prompt_tokens = 10**30 if kind == "boasting" else 11
            usage = {"choices": [], "usage": {"prompt_tokens": prompt_tokens, "completion_tokens": count}}
            await answer.write(b"data: %b\n\n" % json.dumps(usage).encode())
        await answer.write(b"data: [DONE]\n\n")


def _chunk(delta: dict[str, str], *, finish_reason: str | None = None, usage: dict[str, int] | None = None) -> bytes:
    body = {"choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}], "usage": usage}
    return b"data: %b\n\n" % json.dumps(body, ensure_ascii=False).encode()
