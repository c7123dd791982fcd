"""Clear away what is not kept any more: old files and references, and objects that no file came of."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import asyncpg
import structlog

from rivya.files.store import ObjectStore
from rivya.kit.clock import utc_now
from rivya.kit.db import Pool, load_queries

log = structlog.get_logger()

_SQL = load_queries("rivya.files")
_BATCH = 100
_MOST_BATCHES = 50
_AT_ONCE = 8


async def clear_files(pool: Pool, store: ObjectStore) -> int:
    """Remove objects, then their rows, in bounded batches; return how many files went.

    A row outlives its object, never the other way round: what the store refuses is tried again at the next sweep.
    """
    return await _clear(pool, store, find="past", forget="forget", before=(utc_now(), _BATCH))


async def clear_fetched(pool: Pool, store: ObjectStore) -> int:
    """Remove references that were fetched from elsewhere and whose time is over; return how many went."""
    return await _clear(pool, store, find="past_fetched", forget="forget_fetched", before=(utc_now(), _BATCH))


async def clear_uploads(pool: Pool, store: ObjectStore) -> int:
    """Remove what uploads left that never became files; return how many there were."""
    return await _clear(pool, store, find="abandoned_uploads", forget="forget_uploads", before=(_BATCH,))


async def _clear(pool: Pool, store: ObjectStore, *, find: str, forget: str, before: Sequence[object]) -> int:
    cleared = 0
    failed: list[str] = []
    for _ in range(_MOST_BATCHES):
        rows = await pool.fetch(_SQL[find], *before, failed)
        gone = await _removed(store, rows)
        if gone:
            await pool.execute(_SQL[forget], [row["account_id"] for row in gone], [row["id"] for row in gone])
        cleared += len(gone)
        failed += [row["id"] for row in rows if row not in gone]
        if len(rows) < _BATCH or len(failed) >= _BATCH:  # the store seems to be down: the next sweep goes on
            break
    return cleared


async def _removed(store: ObjectStore, rows: Sequence[asyncpg.Record]) -> list[asyncpg.Record]:
    """Remove the objects of these rows; return the rows whose objects are gone."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def remove(row: asyncpg.Record) -> bool:
        async with turns:
            try:
                if row["object_key"] is not None:
                    await store.delete(row["object_key"])
            except OSError as error:
                log.warning("store.delete_failed", key=row["object_key"], error=repr(error))
                return False
            return True

    gone = await asyncio.gather(*(remove(row) for row in rows))
    return [row for row, is_gone in zip(rows, gone, strict=True) if is_gone]
