"""Sessions, messages and turns as the database holds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NewType

import asyncpg
import msgspec

from rivya.chat.tokens import TokenPrice
from rivya.kit.ids import AccountId
from rivya.providers.chat import FinishReason

TurnId = NewType("TurnId", str)
SessionId = NewType("SessionId", str)
Finish = FinishReason | Literal["cancelled", "error"]
CountedBy = Literal["upstream", "tokenizer", "estimate"]
Failure = Literal["unavailable", "too_long", "rejected", "timeout", "empty", "lost"]


class StoredImage(msgspec.Struct, frozen=True):
    """A picture that belongs to a message: a file of the account, and its object in our store."""

    file_id: str
    key: str
    mime_type: str


@dataclass(frozen=True, slots=True)
class Session:
    id: SessionId
    model: str
    title: str
    message_count: int
    created_at: datetime
    updated_at: datetime
    busy: bool


@dataclass(frozen=True, slots=True)
class Message:
    id: str
    position: int
    role: Literal["user", "assistant"]
    content: str
    thoughts: str | None
    images: Sequence[StoredImage]
    finish_reason: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn that has begun: its credits are set aside."""

    id: TurnId
    account: AccountId
    session: SessionId
    model: str
    price: TokenPrice
    reserved_credits: int
    input_tokens: int
    """An estimate, for the case that nobody counts."""
    streamed: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Ending:
    """How a turn ended. One that ``failed`` costs nothing and leaves no trace in its session."""

    status: Literal["completed", "stopped", "failed"]
    content: str = ""
    thoughts: str = ""
    finish_reason: Finish | None = None
    failure: Failure | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    counted_by: CountedBy = "estimate"
    credits: int = 0


_decode_images = msgspec.json.Decoder(list[StoredImage]).decode


def session_of(row: asyncpg.Record) -> Session:
    """Return the session of a row of ``chat_sessions``."""
    return Session(
        id=SessionId(row["id"]),
        model=row["model"],
        title=row["title"],
        message_count=row["message_count"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        busy=row["turn_id"] is not None,
    )


def message_of(row: asyncpg.Record) -> Message:
    """Return the message of a row of ``chat_messages``."""
    return Message(
        id=row["id"],
        position=row["position"],
        role=row["role"],
        content=row["content"],
        thoughts=row["thoughts"],
        images=_decode_images(row["attachments"]),
        finish_reason=row["finish_reason"],
        created_at=row["created_at"],
    )


def lapsed_turn_of(row: asyncpg.Record) -> Turn:
    """Return the turn of a row of ``chat_turns``."""
    return Turn(
        id=TurnId(row["id"]),
        account=AccountId(row["account_id"]),
        session=SessionId(row["session_id"]),
        model=row["model"],
        price=msgspec.json.decode(row["rates"], type=TokenPrice),
        reserved_credits=row["reserved_credits"],
        input_tokens=row["input_tokens"],
        streamed=row["streamed"],
        created_at=row["created_at"],
    )
