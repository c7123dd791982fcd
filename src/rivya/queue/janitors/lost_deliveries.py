"""Make lanes due whose deliveries wait while nobody is going to look: by design there are none."""

from __future__ import annotations

from rivya.kit.db import load_queries
from rivya.queue.janitors import Janitor, Tools

_SQL = load_queries("rivya.webhooks.delivery")


async def sweep(tools: Tools) -> int:
    return int((await tools.pool.execute(_SQL["mend_lanes"])).split()[-1])


JANITOR = Janitor("lost_deliveries", 300.0, sweep)
