"""Take credits that are past their expiry out of the wallets."""

from __future__ import annotations

from rivya.queue.janitors import Janitor, Tools
from rivya.wallet import service as wallet


async def sweep(tools: Tools) -> int:
    return await wallet.lapse_due(tools.pool)


JANITOR = Janitor("lapsed_credits", 60.0, sweep)
