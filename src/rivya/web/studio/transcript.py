"""A conversation as the Studio shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import asyncpg
from markupsafe import Markup

from rivya.chat.model import Failure, Message, Session, message_of, session_of
from rivya.errors import NotFound
from rivya.kit.db import Pool, load_queries
from rivya.kit.ids import AccountId, is_id
from rivya.web.studio.markdown import rendered

_SQL = load_queries("rivya.web.studio")
MOST_MESSAGES = 500

TurnStatus = Literal["running", "completed", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class Spoken:
    """A message; ``credits`` is what its turn cost, None until that has ended and for what the user said."""

    message: Message
    credits: int | None

    @property
    def html(self) -> Markup:
        return rendered(self.message.content)


@dataclass(frozen=True, slots=True)
class TurnState:
    """How a turn stands; ``answer`` is there once something was said in it."""

    status: TurnStatus
    failure: Failure | None
    credits: int
    answer: Spoken | None


class Transcripts:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def sessions(self, account: AccountId, *, after: str | None, most: int) -> tuple[Sequence[Session], bool]:
        """Return the account's newest Studio sessions, newest first, and whether there are more."""
        rows = await self._pool.fetch(_SQL["sessions"], account, after, most + 1)
        return [session_of(row) for row in rows[:most]], len(rows) > most

    async def messages(self, account: AccountId, session: str) -> Sequence[Spoken]:
        """Return the newest messages of a Studio session, oldest first."""
        rows = await self._pool.fetch(_SQL["messages"], account, session, MOST_MESSAGES)
        return [_spoken(row) for row in reversed(rows)]

    async def turn(self, account: AccountId, turn: str) -> TurnState:
        """Return how a turn of the Studio stands. Raises NotFound."""
        row = await self._pool.fetchrow(_SQL["turn"], account, turn) if is_id("chatcmpl", turn) else None
        if row is None:
            raise NotFound
        return TurnState(
            status=row["turn_status"],
            failure=row["turn_error"],
            credits=row["final_credits"],
            answer=_spoken(row) if row["position"] is not None else None,
        )


def _spoken(row: asyncpg.Record) -> Spoken:
    ended = row["role"] == "assistant" and row["turn_status"] not in (None, "running")
    return Spoken(message_of(row), row["final_credits"] if ended else None)
