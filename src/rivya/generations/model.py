"""A task as the database holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

import asyncpg
import msgspec

from rivya.generations.failure import TaskError
from rivya.generations.states import PROCESSING, Status
from rivya.kit.ids import AccountId, TaskId

Cancellation = Literal["requested", "declined"]
"""Somebody asked for it, and the provider has not answered yet; or cannot, and the task is left to finish."""


class StoredInput(msgspec.Struct, frozen=True):
    """A reference, resolved to an object in our store."""

    kind: str
    key: str
    mime_type: str


class StoredMedia(msgspec.Struct, frozen=True, omit_defaults=True):
    """One result in our store."""

    key: str
    mime_type: str
    size_bytes: int
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None


class StoredResult(msgspec.Struct, frozen=True):
    media: list[StoredMedia]


@dataclass(frozen=True, slots=True)
class TaskState:
    """How a task stands: what its owner is shown."""

    id: TaskId
    status: Status
    model: str
    client_request_id: str | None
    reserved_credits: int
    created_at: datetime
    updated_at: datetime
    final_credits: int = 0
    progress: int | None = None
    result: StoredResult | None = None
    error: TaskError | None = None
    cancellation: Cancellation | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker needs to do a task."""

    account: AccountId
    id: TaskId
    model: str
    prompt: str
    params: Mapping[str, object]
    inputs: list[StoredInput]
    reserved_credits: int
    attempt: int
    cancel_requested: bool
    deadline_at: datetime


_decode_result = msgspec.json.Decoder(StoredResult).decode
_decode_error = msgspec.json.Decoder(TaskError).decode


def task_of(row: asyncpg.Record | Mapping[str, Any]) -> Task:
    """Return the task of a row of ``tasks``."""
    return Task(
        account=AccountId(row["account_id"]),
        id=TaskId(row["id"]),
        model=row["model"],
        prompt=row["prompt"] or "",
        params=cast("dict[str, object]", msgspec.json.decode(row["params"])),
        inputs=msgspec.json.decode(row["inputs"], type=list[StoredInput]),
        reserved_credits=row["reserved_credits"],
        attempt=row["attempt"],
        cancel_requested=row["cancel_requested_at"] is not None,
        deadline_at=row["deadline_at"],
    )


def state_of(row: asyncpg.Record) -> TaskState:
    """Return how the task of a row stands."""
    return TaskState(
        id=TaskId(row["id"]),
        status=row["status"],
        model=row["model"],
        client_request_id=row["client_request_id"],
        reserved_credits=row["reserved_credits"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        final_credits=row["final_credits"],
        progress=row["progress"],
        result=_decode_result(row["result"]) if row["result"] else None,
        error=_decode_error(row["error"]) if row["error"] else None,
        cancellation=_cancellation(row),
    )


def _cancellation(row: asyncpg.Record) -> Cancellation | None:
    if row["cancel_declined"]:
        return "declined"
    return "requested" if row["cancel_requested_at"] is not None and row["status"] == PROCESSING else None
