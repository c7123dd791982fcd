"""Ending a reservation: once, settled or released, and whoever comes second is told which."""

from __future__ import annotations

import asyncpg
import pytest

from rivya.kit.db import Pool
from rivya.kit.ids import AccountId
from rivya.wallet import service as wallet
from rivya.wallet.model import Balance, Ending
from tests.factories import day, lots, make_account, make_lot


async def reserved_account(db: Pool, *, credits: int = 10, reserved: int = 6) -> AccountId:
    account = await make_account(db, credits=credits)
    await wallet.reserve(db, account=account, credits=reserved, reason="task_1")
    return account


async def test_a_full_settle_spends_all_that_was_reserved(db: Pool) -> None:
    account = await reserved_account(db)
    ending = await wallet.settle(db, account=account, reason="task_1", credits=6)
    assert ending == Ending("settled", settled=6, returned=0)
    assert await wallet.balance(db, account=account) == Balance(available=4, reserved=0)


async def test_a_settle_of_a_part_gives_the_rest_back_at_once(db: Pool) -> None:
    account = await reserved_account(db)
    ending = await wallet.settle(db, account=account, reason="task_1", credits=2)
    assert ending == Ending("settled", settled=2, returned=4)
    assert await wallet.balance(db, account=account) == Balance(available=8, reserved=0)


async def test_a_settle_of_nothing_gives_all_back(db: Pool) -> None:
    account = await reserved_account(db)
    ending = await wallet.settle(db, account=account, reason="task_1", credits=0)
    assert ending == Ending("settled", settled=0, returned=6)
    assert await wallet.balance(db, account=account) == Balance(available=10, reserved=0)


async def test_a_release_gives_all_back(db: Pool) -> None:
    account = await reserved_account(db)
    ending = await wallet.release(db, account=account, reason="task_1")
    assert ending == Ending("released", settled=0, returned=6)
    assert await wallet.balance(db, account=account) == Balance(available=10, reserved=0)


async def test_a_second_settle_is_told_of_the_first_and_spends_nothing(db: Pool) -> None:
    account = await reserved_account(db)
    await wallet.settle(db, account=account, reason="task_1", credits=2)
    second = await wallet.settle(db, account=account, reason="task_1", credits=6)
    assert second == Ending("already_settled", settled=2, returned=4)
    assert await wallet.balance(db, account=account) == Balance(available=8, reserved=0)


async def test_a_release_after_a_settle_is_told_that_it_was_settled(db: Pool) -> None:
    account = await reserved_account(db)
    await wallet.settle(db, account=account, reason="task_1", credits=6)
    second = await wallet.release(db, account=account, reason="task_1")
    assert second == Ending("already_settled", settled=6, returned=0)
    assert await wallet.balance(db, account=account) == Balance(available=4, reserved=0)


async def test_a_settle_after_a_release_is_told_that_it_was_released(db: Pool) -> None:
    account = await reserved_account(db)
    await wallet.release(db, account=account, reason="task_1")
    second = await wallet.settle(db, account=account, reason="task_1", credits=6)
    assert second == Ending("already_released", settled=0, returned=6)
    assert await wallet.balance(db, account=account) == Balance(available=10, reserved=0)


async def test_a_second_release_is_told_of_the_first(db: Pool) -> None:
    account = await reserved_account(db)
    await wallet.release(db, account=account, reason="task_1")
    second = await wallet.release(db, account=account, reason="task_1")
    assert second == Ending("already_released", settled=0, returned=6)


@pytest.mark.parametrize("credits", [7, 1_000_000, -1])
async def test_more_than_was_reserved_or_less_than_nothing_is_not_spent(db: Pool, credits: int) -> None:
    account = await reserved_account(db)
    ending = await wallet.settle(db, account=account, reason="task_1", credits=credits)
    assert ending.outcome == "too_much"
    assert await wallet.balance(db, account=account) == Balance(available=4, reserved=6)


async def test_a_settle_that_was_too_much_returns_nothing(db: Pool) -> None:
    account = await reserved_account(db)
    ending = await wallet.settle(db, account=account, reason="task_1", credits=7)
    assert ending == Ending("too_much", settled=0, returned=0)


async def test_a_reservation_is_still_open_after_a_settle_that_was_too_much(db: Pool) -> None:
    account = await reserved_account(db)
    await wallet.settle(db, account=account, reason="task_1", credits=7)
    ending = await wallet.settle(db, account=account, reason="task_1", credits=6)
    assert ending == Ending("settled", settled=6, returned=0)


async def test_a_reason_that_was_never_reserved_is_missing(db: Pool) -> None:
    account = await make_account(db, credits=10)
    assert await wallet.settle(db, account=account, reason="task_x", credits=1) == Ending("missing", 0, 0)
    assert await wallet.release(db, account=account, reason="task_x") == Ending("missing", 0, 0)


async def test_an_account_without_a_wallet_has_nothing_to_end(db: Pool) -> None:
    ending = await wallet.release(db, account=AccountId("acct_x"), reason="task_1")
    assert ending == Ending("missing", 0, 0)


async def test_another_accounts_reservation_cannot_be_ended(db: Pool) -> None:
    account, other = await reserved_account(db), await make_account(db, credits=10)
    assert (await wallet.settle(db, account=other, reason="task_1", credits=6)).outcome == "missing"
    assert await wallet.balance(db, account=account) == Balance(available=4, reserved=6)


async def test_a_reservation_of_nothing_ends_like_any_other(db: Pool) -> None:
    account = await make_account(db)
    await wallet.reserve(db, account=account, credits=0, reason="task_1")
    assert await wallet.settle(db, account=account, reason="task_1", credits=0) == Ending("settled", 0, 0)
    assert (await wallet.release(db, account=account, reason="task_1")).outcome == "already_settled"


async def test_a_release_cannot_spend(db: Pool) -> None:
    account = await reserved_account(db)
    with pytest.raises(asyncpg.CheckViolationError):
        await wallet.end_many(db, [wallet.End(account, "task_1", 2, release=True)])
    assert await wallet.balance(db, account=account) == Balance(available=4, reserved=6)


async def test_a_release_gives_back_to_the_lots_it_came_from(db: Pool) -> None:
    account = await make_account(db)
    for number, credits in enumerate([3, 5, 4]):
        await make_lot(db, account, credits=credits, expires=10 + number)
    before = await lots(db, account)
    await wallet.reserve(db, account=account, credits=10, reason="task_1", at=day(0))
    await wallet.release(db, account=account, reason="task_1", at=day(1))
    assert await lots(db, account) == before


async def test_a_release_gives_back_to_its_lots_and_not_to_its_neighbours(db: Pool) -> None:
    account = await make_account(db)
    await make_lot(db, account, credits=5, name="soon", expires=3)
    await make_lot(db, account, credits=5, name="late", expires=9)
    await wallet.reserve(db, account=account, credits=4, reason="task_1", at=day(0))
    await wallet.reserve(db, account=account, credits=4, reason="task_2", at=day(0))
    await wallet.release(db, account=account, reason="task_1", at=day(1))
    assert {name: (lot.available, lot.reserved) for name, lot in (await lots(db, account)).items()} == {
        "soon": (4, 1),
        "late": (2, 3),
    }


async def test_a_settle_of_a_part_spends_what_lapses_soonest(db: Pool) -> None:
    account = await make_account(db)
    await make_lot(db, account, credits=5, name="late", expires=9)
    await make_lot(db, account, credits=5, name="soon", expires=3)
    await wallet.reserve(db, account=account, credits=8, reason="task_1", at=day(0))
    await wallet.settle(db, account=account, reason="task_1", credits=6, at=day(1))
    assert {name: lot.available for name, lot in (await lots(db, account)).items()} == {"late": 4, "soon": 0}
