"""Remove files and fetched references whose time is over or that were deleted, and what broken uploads left."""

from __future__ import annotations

from rivya.files.retention import clear_fetched, clear_files, clear_uploads
from rivya.queue.janitors import Janitor, Tools


async def sweep(tools: Tools) -> int:
    return sum([await clear(tools.pool, tools.store) for clear in (clear_files, clear_fetched, clear_uploads)])


JANITOR = Janitor("old_files", 300.0, sweep)
