"""What goes over the wire."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from rivya.chat.model import Ending, Turn
from rivya.kit.clock import iso
from rivya.providers.chat import FinishReason

ReasoningEffort = Literal["default", "minimal", "low", "medium", "high", "xhigh"]


class Attachment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A picture of the Files API."""

    file_id: str
    """The id of a picture that was uploaded with `POST /files`."""


class CreateCompletion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /chat/completions and /chat/completions/stream."""

    model: str
    """Which model answers."""
    message: str
    """What the user says."""
    session_id: str | None = None
    """The session that goes on; without it a new one begins. It belongs to one model."""
    attachments: list[Attachment] = []
    """Pictures that belong to the message, at most 8; for models with `image_attachments`."""
    enable_web_search: bool = False
    """Whether the model may look things up; for models with `web_search`."""
    reasoning_effort: ReasoningEffort = "default"
    """How much it may think: one of the model's `reasoning_efforts`, or `default`."""
    thinking: bool | None = None
    """Whether its thoughts are shown; null leaves it to the model. For models with `thoughts`."""
    client_request_id: str | None = None
    """A trace of yours."""


class AssistantMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    id: str
    """The id of the message in its session."""
    role: str
    """Always `assistant`."""
    content: str
    """What was answered."""
    thoughts: str | None = None
    """What was thought before, if the model shows it."""
    finish_reason: FinishReason | Literal["cancelled", "error"] | None = None
    """Why it ended: `stop`, `length` (the longest answer), `content_filter`, `cancelled` (you went away), `error`."""


class UsageObject(msgspec.Struct, frozen=True):
    input_tokens: int
    """Of all that the model was told: system text, history and message."""
    output_tokens: int
    """Of the answer, with its thoughts."""
    total_tokens: int
    """The sum of both."""


class TurnCredits(msgspec.Struct, frozen=True):
    reserved: int
    """What was set aside when the turn began: the most that it could cost."""
    final: int
    """What it cost; the rest went back."""


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """A turn that has ended. ``message.finish_reason`` tells how: ``cancelled`` and ``error`` cut it short."""

    id: str
    """The id of the turn."""
    object: str = "chat.completion"
    session_id: str
    """The session that it belongs to: send it to go on."""
    model: str
    """Which model answered."""
    created_at: str
    message: AssistantMessage
    """The answer."""
    usage: UsageObject
    """What was counted."""
    credits: TurnCredits
    """What was set aside, and what it cost."""


class ReservedCredits(msgspec.Struct, frozen=True):
    reserved: int
    """What is set aside: the most that the turn can cost."""


class Created(msgspec.Struct, frozen=True):
    """The first event of a stream."""

    id: str
    """The id of the turn."""
    session_id: str
    """The session that it belongs to: send it to go on."""
    model: str
    """Which model answers."""
    credits: ReservedCredits
    """What is set aside."""


class DeltaText(msgspec.Struct, frozen=True, omit_defaults=True):
    content: str = ""
    """The next piece of the answer: one token or several."""
    thoughts: str = ""
    """The next piece of the model's thoughts."""


class DeltaEvent(msgspec.Struct, frozen=True):
    """A piece of the answer, in a stream."""

    id: str
    """The id of the turn."""
    delta: Annotated[DeltaText, Meta(extra_json_schema={"examples": [{"content": "Paris"}]})]
    """What is new: the pieces, one after another, are the whole."""


class SessionObject(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    """Send it as `session_id` to go on."""
    object: str = "chat.session"
    model: str
    """The model that it is held with."""
    title: str
    """The beginning of its first message."""
    message_count: int
    """How many messages it has, yours and the model's."""
    created_at: str
    updated_at: str


class MessageObject(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    """The id of the message."""
    role: Literal["user", "assistant"]
    """Who said it."""
    content: str
    """What was said."""
    attachments: list[Attachment]
    """The pictures that belong to it."""
    created_at: str
    thoughts: str | msgspec.UnsetType | None = msgspec.UNSET
    """What was thought before, if the model shows it; for the model's messages only."""
    finish_reason: str | msgspec.UnsetType | None = msgspec.UNSET
    """Why the answer ended; for the model's messages only."""


class SessionDetail(SessionObject, frozen=True, kw_only=True):
    """A session with its messages, oldest first."""

    messages: list[MessageObject]
    """The newest 1,000, oldest first."""


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
