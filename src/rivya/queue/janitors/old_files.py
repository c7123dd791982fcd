"""Remove files that expired or were deleted, and what broken uploads left behind."""

from __future__ import annotations

from rivya.files.retention import clear_files, clear_uploads
from rivya.queue.janitors import Janitor, Tools


async def sweep(tools: Tools) -> int:
    return await clear_files(tools.pool, tools.store) + await clear_uploads(tools.pool, tools.store)


JANITOR = Janitor("old_files", 300.0, sweep)
