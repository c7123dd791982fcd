"""Each rule about money finds its own kind of drift, and nothing where there is none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from rivya.kit.db import Pool
from rivya.kit.ids import AccountId
from rivya.wallet import service as wallet
from rivya.wallet.invariants import rules, verify
from tests.factories import accept_task, begin_turn, day, end_task, end_turn, make_account, make_key, make_lot

_DRIFT = re.compile(r"^-- drift: (.+)\n-- found by: (.+)\n", re.MULTILINE)


@dataclass(frozen=True)
class Drift:
    what: str
    found_by: frozenset[str]
    sql: str


def drifts() -> list[Drift]:
    _, *parts = _DRIFT.split(Path(__file__).with_name("drifts.sql").read_text("utf-8"))
    return [
        Drift(what, frozenset(rules.split()), sql)
        for what, rules, sql in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    ]


DRIFTS = drifts()


async def busy_account(db: Pool) -> AccountId:
    """An account with one of everything: lots, endings of each kind, a lapse, and tasks in each state."""
    account = await make_account(db)
    await make_lot(db, account, credits=100, name="late", expires=400)
    await make_lot(db, account, credits=10, name="soon", expires=2)
    await make_lot(db, account, credits=50, name="never")
    key = await make_key(db, account)
    for reason in ("open", "settled", "released"):
        await wallet.reserve(db, account=account, credits=4, reason=reason, at=day(0))
    await wallet.settle(db, account=account, reason="settled", credits=3, at=day(1))
    await wallet.release(db, account=account, reason="released", at=day(1))
    for task in ("task_queued", "task_done", "task_failed", "task_studio_queued", "task_studio_done"):
        studio = "studio" in task
        await accept_task(
            db, account, id=task, credits=5, source="studio" if studio else "api", key=None if studio else key, at=1
        )
    await end_task(db, account, "task_done", credits=4, at=1.5)
    await end_task(db, account, "task_studio_done", credits=5, at=1.5)
    await end_task(db, account, "task_failed", status="failed", at=1.5)
    for turn in ("turn_running", "turn_done", "turn_failed"):
        assert await begin_turn(db, account, turn, key=key, at=1) == "begun"
    assert await end_turn(db, account, "turn_done", credits=2, at=1.5)
    assert await end_turn(db, account, "turn_failed", status="failed", at=1.5)
    await make_lot(db, account, credits=3, name="unspent", expires=2.5)
    await wallet.lapse_due(db, at=day(3))
    return account


async def rules_broken_by(pool: Pool, drift: Drift) -> set[str]:
    account = await busy_account(pool)
    assert await verify(pool) == []
    await pool.execute("alter table ledger disable trigger ledger_is_append_only")
    await pool.execute(drift.sql)
    await pool.execute("alter table ledger enable trigger ledger_is_append_only")
    violations = await verify(pool)
    assert {violation.account_id for violation in violations} <= {account}
    return {violation.rule for violation in violations}


@pytest.mark.parametrize("drift", DRIFTS, ids=lambda drift: drift.what.replace(" ", "_"))
async def test_a_drift_is_found_by_the_rules_that_it_breaks_and_by_no_other(pool: Pool, drift: Drift) -> None:
    assert await rules_broken_by(pool, drift) == drift.found_by


def test_every_rule_is_shown_a_drift_that_it_finds() -> None:
    assert set().union(*(drift.found_by for drift in DRIFTS)) == {rule.name for rule in rules()}


def test_every_rule_says_what_it_means() -> None:
    assert [rule.name for rule in rules() if not rule.meaning.endswith(".")] == []


async def test_an_empty_database_breaks_no_rule(pool: Pool) -> None:
    assert await verify(pool) == []


async def test_a_violation_names_the_account_and_the_numbers(pool: Pool) -> None:
    await make_account(pool, id="acct_well", credits=10)
    await make_account(pool, id="acct_ill", credits=10)
    await pool.execute("update wallets set open_reservations = 3 where account_id = 'acct_ill'")
    (violation,) = await verify(pool)
    assert (violation.rule, violation.account_id) == ("open_reservations_sum_to_reserved", "acct_ill")
    assert violation.detail == "reserved 0 in 3, open reservations 0 in 0"


async def test_a_rule_that_is_broken_everywhere_answers_with_the_first_fifty(pool: Pool) -> None:
    for _ in range(60):
        await make_account(pool)
    await pool.execute("update wallets set open_reservations = 1")
    assert len(await verify(pool)) == 50
