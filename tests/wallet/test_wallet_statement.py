"""The statement: one line an event, newest first, which adds up to the balance."""

from __future__ import annotations

from rivya.kit.db import Pool
from rivya.kit.ids import AccountId
from rivya.wallet import service as wallet
from rivya.wallet.model import StatementLine
from tests.factories import day, make_account, make_lot


async def eventful_account(db: Pool) -> AccountId:
    """An account with two lots, a part settled, a release, an open reservation and a lapsed rest."""
    account = await make_account(db)
    await make_lot(db, account, credits=5, name="soon", expires=3)
    await make_lot(db, account, credits=20, name="late", expires=30)
    await wallet.reserve(db, account=account, credits=7, reason="task_1", at=day(1))
    await wallet.reserve(db, account=account, credits=3, reason="task_2", at=day(1))
    await wallet.settle(db, account=account, reason="task_1", credits=2, at=day(4))
    await wallet.release(db, account=account, reason="task_2", at=day(5))
    await wallet.reserve(db, account=account, credits=4, reason="task_3", at=day(6))
    await wallet.lapse_due(db, at=day(12))
    return account


async def test_each_event_is_one_line_newest_first(db: Pool) -> None:
    account = await eventful_account(db)
    lines = await wallet.statement(db, account=account)
    assert lines == [
        StatementLine(day(6), "reserve", "task_3", -4, 0),
        StatementLine(day(5), "release", "task_2", 3, 0),
        StatementLine(day(4), "settle", "task_1", 5, 2),
        StatementLine(day(1), "reserve", "task_2", -3, 0),
        StatementLine(day(1), "reserve", "task_1", -7, 0),
        StatementLine(day(0), "grant", "late", 20, 0),
        StatementLine(day(0), "grant", "soon", 5, 0),
    ]


async def test_a_lapse_is_a_line_that_names_its_lot(db: Pool) -> None:
    account = await make_account(db)
    await make_lot(db, account, credits=5, expires=3)
    await wallet.lapse_due(db, at=day(4))
    lot = await db.fetchval("select id from lots")
    assert (await wallet.statement(db, account=account))[0] == StatementLine(day(4), "expire", f"lot:{lot}", -5, 0)


async def test_the_lines_add_up_to_the_balance(db: Pool) -> None:
    account = await eventful_account(db)
    lines = await wallet.statement(db, account=account)
    assert (
        sum(line.available_change for line in lines)
        == (await wallet.balance(db, account=account, at=day(12))).available
    )


async def test_what_was_spent_adds_up_to_what_was_settled(db: Pool) -> None:
    account = await eventful_account(db)
    assert sum(line.spent for line in await wallet.statement(db, account=account)) == 2


async def test_a_statement_shows_no_more_lines_than_asked(db: Pool) -> None:
    account = await eventful_account(db)
    lines = await wallet.statement(db, account=account, limit=2)
    assert [line.business_id for line in lines] == ["task_3", "task_2"]


async def test_a_replay_adds_no_line(db: Pool) -> None:
    account = await eventful_account(db)
    before = await wallet.statement(db, account=account)
    await wallet.reserve(db, account=account, credits=4, reason="task_3", at=day(12))
    await wallet.settle(db, account=account, reason="task_1", credits=2, at=day(12))
    await wallet.release(db, account=account, reason="task_2", at=day(12))
    assert await wallet.statement(db, account=account) == before


async def test_another_accounts_events_are_not_shown(db: Pool) -> None:
    await eventful_account(db)
    other = await make_account(db)
    assert await wallet.statement(db, account=other) == []
