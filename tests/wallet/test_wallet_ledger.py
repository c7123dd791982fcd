"""The ledger is only ever added to, and the tables refuse what cannot be."""

from __future__ import annotations

import asyncpg
import pytest

from rivya.kit.db import Pool
from rivya.wallet import service as wallet
from tests.factories import make_account


@pytest.mark.parametrize(
    "statement",
    [
        "update ledger set credits = credits + 1",
        "update ledger set credits = credits + 1 where false",
        "delete from ledger",
        "truncate ledger",
    ],
)
async def test_the_ledger_cannot_be_rewritten(db: Pool, statement: str) -> None:
    await make_account(db, credits=10)
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await db.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "update wallets set available = -1",
        "update wallets set reserved = -1",
        "update wallets set open_reservations = -1",
        "update lots set available = -1",
        "update lots set reserved = -1",
        "update lots set available = granted + 1",
        "update lots set reserved = granted",
        "update lots set granted = 0, available = 0, reserved = 0",
        "update reservations set credits = -1",
        "update reservations set settled_credits = -1",
        "update reservations set state = 'settled', ended_at = now(), settled_credits = credits + 1",
        "update reservations set settled_credits = 1",
        "update reservations set state = 'released', ended_at = now(), settled_credits = 1",
        "update reservations set state = 'settled'",
        "update reservations set ended_at = now()",
        "update reservations set state = 'lost', ended_at = now()",
    ],
)
async def test_the_tables_refuse_what_cannot_be(db: Pool, statement: str) -> None:
    account = await make_account(db, credits=10)
    await wallet.reserve(db, account=account, credits=4, reason="task_1")
    with pytest.raises(asyncpg.CheckViolationError):
        await db.execute(statement)


@pytest.mark.parametrize(
    ("event", "source", "destination", "credits"),
    [
        ("grant", "grants", "available", 0),
        ("grant", "grants", "available", -5),
        ("grant", "available", "available", 5),
        ("gift", "grants", "available", 5),
        ("grant", "thin air", "available", 5),
        ("grant", "grants", "pocket", 5),
    ],
)
async def test_the_ledger_refuses_a_row_that_moves_nothing_or_to_nowhere(
    db: Pool, event: str, source: str, destination: str, credits: int
) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await db.execute(
            "insert into ledger (account_id, at, event, business_id, lot_id, source, destination, credits)"
            " values ('acct_1', now(), $1, 'b', 1, $2, $3, $4)",
            event,
            source,
            destination,
            credits,
        )


async def test_the_ledger_tells_what_became_of_every_credit(db: Pool) -> None:
    account = await make_account(db, credits=10)
    await wallet.reserve(db, account=account, credits=6, reason="task_1")
    await wallet.settle(db, account=account, reason="task_1", credits=4)
    rows = await db.fetch("select event, source, destination, credits from ledger order by id")
    assert [tuple(row) for row in rows] == [
        ("grant", "grants", "available", 10),
        ("reserve", "available", "reserved", 6),
        ("settle", "reserved", "revenue", 4),
        ("settle", "reserved", "available", 2),
    ]


async def test_system_accounts_are_the_sums_of_their_postings(db: Pool) -> None:
    account = await make_account(db, credits=10)
    await wallet.reserve(db, account=account, credits=6, reason="task_1")
    await wallet.settle(db, account=account, reason="task_1", credits=4)
    rows = await db.fetch("select ledger_account, sum(credits)::bigint from postings group by 1 order by 1")
    assert dict(map(tuple, rows)) == {"available": 6, "grants": -10, "reserved": 0, "revenue": 4}
