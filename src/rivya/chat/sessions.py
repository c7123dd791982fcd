"""Sessions as their owner sees them: list, read, delete."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rivya.chat.model import Message, Session, message_of, session_of
from rivya.chat.schemas import Attachment, MessageObject, SessionDetail, SessionObject
from rivya.errors import ChatSessionConflict, NotFound
from rivya.keys.caller import Source
from rivya.kit.clock import iso
from rivya.kit.db import Pool, load_queries
from rivya.kit.ids import AccountId, is_id
from rivya.kit.pages import ListObject, Page, listed

_SQL = load_queries("rivya.chat")

MOST_MESSAGES = 1000
"""The most messages of a session that are shown, or told to its model: the newest."""


class Sessions:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, account: AccountId, session: str, *, source: Source = "api") -> Session | None:
        """Return a session of this account; None if there is no such one."""
        row = await self._pool.fetchrow(_SQL["session"], account, session, source) if is_id("chat", session) else None
        return session_of(row) if row is not None else None

    async def newest(self, session: Session, account: AccountId) -> Sequence[Message]:
        """Return the session's newest messages as it was found, oldest first."""
        rows = await self._pool.fetch(_SQL["messages"], account, session.id, session.message_count + 1, MOST_MESSAGES)
        return [message_of(row) for row in reversed(rows)]

    async def list(self, account: AccountId, page: Page, *, source: Source = "api") -> ListObject[SessionObject]:
        """Return a page of the account's sessions, newest first."""
        rows = await self._pool.fetch(_SQL["list"], account, source, page.after, page.rows)
        return listed([session_of(row) for row in rows], page, id_of=lambda one: one.id, show=session_object)

    async def read(self, account: AccountId, session: str, *, source: Source = "api") -> SessionDetail:
        """Return a session with its newest messages, oldest first. Raises NotFound."""
        found = await self.find(account, session, source=source)
        if found is None:
            raise NotFound
        messages = [_message(message) for message in await self.newest(found, account)]
        return SessionDetail(**msgspec.structs.asdict(session_object(found)), messages=messages)

    async def delete(self, account: AccountId, session: str, *, source: Source = "api") -> None:
        """Delete a session with all that was said in it. Raises NotFound, or ChatSessionConflict during a turn."""
        found = await self.find(account, session, source=source)
        if found is None:
            raise NotFound
        if found.busy:
            raise ChatSessionConflict("A turn is under way in this session.", retry_after_s=1)
        await self._pool.execute(_SQL["delete"], account, session, source)
        if await self.find(account, session, source=source) is not None:
            raise ChatSessionConflict("A turn is under way in this session.", retry_after_s=1)


def session_object(session: Session) -> SessionObject:
    """Return a session for the wire."""
    return SessionObject(
        id=session.id,
        model=session.model,
        title=session.title,
        message_count=session.message_count,
        created_at=iso(session.created_at),
        updated_at=iso(session.updated_at),
    )


def _message(message: Message) -> MessageObject:
    mine = message.role == "assistant"
    return MessageObject(
        id=message.id,
        role=message.role,
        content=message.content,
        attachments=[Attachment(image.file_id) for image in message.images],
        created_at=iso(message.created_at),
        thoughts=message.thoughts if mine else msgspec.UNSET,
        finish_reason=message.finish_reason if mine else msgspec.UNSET,
    )
