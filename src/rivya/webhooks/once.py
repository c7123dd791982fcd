"""Calls that happen once for their Idempotency-Key: the key, what the call does and its answer are one transaction.

A second call with the same key waits for the first, in the database, whichever processes they came to. Answers are
kept sealed, because some hold a signing secret.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from rivya.errors import IdempotencyConflict
from rivya.kit.clock import utc_now
from rivya.kit.db import Connection, Pool, load_queries
from rivya.kit.ids import AccountId
from rivya.webhooks.sealed import Secrets

_SQL = load_queries("rivya.webhooks")


@dataclass(frozen=True, slots=True)
class CallOnce:
    """Whose call it is, to what route, under which Idempotency-Key if any, and what tells its body from others."""

    account: AccountId
    route: str
    key: str | None
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """The body to answer with; ``replayed`` when it is that of an earlier call."""

    body: bytes
    replayed: bool


class Once:
    """Carries calls out, each at most once for its key."""

    def __init__(self, pool: Pool, secrets: Secrets) -> None:
        self._pool = pool
        self._secrets = secrets

    async def __call__(self, call: CallOnce, act: Callable[[Connection], Awaitable[bytes]]) -> Answer:
        """Return what ``act`` answers within one transaction, or what an earlier call with this key was answered.

        What ``act`` raises undoes all of it, and leaves the key free. Raises IdempotencyConflict.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            if call.key is None:
                return Answer(await act(connection), replayed=False)
            own = (call.account, call.route, call.key)
            if not await connection.fetchval(_SQL["claim_key"], *own, call.fingerprint, utc_now()):
                answer = await self._answered(connection, call)
                if answer is None:
                    raise IdempotencyConflict  # it was forgotten between the two statements
                return answer
            body = await act(connection)
            sealed = self._secrets.seal_answer(body, account=call.account, route=call.route, key=call.key)
            await connection.execute(_SQL["answer_key"], *own, sealed)
            return Answer(body, replayed=False)

    async def answered(self, call: CallOnce) -> Answer | None:
        """Return what an earlier call with this key was answered, None if nothing yet. Raises IdempotencyConflict."""
        return await self._answered(self._pool, call)

    async def _answered(self, db: Connection | Pool, call: CallOnce) -> Answer | None:
        if call.key is None:
            return None
        row = await db.fetchrow(_SQL["answered_key"], call.account, call.route, call.key)
        if row is None:
            return None
        if row["fingerprint"] != call.fingerprint:
            raise IdempotencyConflict
        body = self._secrets.open_answer(row["response"], account=call.account, route=call.route, key=call.key)
        return Answer(body, replayed=True)
