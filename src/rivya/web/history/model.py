"""What is looked back at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar

from rivya.generations.failure import TaskError
from rivya.generations.model import Cancellation, StoredInput, StoredMedia
from rivya.generations.states import FAILED, SUCCEEDED, Status
from rivya.kit.ids import TaskId

Row = TypeVar("Row")
Source = Literal["api", "studio"]

SOURCES: Mapping[Source, str] = {"studio": "Studio", "api": "API"}


@dataclass(frozen=True, slots=True)
class Filters:
    """What of a list is wanted; None: all. ``text`` is part of a prompt or title, or a whole id."""

    source: Source | None = None
    status: Status | None = None
    model: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Found(Generic[Row]):
    """Some rows of a list; ``after`` is the id after which to go on, None at the list's end."""

    rows: Sequence[Row]
    after: str | None


@dataclass(frozen=True, slots=True)
class Refund:
    """What became of the credits that were set aside for a task."""

    state: Literal["held", "none", "part", "full"]
    credits: int


@dataclass(frozen=True, slots=True)
class Generation:
    id: TaskId
    source: Source
    model: str
    prompt: str
    status: Status
    reserved_credits: int
    final_credits: int
    progress: int | None
    media: Sequence[StoredMedia]
    error: TaskError | None
    created_at: datetime
    updated_at: datetime

    @property
    def refund(self) -> Refund:
        return refund(self.status, reserved=self.reserved_credits, final=self.final_credits)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of a provider; which one it was is nobody's business."""

    number: int
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None


@dataclass(frozen=True, slots=True)
class GenerationDetail:
    generation: Generation
    params: Mapping[str, object]
    inputs: Sequence[StoredInput]
    client_request_id: str | None
    cancellation: Cancellation | None
    key_name: str | None
    key_prefix: str | None
    attempts: Sequence[Attempt]


@dataclass(frozen=True, slots=True)
class ChatSession:
    id: str
    source: Source
    model: str
    title: str
    message_count: int
    created_at: datetime
    updated_at: datetime


def refund(status: Status, *, reserved: int, final: int) -> Refund:
    """Return what became of ``reserved`` credits of which ``final`` were spent."""
    if status == FAILED:
        return Refund("full", reserved)
    if status != SUCCEEDED:
        return Refund("held", reserved)
    return Refund("part", reserved - final) if final < reserved else Refund("none", 0)
