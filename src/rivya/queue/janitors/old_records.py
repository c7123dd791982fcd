"""Forget what nobody is promised any more: idempotency keys, silent workers, the queue's log."""

from __future__ import annotations

from datetime import timedelta

from rivya.kit.clock import utc_now
from rivya.kit.db import load_queries
from rivya.queue.janitors import Janitor, Tools

_SQL = load_queries("rivya.queue")
_KEYS = timedelta(hours=48)  # promised: at least 24
_WORKERS = timedelta(hours=1)
_LOG = timedelta(hours=24)
_MOST = 10_000


async def sweep(tools: Tools) -> int:
    now = utc_now()
    forgotten = 0
    while count := _count(await tools.pool.execute(_SQL["forget_idempotency_keys"], now - _KEYS, _MOST)):
        forgotten += count
    answers = [
        await tools.pool.execute(_SQL["forget_workers"], now - _WORKERS),
        await tools.pool.execute(_SQL["trim_queue_log"], now - _LOG),
        await tools.pool.execute(_SQL["trim_queue_statistics"], now - _LOG),
    ]
    return forgotten + sum(_count(answer) for answer in answers)


def _count(answer: str) -> int:
    """Return the number of rows in a command's answer, such as ``DELETE 12``."""
    return int(answer.split()[-1])


JANITOR = Janitor("old_records", 600.0, sweep)
