"""Granting: credits come in lots, once for each business id."""

from __future__ import annotations

import asyncpg
import pytest

from rivya.errors import NotFound
from rivya.kit.db import Pool
from rivya.kit.ids import AccountId
from rivya.wallet import service as wallet
from rivya.wallet.model import Balance, Grant
from tests.factories import day, lots, make_account


async def test_a_grant_can_be_spent(db: Pool) -> None:
    account = await make_account(db)
    answer = await wallet.grant(db, account=account, business_id="pay_1", source="pack", credits=10)
    assert answer == Grant("granted", credits=10, available=10)
    assert await wallet.balance(db, account=account) == Balance(available=10, reserved=0)


async def test_a_grant_opens_the_wallet_of_an_account_that_has_none(db: Pool) -> None:
    await db.execute("insert into accounts (id, email) values ('acct_new', 'new@example.com')")
    account = AccountId("acct_new")
    await wallet.grant(db, account=account, business_id="pay_1", source="pack", credits=10)
    assert await wallet.balance(db, account=account) == Balance(available=10, reserved=0)


async def test_a_replayed_grant_adds_nothing(db: Pool) -> None:
    account = await make_account(db)
    await wallet.grant(db, account=account, business_id="pay_1", source="pack", credits=10)
    again = await wallet.grant(db, account=account, business_id="pay_1", source="pack", credits=10)
    assert again == Grant("exists", credits=10, available=10)


async def test_a_replayed_grant_with_another_amount_answers_the_first(db: Pool) -> None:
    account = await make_account(db)
    await wallet.grant(db, account=account, business_id="pay_1", source="pack", credits=10)
    again = await wallet.grant(db, account=account, business_id="pay_1", source="grant", credits=99)
    assert again == Grant("exists", credits=10, available=10)


async def test_a_grant_is_replayed_even_when_its_lot_was_spent(db: Pool) -> None:
    account = await make_account(db)
    await wallet.grant(db, account=account, business_id="pay_1", source="pack", credits=10)
    await wallet.reserve(db, account=account, credits=10, reason="task_1")
    await wallet.settle(db, account=account, reason="task_1", credits=10)
    again = await wallet.grant(db, account=account, business_id="pay_1", source="pack", credits=10)
    assert again == Grant("exists", credits=10, available=0)


async def test_two_accounts_may_use_the_same_business_id(db: Pool) -> None:
    first, second = await make_account(db), await make_account(db)
    for account in (first, second):
        await wallet.grant(db, account=account, business_id="pay_1", source="pack", credits=10)
    assert (await wallet.balance(db, account=first)).available == 10
    assert (await wallet.balance(db, account=second)).available == 10


async def test_opening_an_open_wallet_changes_nothing(db: Pool) -> None:
    account = await make_account(db, credits=10)
    await wallet.open_wallet(db, account=account)
    assert (await wallet.balance(db, account=account)).available == 10


async def test_a_grant_keeps_when_it_lapses(db: Pool) -> None:
    account = await make_account(db)
    await wallet.grant(db, account=account, business_id="p", source="signup", credits=1, expires_at=day(3), at=day(0))
    assert (await lots(db, account))["p"].expires_at == day(3)


@pytest.mark.parametrize("credits", [0, -1])
async def test_a_grant_of_nothing_or_less_is_refused(db: Pool, credits: int) -> None:
    account = await make_account(db, credits=5)
    with pytest.raises(asyncpg.CheckViolationError):
        await wallet.grant(db, account=account, business_id="pay_1", source="pack", credits=credits)
    assert (await wallet.balance(db, account=account)).available == 5


async def test_a_grant_from_an_unknown_source_is_refused(db: Pool) -> None:
    account = await make_account(db)
    with pytest.raises(asyncpg.CheckViolationError):
        await wallet.grant(db, account=account, business_id="p", source="thin air", credits=1)  # type: ignore[arg-type]


async def test_a_grant_to_an_unknown_account_is_refused(db: Pool) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await wallet.grant(db, account=AccountId("acct_x"), business_id="p", source="pack", credits=1)


async def test_a_wallet_that_was_never_opened_has_no_balance(db: Pool) -> None:
    with pytest.raises(NotFound):
        await wallet.balance(db, account=AccountId("acct_x"))


async def test_a_grant_counts_only_what_can_be_spent_in_its_answer(db: Pool) -> None:
    account = await make_account(db)
    await wallet.grant(db, account=account, business_id="old", source="signup", credits=7, expires_at=day(1), at=day(0))
    answer = await wallet.grant(db, account=account, business_id="new", source="pack", credits=5, at=day(2))
    assert answer.available == (await wallet.balance(db, account=account, at=day(2))).available == 5
