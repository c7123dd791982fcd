"""What goes over the wire."""

from __future__ import annotations

from typing import Literal

import msgspec

from rivya.chat.model import Ending, Turn
from rivya.kit.clock import iso
from rivya.providers.chat import FinishReason

ReasoningEffort = Literal["default", "minimal", "low", "medium", "high", "xhigh"]


class Attachment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A picture of the Files API."""

    file_id: str


class CreateCompletion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /chat/completions and /chat/completions/stream."""

    model: str
    message: str
    session_id: str | None = None
    attachments: list[Attachment] = []
    enable_web_search: bool = False
    reasoning_effort: ReasoningEffort = "default"
    thinking: bool | None = None
    client_request_id: str | None = None


class AssistantMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    id: str
    role: str
    content: str
    thoughts: str | None = None
    finish_reason: FinishReason | Literal["cancelled", "error"] | None = None


class UsageObject(msgspec.Struct, frozen=True):
    input_tokens: int
    output_tokens: int
    total_tokens: int


class TurnCredits(msgspec.Struct, frozen=True):
    reserved: int
    final: int


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """A turn that has ended. ``message.finish_reason`` tells how: ``cancelled`` and ``error`` cut it short."""

    id: str
    object: str = "chat.completion"
    session_id: str
    model: str
    created_at: str
    message: AssistantMessage
    usage: UsageObject
    credits: TurnCredits


class ReservedCredits(msgspec.Struct, frozen=True):
    reserved: int


class Created(msgspec.Struct, frozen=True):
    """The first event of a stream."""

    id: str
    session_id: str
    model: str
    credits: ReservedCredits


class DeltaText(msgspec.Struct, frozen=True, omit_defaults=True):
    content: str = ""
    thoughts: str = ""


class DeltaEvent(msgspec.Struct, frozen=True):
    """A piece of the answer, in a stream."""

    id: str
    delta: DeltaText


class SessionObject(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    object: str = "chat.session"
    model: str
    title: str
    message_count: int
    created_at: str
    updated_at: str


class MessageObject(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    role: Literal["user", "assistant"]
    content: str
    attachments: list[Attachment]
    created_at: str
    thoughts: str | msgspec.UnsetType | None = msgspec.UNSET
    finish_reason: str | msgspec.UnsetType | None = msgspec.UNSET


class SessionDetail(SessionObject, frozen=True, kw_only=True):
    """A session with its messages, oldest first."""

    messages: list[MessageObject]


def completion_body(turn: Turn, ending: Ending, message_id: str | None) -> bytes | None:
    """Return a turn that has ended as it goes over the wire; None for one that failed, which has no message."""
    if message_id is None:
        return None
    made = Completion(
        id=turn.id,
        session_id=turn.session,
        model=turn.model,
        created_at=iso(turn.created_at),
        message=AssistantMessage(
            id=message_id,
            role="assistant",
            content=ending.content,
            thoughts=ending.thoughts or None,
            finish_reason=ending.finish_reason,
        ),
        usage=UsageObject(ending.input_tokens, ending.output_tokens, ending.input_tokens + ending.output_tokens),
        credits=TurnCredits(turn.reserved_credits, ending.credits),
    )
    return msgspec.json.encode(made)
