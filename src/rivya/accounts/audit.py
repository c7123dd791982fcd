"""The audit log: who did what to which account. Written in the transaction of the act, never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

import asyncpg
import msgspec

from rivya.kit.db import Connection, Pool, load_queries
from rivya.kit.ids import new_id

_SQL = load_queries("rivya.accounts")

COMMAND_LINE = "operator"
"""The actor of what is done on the command line: whoever may run it."""


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the log."""

    id: str
    account: str
    account_email: str | None
    actor: str
    actor_email: str | None
    action: str
    details: Mapping[str, object]
    address: str
    created_at: datetime


async def note(
    db: Connection | Pool,
    *,
    account: str,
    actor: str,
    action: str,
    details: Mapping[str, object] | None = None,
    address: str = "",
    at: datetime | None = None,
) -> None:
    """Write down that ``actor`` did ``action`` (noun.verb) to ``account``. Details never hold a secret."""
    encoded = msgspec.json.encode(details or {}).decode()
    # To the microsecond, unlike what is told on the wire: one act makes several notes, whose order is read from it.
    await db.execute(_SQL["note"], account, new_id("aud"), actor, action, encoded, address, at or datetime.now(UTC))


async def of_account(pool: Pool, *, account: str, most: int = 50) -> Sequence[Note]:
    """Return the newest notes about one account, the last first."""
    return [_note_of(row) for row in await pool.fetch(_SQL["audit_of_account"], account, most)]


async def newest(pool: Pool, *, before: str | None = None, action: str | None = None, most: int = 50) -> Sequence[Note]:
    """Return the newest notes about all accounts, for operators, the last first, or those ``before`` a note."""
    return [_note_of(row) for row in await pool.fetch(_SQL["audit"], before, action, most)]


def _note_of(row: asyncpg.Record) -> Note:
    return Note(
        id=row["id"],
        account=row["account_id"],
        account_email=row.get("account_email"),
        actor=row["actor"],
        actor_email=row["actor_email"],
        action=row["action"],
        details=cast("dict[str, object]", msgspec.json.decode(row["details"])),
        address=row["address"],
        created_at=row["created_at"],
    )
