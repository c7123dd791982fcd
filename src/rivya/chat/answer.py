"""Have one turn answered: ask the model's providers in turn, pass on what they say, and tell how it ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

import structlog

from rivya import metrics
from rivya.chat.model import CountedBy, Ending, Failure, Finish, Turn
from rivya.chat.tokens import estimated, estimated_input, framed
from rivya.kit.tracing import span
from rivya.providers.chat import ChatFailed, ChatProvider, Delta, FinishReason, Question, Usage
from rivya.providers.tokenizers import Tokenizers

log = structlog.get_logger()

Hear = Callable[[Sequence[Delta]], Awaitable[None]]

_LONGEST_PAUSE_S = 3.0
_MOST_HALVINGS = 3
_MOST_PER_TOKEN = 64
"""Characters: no tokenizer in use has longer tokens on average, so a longer answer is not what was asked for."""


@dataclass(slots=True)
class Answer:
    """What was said so far."""

    content: list[str] = field(default_factory=list[str])
    thoughts: list[str] = field(default_factory=list[str])
    hidden: list[str] = field(default_factory=list[str])
    """Thoughts that the caller is not to see: they are counted, and go nowhere."""
    asked: Question | None = None
    """What was asked last: less than the whole conversation where that was too long."""
    usage: Usage | None = None
    """As the provider tells it: at the end, or so far from one that counts as it goes."""
    counted: Usage | None = None
    """By the model's own tokenizer, where the provider tells no usage."""
    finish_reason: FinishReason | None = None
    length: int = 0
    asked_at: float = field(default_factory=time.perf_counter)
    first_piece_s: float | None = None
    """How long it took until something was said."""

    @property
    def begun(self) -> bool:
        return bool(self.content or self.thoughts)

    def add(self, deltas: Sequence[Delta]) -> None:
        if self.first_piece_s is None:
            self.first_piece_s = time.perf_counter() - self.asked_at
        for delta in deltas:
            self.length += len(delta.content) + len(delta.thoughts)
            if delta.content:
                self.content.append(delta.content)
            if delta.thoughts:
                self.thoughts.append(delta.thoughts)

    def hide(self, deltas: Sequence[Delta]) -> Sequence[Delta]:
        """Keep the thoughts to count them, and return the rest."""
        hidden = [delta.thoughts for delta in deltas if delta.thoughts]
        self.hidden += hidden
        self.length += sum(map(len, hidden))
        return [Delta(delta.content) for delta in deltas if delta.content]

    def texts(self) -> tuple[str, str]:
        """Return content and thoughts, without the NUL that PostgreSQL cannot hold."""
        return "".join(self.content).replace("\x00", ""), "".join(self.thoughts).replace("\x00", "")

    def counted_texts(self) -> tuple[str, str, str]:
        """Return all that was made: content, thoughts, and those that were hidden."""
        return *self.texts(), "".join(self.hidden)


@dataclass(frozen=True, slots=True)
class Way:
    """One provider that may answer, and its own name of the model."""

    provider: ChatProvider
    target: str


async def answer(question: Question, ways: Sequence[Way], into: Answer, hear: Hear) -> None:
    """Fill ``into`` with the answer, and let ``hear`` have each piece as it arrives.

    The next provider is asked only when the one before surely did no work. The last one, if it is busy for a moment, is
    asked once more; one for which the conversation is too long is asked with less of it. Raises ChatFailed.
    """
    failed = ChatFailed("unavailable", "no provider")
    for number, way in enumerate(ways, 1):
        asked, halvings, patient = replace(question, target=way.target), 0, number == len(ways)
        while True:
            try:
                await _ask(way.provider, asked, into, hear)
                return
            except ChatFailed as error:
                failed = error
                metrics.CHAT_FAULTS.labels(way.provider.name, error.reason).inc()
                log.warning(
                    "chat.failed",
                    turn=question.id,
                    provider=way.provider.name,
                    reason=error.reason,
                    detail=error.detail,
                )
                if into.begun or not error.refused:
                    raise
            shorter = _halved(asked) if failed.reason == "too_long" and halvings < _MOST_HALVINGS else None
            if shorter is not None:
                asked, halvings = shorter, halvings + 1
            elif patient and failed.retry_after_s is not None and failed.retry_after_s <= _LONGEST_PAUSE_S:
                patient = False
                await asyncio.sleep(failed.retry_after_s)
            else:
                break
        if failed.reason in ("too_long", "rejected"):
            break
    raise failed


async def _ask(provider: ChatProvider, question: Question, into: Answer, hear: Hear) -> None:
    reply = None
    into.asked = question
    asking = span("chat.ask", kind="client", rivya__provider=provider.name, rivya__target=question.target)
    try:
        with asking as traced:
            async with provider.ask(question) as reply:
                async for deltas in reply.pieces():
                    into.usage = reply.usage
                    if not question.shows_thoughts:
                        deltas = into.hide(deltas)
                    if deltas:
                        if not into.begun:
                            traced.event("first piece")
                        into.add(deltas)
                        await hear(deltas)
                    if into.length > question.max_tokens * _MOST_PER_TOKEN:
                        raise ChatFailed("unavailable", f"more than {question.max_tokens} tokens can be")
    finally:
        # Known also to who left early: some providers tell what was really made.
        if reply is not None:
            into.usage, into.finish_reason = reply.usage, reply.finish_reason
            if reply.untold:
                into.add([Delta(reply.untold)])


def _halved(question: Question) -> Question | None:
    """Return the question with the older half of the conversation left out; None if only the newest is left."""
    system = [said for said in question.messages if said.role == "system"]
    rest = [said for said in question.messages if said.role != "system"]
    if len(rest) < 2:
        return None
    kept = rest[-(-len(rest) // 2) :]
    while len(kept) > 1 and kept[0].role != "user":
        kept = kept[1:]
    return replace(question, messages=[*system, *kept])


async def have_counted(turn: Turn, said: Answer, tokenizers: Tokenizers) -> None:
    """Have the model's tokenizer count what the provider did not, if it is known."""
    if not said.begun or said.usage is not None:
        return
    asked = said.asked
    made = said.counted_texts()
    counts = await tokenizers.count(turn.model, [*made, *(asked.texts if asked is not None else ())])
    if counts is not None:
        each = counts[len(made) :]
        input_tokens = framed(each, images=asked.image_count) if asked is not None else turn.input_tokens
        said.counted = Usage(input_tokens, sum(counts[: len(made)]))


def ended(turn: Turn, said: Answer, *, finish: Finish | None, failure: Failure | None = None) -> Ending:
    """Return how a turn ends that said this, and what it costs. A turn that made nothing failed, and costs nothing.

    ``finish`` None: it ended by itself. Without a stream nobody has seen an answer that was cut short, so it failed.
    """
    content, thoughts = said.texts()
    cut = finish is not None
    if not said.begun or (cut and not turn.streamed):
        return Ending("failed", failure=failure or "empty")
    used, counted_by = _used(turn, said)
    return Ending(
        status="stopped" if cut else "completed",
        content=content,
        thoughts=thoughts,
        finish_reason=finish or said.finish_reason or "stop",
        failure=failure,
        input_tokens=used.input_tokens,
        output_tokens=used.output_tokens,
        counted_by=counted_by,
        credits=min(
            turn.reserved_credits,
            turn.price.credits(input_tokens=used.input_tokens, output_tokens=used.output_tokens),
        ),
    )


def _used(turn: Turn, said: Answer) -> tuple[Usage, CountedBy]:
    if said.usage is not None:
        return said.usage, "upstream"
    if said.counted is not None:
        return said.counted, "tokenizer"
    asked, output_tokens = said.asked, sum(map(estimated, said.counted_texts()))
    if asked is None:
        return Usage(turn.input_tokens, output_tokens), "estimate"
    return Usage(estimated_input(asked.texts, images=asked.image_count), output_tokens), "estimate"
