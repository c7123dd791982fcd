"""The built-in language model as a chat provider: in a process of its own, beside the one that serves HTTP."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager

from rivya.engines import registry
from rivya.engines.base import ChatMessage, EngineError, InvalidInput
from rivya.engines.host import ChatRun, EngineBusy, EngineHost, EngineNotInstalled, EngineTimeout
from rivya.providers.chat import ChatFailed, Delta, FinishReason, Question, Usage


class EngineReply:
    """An answer of an engine: its usage is exact at every moment, also for one that was cut short."""

    def __init__(self, run: ChatRun) -> None:
        self._run = run

    @property
    def usage(self) -> Usage | None:
        used = self._run.usage
        return Usage(used.input_tokens, used.output_tokens) if used is not None else None

    @property
    def finish_reason(self) -> FinishReason | None:
        used = self._run.usage
        reason = used.finish_reason if used is not None else None
        return None if reason is None else "length" if reason == "length" else "stop"

    @property
    def untold(self) -> str:
        return self._run.untold

    async def pieces(self) -> AsyncIterator[Sequence[Delta]]:
        try:
            async for piece in self._run.pieces():
                if piece:
                    yield [Delta(piece)]
        except EngineError as error:
            raise _failed(error) from error


class EngineChat:
    name = "engines"
    searches_web = False

    def __init__(self, host: EngineHost, *, longest_s: float = 300.0) -> None:
        self._host = host
        self._longest_s = longest_s

    def serves(self, target: str) -> bool:
        entry = registry.ENGINES.get(target)
        return entry is not None and entry.kind == "chat" and registry.installed(target)

    @asynccontextmanager
    async def ask(self, question: Question) -> AsyncGenerator[EngineReply]:
        said = [ChatMessage(one.role, one.content) for one in question.messages]
        try:
            async with self._host.chat(
                question.target, said, max_tokens=question.max_tokens, deadline_s=self._longest_s
            ) as run:
                yield EngineReply(run)
        except EngineError as error:
            raise _failed(error) from error

    async def close(self) -> None:
        await self._host.close()


def _failed(error: EngineError) -> ChatFailed:
    """Return what an engine's error means. It costs nobody anything, so another may always be asked."""
    match error:
        case InvalidInput():
            return ChatFailed("too_long", str(error), refused=True)
        case EngineTimeout():
            return ChatFailed("timeout", str(error))
        case EngineBusy() | EngineNotInstalled():
            return ChatFailed("unavailable", str(error), refused=True)
        case _:
            return ChatFailed("unavailable", repr(error), refused=True)
