"""A file as the database holds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

import asyncpg

from rivya.kit.ids import AccountId

FileId = NewType("FileId", str)


@dataclass(frozen=True, slots=True)
class File:
    id: FileId
    account: AccountId
    kind: str
    file_name: str
    mime_type: str
    size_bytes: int
    object_key: str
    width: int | None
    height: int | None
    duration_s: float | None
    client_request_id: str | None
    created_at: datetime
    expires_at: datetime


def file_of(row: asyncpg.Record) -> File:
    """Return the file of a row of ``files``."""
    return File(
        id=FileId(row["id"]),
        account=AccountId(row["account_id"]),
        kind=row["kind"],
        file_name=row["file_name"],
        mime_type=row["mime_type"],
        size_bytes=row["size_bytes"],
        object_key=row["object_key"],
        width=row["width"],
        height=row["height"],
        duration_s=row["duration_s"],
        client_request_id=row["client_request_id"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )
