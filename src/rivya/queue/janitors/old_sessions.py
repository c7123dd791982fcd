"""Delete chat sessions in which nobody has spoken for longer than they are kept."""

from __future__ import annotations

from datetime import timedelta

from rivya.kit.clock import utc_now
from rivya.kit.db import load_queries
from rivya.queue.janitors import Janitor, Tools

_SQL = load_queries("rivya.chat")
_MOST = 1000


async def sweep(tools: Tools) -> int:
    before = utc_now() - timedelta(days=tools.keep_sessions_days)
    deleted = 0
    while count := await tools.pool.fetchval(_SQL["delete_old"], before, _MOST):
        deleted += count
    return deleted


JANITOR = Janitor("old_sessions", 3600.0, sweep)
