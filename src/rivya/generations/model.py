"""A task as the database holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import asyncpg
import msgspec

from rivya.generations.failure import TaskError
from rivya.generations.states import Status
from rivya.kit.ids import AccountId, TaskId


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
class Task:
    account: AccountId
    id: TaskId
    status: Status
    model: str
    prompt: str
    params: Mapping[str, object]
    inputs: list[StoredInput]
    client_request_id: str | None
    reserved_credits: int
    final_credits: int
    attempt: int
    provider: str | None
    progress: int | None
    result: StoredResult | None
    error: TaskError | None
    deadline_at: datetime
    created_at: datetime
    updated_at: datetime


def task_of(row: asyncpg.Record | Mapping[str, Any]) -> Task:
    """Return the task of a row of ``tasks``."""
    return Task(
        account=AccountId(row["account_id"]),
        id=TaskId(row["id"]),
        status=row["status"],
        model=row["model"],
        prompt=row["prompt"] or "",
        params=cast("dict[str, object]", msgspec.json.decode(row["params"])),
        inputs=msgspec.json.decode(row["inputs"], type=list[StoredInput]),
        client_request_id=row["client_request_id"],
        reserved_credits=row["reserved_credits"],
        final_credits=row["final_credits"],
        attempt=row["attempt"],
        provider=row["provider"],
        progress=row["progress"],
        result=msgspec.json.decode(row["result"], type=StoredResult) if row["result"] else None,
        error=msgspec.json.decode(row["error"], type=TaskError) if row["error"] else None,
        deadline_at=row["deadline_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
