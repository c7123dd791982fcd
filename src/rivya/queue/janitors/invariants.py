"""Check the money, and say loudly where it does not add up."""

from __future__ import annotations

import time
from dataclasses import asdict

import structlog

from rivya.admin.reading import note_invariants
from rivya.kit.ids import new_id
from rivya.queue.janitors import Janitor, Tools
from rivya.wallet.invariants import rules, verify

log = structlog.get_logger()


async def sweep(tools: Tools) -> int:
    began = time.monotonic()
    violations = await verify(tools.pool)
    await note_invariants(
        tools.pool,
        id=new_id("check"),
        rules=len(rules()),
        took_ms=round((time.monotonic() - began) * 1000),
        violations=[asdict(violation) for violation in violations],
    )
    for violation in violations:
        log.error("ledger.drift", rule=violation.rule, account=violation.account_id, detail=violation.detail)
    return len(violations)


JANITOR = Janitor("invariants", 3600.0, sweep)
