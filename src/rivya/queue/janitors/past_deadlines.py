"""End tasks whose time is over, with their credits back."""

from __future__ import annotations

import asyncio

from rivya.generations.failure import task_error
from rivya.kit.clock import utc_now
from rivya.kit.db import load_queries
from rivya.kit.ids import AccountId, TaskId
from rivya.queue.janitors import Janitor, Tools

_SQL = load_queries("rivya.generations")
_MOST = 500


async def sweep(tools: Tools) -> int:
    rows = await tools.pool.fetch(_SQL["past_deadline"], utc_now(), _MOST)
    ended = await asyncio.gather(
        *(
            tools.steps.fail(
                AccountId(row["account_id"]),
                TaskId(row["id"]),
                attempt=None,
                error=task_error("timeout"),
                outcome="timeout",
            )
            for row in rows
        )
    )
    return sum(ended)


JANITOR = Janitor("past_deadlines", 2.0, sweep)
