"""Check the money, and say loudly where it does not add up."""

from __future__ import annotations

import structlog

from rivya.queue.janitors import Janitor, Tools
from rivya.wallet.invariants import verify

log = structlog.get_logger()


async def sweep(tools: Tools) -> int:
    violations = await verify(tools.pool)
    for violation in violations:
        log.error("ledger.drift", rule=violation.rule, account=violation.account_id, detail=violation.detail)
    return len(violations)


JANITOR = Janitor("invariants", 3600.0, sweep)
