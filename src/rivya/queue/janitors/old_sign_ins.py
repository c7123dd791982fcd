"""Sessions that are over, sign-ups and mails that nobody came back to, failures of days ago."""

from __future__ import annotations

from rivya.accounts.sessions import IDLE
from rivya.kit.clock import utc_now
from rivya.kit.db import load_queries
from rivya.queue.janitors import Janitor, Tools

_SQL = load_queries("rivya.accounts")


async def sweep(tools: Tools) -> int:
    now = utc_now()
    return await tools.pool.fetchval(_SQL["forget_old_sign_ins"], now, now - IDLE)


JANITOR = Janitor("old_sign_ins", 3600.0, sweep)
