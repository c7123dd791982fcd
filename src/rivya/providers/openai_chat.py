"""Any upstream that speaks chat completions: vendors, vLLM, llama.cpp, Ollama. Who and where is in providers.toml."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from rivya.providers.chat import ChatFailed, Delta, FinishReason, Question, Usage
from rivya.providers.wire.chat_completions import MOST_LINE_BYTES, ReplyReader, refused, request_body

_MOST_ERROR_BYTES = 64 * 1024
_MOST_WHOLE_BYTES = 8 * MOST_LINE_BYTES
_UNREACHABLE = (aiohttp.ClientError, OSError)


@dataclass(frozen=True, slots=True)
class Upstream:
    """One upstream, as the operator wrote it down. ``url`` is that of the path below which /chat/completions is."""

    name: str
    url: str
    key: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Mapping[str, object] = field(default_factory=dict[str, object])
    thinking_body: Mapping[str, object] = field(default_factory=dict[str, object])
    web_search_body: Mapping[str, object] = field(default_factory=dict[str, object])
    first_s: float = 60.0
    """How long to wait for the first piece of an answer."""
    idle_s: float = 60.0
    """How long to wait for the next one."""


class OpenAIChat:
    """The operator chose the address, so it may be a private one; redirects are not followed, whoever sends them."""

    def __init__(self, upstream: Upstream, *, connections: int = 512) -> None:
        self.name = upstream.name
        self._upstream = upstream
        self._connections = connections
        self._opened: aiohttp.ClientSession | None = None

    def serves(self, target: str) -> bool:
        return True

    @asynccontextmanager
    async def ask(self, question: Question) -> AsyncGenerator[_Reply]:
        upstream = self._upstream
        extra = {
            **upstream.body,
            **(upstream.thinking_body if question.thinking else {}),
            **(upstream.web_search_body if question.web_search else {}),
        }
        try:
            async with asyncio.timeout(upstream.first_s):
                answer = await self._session().post(
                    f"{upstream.url.rstrip('/')}/chat/completions",
                    data=request_body(question, extra),
                    allow_redirects=False,
                )
        except TimeoutError:
            raise ChatFailed("timeout", f"no answer in {upstream.first_s} s") from None
        except aiohttp.ClientConnectorError as error:
            raise ChatFailed("unavailable", repr(error), refused=True) from error
        except _UNREACHABLE as error:
            raise ChatFailed("unavailable", repr(error)) from error
        try:
            if answer.status != 200:
                raise refused(answer.status, await _start(answer, upstream.idle_s), _retry_after(answer))
            yield _Reply(answer, upstream)
        finally:
            answer.close()  # what was not read to its end is cut: the upstream stops, or notices

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()

    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            headers = {"Content-Type": "application/json", "Accept": "text/event-stream", **self._upstream.headers}
            if self._upstream.key:
                headers["Authorization"] = f"Bearer {self._upstream.key}"
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=30),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
                trust_env=False,
                read_bufsize=64 * 1024,
            )
        return self._opened


class _Reply:
    def __init__(self, answer: aiohttp.ClientResponse, upstream: Upstream) -> None:
        self._answer = answer
        self._upstream = upstream
        self._reader = ReplyReader()

    @property
    def usage(self) -> Usage | None:
        return self._reader.usage

    @property
    def finish_reason(self) -> FinishReason | None:
        return self._reader.finish_reason

    async def pieces(self) -> AsyncIterator[Sequence[Delta]]:
        if self._answer.content_type == "application/json":
            yield self._reader.whole(await _whole(self._answer, self._upstream.idle_s))
            return
        if self._answer.content_type != "text/event-stream":
            raise ChatFailed("unavailable", f"answered with {self._answer.content_type}")
        wait_s = self._upstream.first_s
        while not self._reader.done:
            try:
                # Not asyncio.timeout around the yield: a slow reader is no fault of the upstream's.
                async with asyncio.timeout(wait_s):
                    data = await self._answer.content.readany()
            except TimeoutError:
                raise ChatFailed("timeout", f"silent for {wait_s} s") from None
            except _UNREACHABLE as error:
                raise ChatFailed("unavailable", repr(error)) from error
            if not data:
                self._reader.end()
                return
            if deltas := self._reader.feed(data):
                wait_s = self._upstream.idle_s
                yield deltas
            if self._reader.failure is not None:
                raise self._reader.failure


async def _start(answer: aiohttp.ClientResponse, idle_s: float) -> bytes:
    """Return the beginning of an error's body: enough to tell what it is."""
    try:
        async with asyncio.timeout(idle_s):
            return await answer.content.read(_MOST_ERROR_BYTES)
    except (TimeoutError, *_UNREACHABLE):
        return b""


async def _whole(answer: aiohttp.ClientResponse, idle_s: float) -> bytes:
    data = bytearray()
    try:
        async with asyncio.timeout(idle_s):
            async for chunk in answer.content.iter_any():
                data += chunk
                if len(data) > _MOST_WHOLE_BYTES:
                    raise ChatFailed("unavailable", f"an answer of more than {_MOST_WHOLE_BYTES} bytes")
    except TimeoutError:
        raise ChatFailed("timeout", f"not whole in {idle_s} s") from None
    except _UNREACHABLE as error:
        raise ChatFailed("unavailable", repr(error)) from error
    return bytes(data)


def _retry_after(answer: aiohttp.ClientResponse) -> float | None:
    """Return the seconds of Retry-After; dates are rare here, and only make the wait unknown."""
    given = answer.headers.get("Retry-After", "").strip()
    return float(given) if given.isascii() and given.isdigit() and len(given) < 6 else None
