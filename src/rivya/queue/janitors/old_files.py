"""Remove files that expired or were deleted, and what broken uploads left behind."""

from __future__ import annotations

from typing import cast

from rivya.files.retention import clear_files, clear_uploads
from rivya.files.store import ObjectStore
from rivya.queue.janitors import Janitor, Tools


async def sweep(tools: Tools) -> int:
    store = cast(ObjectStore, tools.store)  # pyright: ignore
    return await clear_files(tools.pool, store) + await clear_uploads(tools.pool, store)


JANITOR = Janitor("old_files", 300.0, sweep)
