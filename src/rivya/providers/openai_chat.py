"""Any upstream that speaks chat completions: vendors, vLLM, llama.cpp, Ollama. Who and where is in providers.toml."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from rivya.kit import outbound
from rivya.kit.outbound import OPERATORS, Outbound, OutboundError, Patience
from rivya.providers.chat import ChatFailed, Delta, FinishReason, Question, Usage
from rivya.providers.wire.chat_completions import MOST_LINE_BYTES, ReplyReader, request_body
from rivya.providers.wire.chat_failures import refused

_MOST_ERROR_BYTES = 64 * 1024
_MOST_WHOLE_BYTES = 8 * MOST_LINE_BYTES
_CONNECT_S = 10.0
_END_S = 0.02
"""How long an answer that is complete may keep its connection from the next one: else that is a new connection."""


_LET_BY = 2
"""How often all others have their turn between two pieces of an answer; measured in docs/adr/0021."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """One upstream, as the operator wrote it down. ``url`` is that of the path below which /chat/completions is."""

    name: str
    url: str
    key: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Mapping[str, object] = field(default_factory=dict[str, object])
    thinking_body: Mapping[str, object] = field(default_factory=dict[str, object])
    no_thinking_body: Mapping[str, object] = field(default_factory=dict[str, object])
    web_search_body: Mapping[str, object] | None = None
    """None: it cannot search the web."""
    max_tokens_field: str = "max_tokens"
    stream_options: bool = True
    first_s: float = 60.0
    """How long to wait for the first piece of an answer."""
    idle_s: float = 60.0
    """How long to wait for the next one."""


class OpenAIChat:
    """The operator chose the address, so it may be a private one; redirects are not followed, whoever sends them."""

    def __init__(self, upstream: Upstream, *, connections: int = 512) -> None:
        self.name = upstream.name
        self.searches_web = upstream.web_search_body is not None
        self._upstream = upstream
        self._url = f"{upstream.url.rstrip('/')}/chat/completions"
        self._headers = {"Content-Type": "application/json", "Accept": "text/event-stream", **upstream.headers}
        if upstream.key:
            self._headers["Authorization"] = f"Bearer {upstream.key}"
        self._patience = Patience(connect_s=_CONNECT_S, answer_s=upstream.first_s, silence_s=upstream.idle_s)
        self._connections = connections
        self._opened: Outbound | None = None

    def serves(self, target: str) -> bool:
        return True

    @asynccontextmanager
    async def ask(self, question: Question) -> AsyncGenerator[_Reply]:
        upstream = self._upstream
        extra = {
            **upstream.body,
            **(upstream.thinking_body if question.thinking else {}),
            **(upstream.no_thinking_body if question.thinking is False else {}),
            **((question.web_search and upstream.web_search_body) or {}),
        }
        body = request_body(
            question, extra, max_tokens_field=upstream.max_tokens_field, asks_for_usage=upstream.stream_options
        )
        asking = self._outbound().request("POST", self._url, headers=self._headers, body=body, patience=self._patience)
        try:
            # What was not read to its end is cut when this block ends: the upstream stops, or notices.
            async with asking as answer:
                if answer.status != 200:
                    raise refused(answer.status, await _start(answer), _retry_after(answer))
                yield _Reply(answer, upstream)
        except OutboundError as error:
            raise _failed(error) from error

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()

    def _outbound(self) -> Outbound:
        if self._opened is None:
            self._opened = Outbound(OPERATORS, connections=self._connections)
        return self._opened


class _Reply:
    def __init__(self, answer: outbound.Answer, upstream: Upstream) -> None:
        self._answer = answer
        self._upstream = upstream
        self._reader = ReplyReader()

    @property
    def usage(self) -> Usage | None:
        return self._reader.usage

    @property
    def finish_reason(self) -> FinishReason | None:
        return self._reader.finish_reason

    @property
    def untold(self) -> str:
        return ""  # what nobody read, nobody has

    async def pieces(self) -> AsyncIterator[Sequence[Delta]]:
        if self._answer.is_encoded:
            raise ChatFailed("unavailable", "answered in a Content-Encoding that was not asked for")
        if self._answer.content_type == "application/json":
            yield self._reader.whole(await self._whole())
            return
        if self._answer.content_type != "text/event-stream":
            raise ChatFailed("unavailable", f"answered with {self._answer.content_type}")
        wait_s = self._upstream.first_s
        while not self._reader.done:
            try:
                data = await self._answer.piece(within_s=wait_s)
            except OutboundError as error:
                raise _failed(error) from error
            if not data:
                self._reader.end()
                return
            if deltas := self._reader.feed(data):
                wait_s = self._upstream.idle_s
                yield deltas
                # Others first: what comes meanwhile is told together, and a busy process has less to do.
                if self._reader.together > 1:
                    for _ in range(_LET_BY):
                        await asyncio.sleep(0)
            if self._reader.failure is not None:
                raise self._reader.failure
        await self._answer.end(within_s=_END_S)

    async def _whole(self) -> bytes:
        try:
            return b"".join([chunk async for chunk in self._answer.chunks(most_bytes=_MOST_WHOLE_BYTES)])
        except OutboundError as error:
            raise _failed(error) from error


async def _start(answer: outbound.Answer) -> bytes:
    """Return the beginning of an error's body: enough to tell what it is."""
    try:
        return await answer.beginning(_MOST_ERROR_BYTES)
    except OutboundError:
        return b""


def _failed(error: OutboundError) -> ChatFailed:
    """Return what an upstream that cannot be talked to means. Only what was never sent was surely not worked on."""
    detail = f"{type(error).__name__}: {error}"
    match error:
        case outbound.Refused() | outbound.Unreachable():
            return ChatFailed("unavailable", detail, refused=True)
        case outbound.TooSlow():
            return ChatFailed("timeout", detail)
        case _:
            return ChatFailed("unavailable", detail)


def _retry_after(answer: outbound.Answer) -> float | None:
    """Return the seconds of Retry-After; dates are rare here, and only make the wait unknown."""
    given = answer.headers.get("Retry-After", "").strip()
    return float(given) if given.isascii() and given.isdigit() and len(given) < 6 else None
