"""Reserving: credits are set aside once for each reason, from the lots that lapse soonest."""

from __future__ import annotations

import asyncpg
import pytest

from rivya.errors import InsufficientCredits, NotFound
from rivya.kit.db import Pool
from rivya.kit.ids import AccountId
from rivya.wallet import service as wallet
from rivya.wallet.model import Balance, Reservation
from tests.factories import day, lots, make_account, make_lot


async def test_reserved_credits_are_no_longer_available(db: Pool) -> None:
    account = await make_account(db, credits=10)
    answer = await wallet.reserve(db, account=account, credits=4, reason="task_1")
    assert answer == Reservation("reserved", credits=4, available=6)
    assert await wallet.balance(db, account=account) == Balance(available=6, reserved=4)


async def test_everything_can_be_reserved(db: Pool) -> None:
    account = await make_account(db, credits=10)
    await wallet.reserve(db, account=account, credits=10, reason="task_1")
    assert await wallet.balance(db, account=account) == Balance(available=0, reserved=10)


async def test_a_replayed_reserve_sets_nothing_more_aside(db: Pool) -> None:
    account = await make_account(db, credits=10)
    await wallet.reserve(db, account=account, credits=4, reason="task_1")
    again = await wallet.reserve(db, account=account, credits=4, reason="task_1")
    assert again == Reservation("exists", credits=4, available=6)
    assert await wallet.balance(db, account=account) == Balance(available=6, reserved=4)


async def test_a_replayed_reserve_answers_the_first_amount(db: Pool) -> None:
    account = await make_account(db, credits=10)
    await wallet.reserve(db, account=account, credits=4, reason="task_1")
    again = await wallet.reserve(db, account=account, credits=9, reason="task_1")
    assert again == Reservation("exists", credits=4, available=6)


async def test_a_replayed_reserve_is_answered_even_when_the_wallet_is_empty(db: Pool) -> None:
    account = await make_account(db, credits=4)
    await wallet.reserve(db, account=account, credits=4, reason="task_1")
    again = await wallet.reserve(db, account=account, credits=4, reason="task_1")
    assert again == Reservation("exists", credits=4, available=0)


@pytest.mark.parametrize("spent", [0, 4])
async def test_a_reserve_does_not_reopen_what_has_ended(db: Pool, spent: int) -> None:
    account = await make_account(db, credits=10)
    await wallet.reserve(db, account=account, credits=4, reason="task_1")
    await wallet.settle(db, account=account, reason="task_1", credits=spent)
    again = await wallet.reserve(db, account=account, credits=4, reason="task_1")
    assert again == Reservation("exists", credits=4, available=10 - spent)
    assert (await wallet.balance(db, account=account)).reserved == 0


async def test_a_reserve_counts_only_what_can_be_spent_when_it_is_replayed(db: Pool) -> None:
    account = await make_account(db)
    await make_lot(db, account, credits=10, expires=1)
    await wallet.reserve(db, account=account, credits=4, reason="task_1", at=day(0))
    again = await wallet.reserve(db, account=account, credits=4, reason="task_1", at=day(2))
    assert again.available == (await wallet.balance(db, account=account, at=day(2))).available == 0


async def test_more_than_there_is_is_refused_with_402(db: Pool) -> None:
    account = await make_account(db, credits=10)
    with pytest.raises(InsufficientCredits, match="needs 11 credits, and 10 are available") as refused:
        await wallet.reserve(db, account=account, credits=11, reason="task_1")
    assert refused.value.status == 402


async def test_a_refused_reserve_changes_nothing(db: Pool) -> None:
    account = await make_account(db, credits=10)
    before = await wallet.statement(db, account=account)
    with pytest.raises(InsufficientCredits):
        await wallet.reserve(db, account=account, credits=11, reason="task_1")
    assert await wallet.balance(db, account=account) == Balance(available=10, reserved=0)
    assert await wallet.statement(db, account=account) == before


async def test_a_refused_reason_may_be_reserved_later(db: Pool) -> None:
    account = await make_account(db)
    with pytest.raises(InsufficientCredits):
        await wallet.reserve(db, account=account, credits=4, reason="task_1")
    await make_lot(db, account, credits=4)
    answer = await wallet.reserve(db, account=account, credits=4, reason="task_1")
    assert answer == Reservation("reserved", credits=4, available=0)


async def test_reserved_credits_cannot_be_reserved_again(db: Pool) -> None:
    account = await make_account(db, credits=10)
    await wallet.reserve(db, account=account, credits=6, reason="task_1")
    with pytest.raises(InsufficientCredits):
        await wallet.reserve(db, account=account, credits=5, reason="task_2")


async def test_the_lot_that_lapses_soonest_is_taken_first(db: Pool) -> None:
    account = await make_account(db)
    await make_lot(db, account, credits=5, name="late", expires=9)
    await make_lot(db, account, credits=5, name="soon", expires=3)
    await wallet.reserve(db, account=account, credits=4, reason="task_1", at=day(0))
    assert {name: lot.reserved for name, lot in (await lots(db, account)).items()} == {"late": 0, "soon": 4}


async def test_a_lot_that_never_lapses_is_taken_last(db: Pool) -> None:
    account = await make_account(db)
    await make_lot(db, account, credits=5, name="never")
    await make_lot(db, account, credits=5, name="late", expires=900)
    await wallet.reserve(db, account=account, credits=6, reason="task_1", at=day(0))
    assert {name: lot.reserved for name, lot in (await lots(db, account)).items()} == {"never": 1, "late": 5}


async def test_of_lots_that_lapse_together_the_older_is_taken_first(db: Pool) -> None:
    account = await make_account(db)
    await make_lot(db, account, credits=5, name="older", expires=3)
    await make_lot(db, account, credits=5, name="newer", expires=3)
    await wallet.reserve(db, account=account, credits=4, reason="task_1", at=day(0))
    assert {name: lot.reserved for name, lot in (await lots(db, account)).items()} == {"older": 4, "newer": 0}


async def test_a_reserve_may_take_from_several_lots(db: Pool) -> None:
    account = await make_account(db)
    for number in (1, 2, 3):
        await make_lot(db, account, credits=5, name=f"lot {number}", expires=number)
    await wallet.reserve(db, account=account, credits=12, reason="task_1", at=day(0))
    assert [(lot.available, lot.reserved) for lot in (await lots(db, account)).values()] == [
        (0, 5),
        (0, 5),
        (3, 2),
    ]


async def test_a_reserve_may_take_from_more_lots_than_a_cursor_fetches_at_once(db: Pool) -> None:
    account = await make_account(db)
    for number in range(120):
        await make_lot(db, account, credits=1, expires=1 + number)
    await wallet.reserve(db, account=account, credits=119, reason="task_1", at=day(0))
    assert await wallet.balance(db, account=account, at=day(0)) == Balance(available=1, reserved=119)


async def test_another_accounts_lots_are_left_alone(db: Pool) -> None:
    account, other = await make_account(db, credits=3), await make_account(db, credits=9)
    with pytest.raises(InsufficientCredits):
        await wallet.reserve(db, account=account, credits=4, reason="task_1")
    assert await wallet.balance(db, account=other) == Balance(available=9, reserved=0)


async def test_two_accounts_may_use_the_same_reason(db: Pool) -> None:
    first, second = await make_account(db, credits=9), await make_account(db, credits=9)
    await wallet.reserve(db, account=first, credits=4, reason="task_1")
    answer = await wallet.reserve(db, account=second, credits=5, reason="task_1")
    assert answer == Reservation("reserved", credits=5, available=4)


async def test_nothing_at_all_can_be_reserved(db: Pool) -> None:
    account = await make_account(db)
    answer = await wallet.reserve(db, account=account, credits=0, reason="task_1")
    assert answer == Reservation("reserved", credits=0, available=0)


async def test_a_reserve_of_nothing_is_replayed_like_any_other(db: Pool) -> None:
    account = await make_account(db)
    await wallet.reserve(db, account=account, credits=0, reason="task_1")
    again = await wallet.reserve(db, account=account, credits=0, reason="task_1")
    assert again == Reservation("exists", credits=0, available=0)


async def test_an_account_without_a_wallet_is_not_found(db: Pool) -> None:
    with pytest.raises(NotFound):
        await wallet.reserve(db, account=AccountId("acct_x"), credits=1, reason="task_1")


@pytest.mark.parametrize("lots_of", [[], [10]])
async def test_less_than_nothing_is_refused_by_the_database(db: Pool, lots_of: list[int]) -> None:
    account = await make_account(db)
    for credits in lots_of:
        await make_lot(db, account, credits=credits)
    with pytest.raises(asyncpg.CheckViolationError):
        await wallet.reserve(db, account=account, credits=-1, reason="task_1")
    assert (await wallet.balance(db, account=account)).available == sum(lots_of)


async def test_less_than_nothing_does_not_free_what_is_reserved(db: Pool) -> None:
    account = await make_account(db, credits=10)
    await wallet.reserve(db, account=account, credits=6, reason="task_1")
    with pytest.raises(asyncpg.CheckViolationError):
        await wallet.reserve(db, account=account, credits=-5, reason="task_2")
    assert await wallet.balance(db, account=account) == Balance(available=4, reserved=6)


async def test_a_reserve_goes_with_its_callers_transaction(db: Pool) -> None:
    account = await make_account(db, credits=10)
    async with db.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await wallet.reserve(connection, account=account, credits=4, reason="task_1")
        await transaction.rollback()
    assert await wallet.balance(db, account=account) == Balance(available=10, reserved=0)
