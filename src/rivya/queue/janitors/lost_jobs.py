"""Put queued tasks that have no job (it failed with an error of ours) into the queue again."""

from __future__ import annotations

from datetime import timedelta

from rivya.kit.clock import utc_now
from rivya.kit.db import load_queries
from rivya.providers.routing import entrypoint
from rivya.queue.janitors import Janitor, Tools

_SQL = load_queries("rivya.generations")
_AFTER = timedelta(seconds=30)


async def sweep(tools: Tools) -> int:
    now = utc_now()
    rows = await tools.pool.fetch(_SQL["lost_jobs"], now - _AFTER, now)
    requeued = 0
    for row in rows:
        if routes := tools.routing.of(row["model"]):
            await tools.pool.execute(_SQL["requeue"], row["account_id"], row["id"], entrypoint(routes[0]))
            requeued += 1
    return requeued


JANITOR = Janitor("lost_jobs", 20.0, sweep)
