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
    answers = [
        await tools.pool.execute(_SQL["forget_idempotency_keys"], now - _KEYS, _MOST),
        await tools.pool.execute(_SQL["forget_workers"], now - _WORKERS),
        await tools.pool.execute(_SQL["trim_queue_log"], now - _LOG),
        await tools.pool.execute(_SQL["trim_queue_statistics"], now - _LOG),
    ]
    return sum(int(answer.split()[-1]) for answer in answers)


JANITOR = Janitor("old_records", 600.0, sweep)
