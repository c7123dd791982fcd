"""Forget webhook deliveries that nobody asks about any more, with their attempts; and test events.

The events of tasks stay as long as their tasks: the books are checked against them.
"""

from __future__ import annotations

from datetime import timedelta

from rivya.kit.clock import utc_now
from rivya.kit.db import load_queries
from rivya.queue.janitors import Janitor, Tools

_SQL = load_queries("rivya.webhooks.delivery")
_MOST = 1000
_LONGER = timedelta(days=7)
"""A test that was begun anew on its last day needs its event until the schedule is over."""


async def sweep(tools: Tools) -> int:
    before = utc_now() - timedelta(days=tools.keep_deliveries_days)
    deleted = 0
    while count := _count(await tools.pool.execute(_SQL["forget_deliveries"], before, _MOST)):
        deleted += count
    return deleted + _count(await tools.pool.execute(_SQL["forget_tests"], before - _LONGER))


def _count(answer: str) -> int:
    """Return the number of rows in a command's answer, such as ``DELETE 12``."""
    return int(answer.split()[-1])


JANITOR = Janitor("old_deliveries", 3600.0, sweep)
