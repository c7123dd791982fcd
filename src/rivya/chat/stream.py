"""A turn as server-sent events: created, deltas, and one terminal event, whatever happens."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import structlog
from litestar.types import Receive, Scope, Send

from rivya.chat.refusals import broken_off
from rivya.chat.schemas import Completion, Created, DeltaEvent, DeltaText, ReservedCredits
from rivya.chat.service import Begun, Chat
from rivya.errors import InternalError, PublicError
from rivya.http import envelope
from rivya.kit.sse import EventWriter, event
from rivya.providers.chat import Delta

log = structlog.get_logger()

_encode = msgspec.json.Encoder().encode
CREATED = "chat.completion.created"
DELTA = "chat.completion.delta"
COMPLETED = "chat.completion.completed"
_NO_TEXT = DeltaText("", "")


class TurnStream:
    """The answer to a streaming call: runs the turn while it is read, and stops it when the reader goes away."""

    def __init__(self, chat: Chat, begun: Begun) -> None:
        self._chat = chat
        self._begun = begun

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        writer = EventWriter(scope, receive, send)
        turn = self._begun.turn

        told = _Deltas(turn.id)

        async def hear(deltas: Sequence[Delta]) -> None:
            await writer.write(told.events(deltas))

        async def tell() -> bytes:
            await writer.write(
                event(
                    CREATED,
                    _encode(Created(turn.id, turn.session, turn.model, ReservedCredits(turn.reserved_credits))),
                )
            )
            try:
                return event(COMPLETED, await self._chat.answer(self._begun, hear))
            except PublicError as error:
                return event("error", envelope(scope, error))
            except Exception:
                log.exception("chat.stream_failed", turn=turn.id)
                return event("error", envelope(scope, InternalError()))

        try:
            await writer.run(tell)
        finally:
            self._chat.give_up(self._begun)


class ReplayStream:
    """The first answer under an Idempotency-Key, as one stream again."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        first = msgspec.json.decode(self._body, type=Completion)
        credits = ReservedCredits(first.credits.reserved)
        whole = Delta(first.message.content, first.message.thoughts or "")
        told = _Deltas(first.id)
        broke_off = first.message.finish_reason == "error"
        parts = [
            event(CREATED, _encode(Created(first.id, first.session_id, first.model, credits))),
            told.events([Delta(thoughts=whole.thoughts)] if whole.thoughts else []),
            told.events([Delta(whole.content)] if whole.content else []),
            event("error", envelope(scope, broken_off())) if broke_off else event(COMPLETED, self._body),
        ]
        writer = EventWriter(scope, receive, send, headers={"Idempotent-Replayed": "true"})

        async def tell() -> bytes:
            return b"".join(parts)

        await writer.run(tell)


class _Deltas:
    """The events of one turn's pieces. What they all begin with is written once: a stream may have thousands."""

    def __init__(self, turn: str) -> None:
        whole = event(DELTA, _encode(DeltaEvent(turn, _NO_TEXT)))
        self._before, _, self._after = whole.rpartition(_encode(_NO_TEXT))

    def events(self, deltas: Sequence[Delta]) -> bytes:
        before, after = self._before, self._after
        return b"".join(
            [b"%b%b%b" % (before, _encode(DeltaText(delta.content, delta.thoughts)), after) for delta in deltas]
        )
