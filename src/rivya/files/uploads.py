"""Uploads under way: one at a time under each Idempotency-Key, and nothing forgotten when a process dies.

The marker is a row with a lease that this process renews. A process that dies stops renewing, so its key is free
again within half a minute, and a janitor clears away the object that it may have stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import structlog

from rivya.errors import IdempotencyConflict, InternalError
from rivya.files.model import File
from rivya.kit.db import CONNECTION_LOST, Pool, load_queries, patiently
from rivya.kit.ids import AccountId, new_id

log = structlog.get_logger()

_SQL = load_queries("rivya.files")
ROUTE = "POST /api/v1/files"
_LEASE = timedelta(seconds=30)
_RENEW_S = 8.0
_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """The body to answer with; ``replayed`` when it is that of an earlier call."""

    body: bytes
    replayed: bool


class Upload:
    """One upload under way. ``done`` says that an earlier one under the same key was answered already."""

    def __init__(self, pool: Pool, account: AccountId, key: str | None) -> None:
        self.account = account
        self.key = key
        self.done = False
        self._id = new_id("upl")
        self._pool = pool
        self._has_object = False
        self._stored = False

    async def begin(self) -> None:
        """Take the key. Raises IdempotencyConflict while another upload has it."""
        if self.key is None:
            return
        begun = await self._ask("begin_upload", ROUTE, self.key, _LEASE)
        if begun == "in_flight":
            raise _in_flight()
        self.done = begun == "done"

    async def first_answer(self, fingerprint: bytes) -> Answer:
        """Return what the first upload under this key was answered. Raises IdempotencyConflict for another body."""
        row = await self._pool.fetchrow(_SQL["first_answer"], self.account, ROUTE, self.key)
        if row is None:
            raise _in_flight()  # forgotten a moment ago: the next try begins anew
        if row["fingerprint"] != fingerprint:
            raise IdempotencyConflict
        return Answer(row["response"], replayed=True)

    async def note_object(self, key: str) -> None:
        """Write down that this object is about to be stored."""
        await self._ask("note_object", key, _LEASE)
        self._has_object = True

    async def store(self, file: File, *, fingerprint: bytes, response: bytes) -> Answer:
        """Make the file known, and what its key will be answered: both or neither.

        Should another upload under the key have been first, its answer is returned. Raises IdempotencyConflict.
        """
        row = await patiently(lambda: self._store(file, fingerprint, response), for_s=_PATIENCE_S)
        assert row is not None
        match row["outcome"]:
            case "stored":
                self._stored = True
                return Answer(response, replayed=False)
            case "replay":
                return Answer(row["response"], replayed=True)
            case "conflict":
                raise IdempotencyConflict
            case _:
                raise InternalError

    async def end(self) -> None:
        """Free the key, unless there is a file now. An object that may be there is left to the janitor."""
        if self._stored or (self.key is None and not self._has_object):
            return
        with suppress(*CONNECTION_LOST, TimeoutError):  # the lease lapses by itself
            name = "give_up_upload" if self._has_object else "forget_upload"
            await self._pool.execute(_SQL[name], self.account, self._id)

    async def keep_renewing(self) -> None:
        """Keep the lease alive until cancelled."""
        while True:
            await asyncio.sleep(_RENEW_S)
            with suppress(*CONNECTION_LOST, TimeoutError):
                await self._pool.execute(_SQL["renew_upload"], self.account, self._id, _LEASE)

    async def _ask(self, name: str, *values: object) -> object:
        return await patiently(
            lambda: self._pool.fetchval(_SQL[name], self.account, self._id, *values), for_s=_PATIENCE_S
        )

    async def _store(self, file: File, fingerprint: bytes, response: bytes) -> asyncpg.Record | None:
        return await self._pool.fetchrow(
            _SQL["store"],
            file.account,
            self._id,
            file.id,
            file.kind,
            file.file_name,
            file.mime_type,
            file.size_bytes,
            file.object_key,
            file.width,
            file.height,
            file.duration_s,
            file.client_request_id,
            file.created_at,
            file.expires_at,
            ROUTE,
            self.key,
            fingerprint,
            response,
        )


@asynccontextmanager
async def under_way(pool: Pool, account: AccountId, key: str | None) -> AsyncGenerator[Upload]:
    """Hold an upload's place, under its Idempotency-Key if it has one, while the block runs.

    Raises IdempotencyConflict while another upload holds the key.
    """
    upload = Upload(pool, account, key)
    await upload.begin()
    renewing = asyncio.create_task(upload.keep_renewing())
    try:
        yield upload
    finally:
        renewing.cancel()
        await asyncio.shield(upload.end())


def _in_flight() -> IdempotencyConflict:
    return IdempotencyConflict(
        "The first call with this Idempotency-Key is still under way. Send it again in a moment.", retry_after_s=1
    )
