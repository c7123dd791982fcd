"""Read what an account made and said. Everything is the account's own; somebody else's is not found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TypeVar

import asyncpg
import msgspec

from rivya.errors import NotFound
from rivya.generations.model import StoredInput, state_of
from rivya.kit.db import Pool, load_queries
from rivya.kit.ids import AccountId, is_id
from rivya.kit.pages import Page
from rivya.web.history.model import Attempt, ChatSession, Filters, Found, Generation, GenerationDetail, Source

Row = TypeVar("Row", Generation, ChatSession)

_SQL = load_queries("rivya.web.history")
LOOKED_AT = 5000
"""How many entries of a list are looked at for one page of what a filter wants."""


class Records:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def generations(self, account: AccountId, page: Page, filters: Filters) -> Found[Generation]:
        """Return a page of the account's tasks, newest first."""
        rows = await self._pool.fetch(
            _SQL["generations"],
            account,
            page.after,
            filters.source,
            filters.status,
            filters.model,
            filters.text,
            page.rows,
            LOOKED_AT,
        )
        return _found(rows, page, _generation)

    async def generation(self, account: AccountId, task: str) -> GenerationDetail:
        """Return a task with all that is known of it. Raises NotFound."""
        row = await self._pool.fetchrow(_SQL["generation"], account, task) if is_id("task", task) else None
        if row is None:
            raise NotFound
        attempts = await self._pool.fetch(_SQL["attempts"], account, task)
        return GenerationDetail(
            generation=_generation(row),
            params=msgspec.json.decode(row["params"], type=dict[str, object]),
            inputs=msgspec.json.decode(row["inputs"], type=list[StoredInput]),
            client_request_id=row["client_request_id"],
            cancellation=state_of(row).cancellation,
            key_name=row["key_name"],
            key_prefix=row["key_prefix"],
            attempts=[Attempt(**attempt) for attempt in attempts],
        )

    async def chats(self, account: AccountId, page: Page, filters: Filters) -> Found[ChatSession]:
        """Return a page of the account's chat sessions, newest first; ``model`` and ``status`` do not filter."""
        rows = await self._pool.fetch(
            _SQL["chats"], account, page.after, filters.source, filters.text, page.rows, LOOKED_AT
        )
        return _found(rows, page, _chat)

    async def chat_source(self, account: AccountId, session: str) -> Source:
        """Return where a session was begun. Raises NotFound."""
        source = await self._pool.fetchval(_SQL["chat_source"], account, session) if is_id("chat", session) else None
        if source is None:
            raise NotFound
        return source

    async def spent_by_day(self, account: AccountId, *, since: datetime) -> dict[date, int]:
        """Return how many credits the account spent on each day (UTC) on which it spent any."""
        rows = await self._pool.fetch(_SQL["spent_by_day"], account, since)
        return {row["day"]: row["credits"] for row in rows}


def _found(rows: Sequence[asyncpg.Record], page: Page, read: Callable[[asyncpg.Record], Row]) -> Found[Row]:
    wanted = [read(row) for row in rows if row["id"] is not None]
    if len(wanted) > page.limit:
        return Found(wanted[: page.limit], wanted[page.limit - 1].id)
    more_to_look_at = rows[0]["looked_at"] == LOOKED_AT
    return Found(wanted, rows[0]["oldest"] if more_to_look_at else None)


def _generation(row: asyncpg.Record) -> Generation:
    state = state_of(row)
    return Generation(
        id=state.id,
        source=row["source"],
        model=state.model,
        prompt=row["prompt"] or "",
        status=state.status,
        reserved_credits=state.reserved_credits,
        final_credits=state.final_credits,
        progress=state.progress,
        media=state.result.media if state.result is not None else [],
        error=state.error,
        created_at=state.created_at,
        updated_at=state.updated_at,
    )


def _chat(row: asyncpg.Record) -> ChatSession:
    return ChatSession(
        id=row["id"],
        source=row["source"],
        model=row["model"],
        title=row["title"],
        message_count=row["message_count"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
