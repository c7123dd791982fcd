"""The protocol of those who answer in text, a piece at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec

FinishReason = Literal["stop", "length", "content_filter"]


@dataclass(frozen=True, slots=True)
class Image:
    content: bytes
    mime_type: str


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the conversation so far, oldest first; the newest is the user's."""

    role: Literal["system", "user", "assistant"]
    content: str
    images: Sequence[Image] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What a turn asks a model. ``None`` leaves a choice to the model."""

    id: str
    target: str
    """The provider's own name of the model."""
    messages: Sequence[Said]
    max_tokens: int
    reasoning_effort: str | None = None
    thinking: bool | None = None
    shows_thoughts: bool = True
    """Whether the caller is to see what the model thinks: some think whatever they are asked."""
    web_search: bool = False

    @property
    def texts(self) -> list[str]:
        return [message.content for message in self.messages]

    @property
    def image_count(self) -> int:
        return sum(len(message.images) for message in self.messages)


class Delta(msgspec.Struct, frozen=True, gc=False):
    """A piece of the answer, in the order in which it was made."""

    content: str = ""
    thoughts: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the model itself counts them."""

    input_tokens: int
    output_tokens: int


class ChatFailed(Exception):
    """The provider did not answer, or did not end its answer.

    ``reason``: ``unavailable`` (it cannot be reached, is overloaded or answered nonsense), ``too_long`` (the messages
    do not fit the model), ``rejected`` (it refuses what was said), ``timeout``. ``detail`` is for the log alone.
    ``refused`` says that it surely did no work, so that it, or another, may be asked.
    """

    def __init__(
        self,
        reason: Literal["unavailable", "too_long", "rejected", "timeout"],
        detail: str = "",
        *,
        refused: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason: Literal["unavailable", "too_long", "rejected", "timeout"] = reason
        self.detail = detail
        self.refused = refused
        self.retry_after_s = retry_after_s


class Reply(Protocol):
    """An answer being made. ``usage`` and ``finish_reason`` are there when it has ended, if the provider tells.

    Some tell ``usage`` as they go: then it is what was used so far.
    """

    @property
    def usage(self) -> Usage | None: ...

    @property
    def finish_reason(self) -> FinishReason | None: ...

    @property
    def untold(self) -> str:
        """What was made, and used, but not told, when the answer was left before its end."""
        ...

    def pieces(self) -> AsyncIterator[Sequence[Delta]]:
        """Yield what arrived together, as it arrives. Raises ChatFailed."""
        ...


class ChatProvider(Protocol):
    """Reads no faster than it is read: a slow reader slows the upstream."""

    name: str
    searches_web: bool
    """Whether it does anything when it is asked to search the web."""

    def serves(self, target: str) -> bool:
        """Return True if ``target`` can answer here now."""
        ...

    def ask(self, question: Question) -> AbstractAsyncContextManager[Reply]:
        """Ask: ``async with provider.ask(question) as reply``. Entering raises ChatFailed when nothing was made.

        Leaving before the end stops the model; then ``usage`` is what was really made, if the provider tells.
        """
        ...

    async def close(self) -> None:
        """Let go of everything this process holds for the provider."""
        ...
