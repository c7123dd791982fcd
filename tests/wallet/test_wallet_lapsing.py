"""Lapsing: credits past their day are gone, except those that come back from a reservation afterwards."""

from __future__ import annotations

import pytest

from rivya.errors import InsufficientCredits
from rivya.kit.db import Pool
from rivya.wallet import service as wallet
from rivya.wallet.model import Balance
from tests.factories import day, lots, make_account, make_lot


async def test_what_is_past_its_day_lapses(db: Pool) -> None:
    account = await make_account(db)
    await make_lot(db, account, credits=7, expires=3)
    assert await wallet.lapse_due(db, at=day(4)) == 7
    assert await wallet.balance(db, account=account, at=day(4)) == Balance(available=0, reserved=0)


async def test_a_lot_lapses_at_its_moment_and_not_before(db: Pool) -> None:
    account = await make_account(db)
    await make_lot(db, account, credits=7, expires=3)
    assert await wallet.lapse_due(db, at=day(2.999)) == 0
    assert await wallet.lapse_due(db, at=day(3)) == 7


async def test_a_lot_without_an_end_never_lapses(db: Pool) -> None:
    await make_account(db, credits=7)
    assert await wallet.lapse_due(db, at=day(9999)) == 0


async def test_a_lot_lapses_once(db: Pool) -> None:
    account = await make_account(db)
    await make_lot(db, account, credits=7, expires=3)
    await wallet.lapse_due(db, at=day(4))
    assert await wallet.lapse_due(db, at=day(5)) == 0


async def test_only_lots_past_their_day_lapse(db: Pool) -> None:
    account = await make_account(db, credits=1)
    await make_lot(db, account, credits=2, expires=3)
    await make_lot(db, account, credits=4, expires=6)
    assert await wallet.lapse_due(db, at=day(4)) == 2
    assert (await wallet.balance(db, account=account, at=day(4))).available == 5


async def test_a_later_lot_lapses_at_its_own_time_after_an_earlier_one_has(db: Pool) -> None:
    account = await make_account(db)
    await make_lot(db, account, credits=2, expires=3)
    await make_lot(db, account, credits=4, expires=6)
    await wallet.lapse_due(db, at=day(4))
    assert await wallet.lapse_due(db, at=day(7)) == 4


async def test_a_lot_that_lapses_sooner_than_those_before_it_is_not_forgotten(db: Pool) -> None:
    account = await make_account(db)
    await make_lot(db, account, credits=4, expires=6)
    await make_lot(db, account, credits=2, expires=3)
    assert await wallet.lapse_due(db, at=day(4)) == 2


async def test_lapsing_takes_a_bounded_number_of_accounts_at_a_time(db: Pool) -> None:
    for _ in range(3):
        account = await make_account(db)
        await make_lot(db, account, credits=2, expires=3)
    assert [await wallet.lapse_due(db, limit=2, at=day(4)) for _ in range(3)] == [4, 2, 0]


async def test_a_busy_account_is_left_for_the_next_time(db: Pool) -> None:
    busy, idle = await make_account(db), await make_account(db)
    for account in (busy, idle):
        await make_lot(db, account, credits=2, expires=3)
    async with db.acquire() as connection, connection.transaction():
        await wallet.reserve(connection, account=busy, credits=1, reason="task_1", at=day(0))
        assert await wallet.lapse_due(db, at=day(4)) == 2
    assert await wallet.lapse_due(db, at=day(4)) == 1


async def test_lapsed_credits_do_not_count_before_the_janitor_ran(db: Pool) -> None:
    account = await make_account(db, credits=1)
    await make_lot(db, account, credits=7, expires=3)
    assert (await wallet.balance(db, account=account, at=day(3))).available == 1


async def test_lapsed_credits_cannot_be_spent_before_the_janitor_ran(db: Pool) -> None:
    account = await make_account(db, credits=1)
    await make_lot(db, account, credits=7, expires=3)
    with pytest.raises(InsufficientCredits, match="1 are available"):
        await wallet.reserve(db, account=account, credits=2, reason="task_1", at=day(3))


async def test_a_refused_reserve_spends_nothing_even_when_lots_lapse_with_it(db: Pool) -> None:
    account = await make_account(db, credits=1)
    await make_lot(db, account, credits=7, expires=3)
    with pytest.raises(InsufficientCredits):
        await wallet.reserve(db, account=account, credits=2, reason="task_1", at=day(3))
    assert await wallet.balance(db, account=account, at=day(3)) == Balance(available=1, reserved=0)


async def test_a_reserve_passes_over_lapsed_lots(db: Pool) -> None:
    account = await make_account(db)
    await make_lot(db, account, credits=7, name="lapsed", expires=3)
    await make_lot(db, account, credits=7, name="live", expires=9)
    await wallet.reserve(db, account=account, credits=2, reason="task_1", at=day(4))
    assert {name: lot.reserved for name, lot in (await lots(db, account)).items()} == {"lapsed": 0, "live": 2}


async def test_reserved_credits_do_not_lapse(db: Pool) -> None:
    account = await make_account(db)
    await make_lot(db, account, credits=7, expires=3)
    await wallet.reserve(db, account=account, credits=5, reason="task_1", at=day(0))
    assert await wallet.lapse_due(db, at=day(4)) == 2
    ending = await wallet.settle(db, account=account, reason="task_1", credits=5, at=day(4))
    assert ending.outcome == "settled"


async def test_a_lot_with_all_its_credits_reserved_has_nothing_to_lapse(db: Pool) -> None:
    account = await make_account(db)
    await make_lot(db, account, credits=7, expires=3)
    await wallet.reserve(db, account=account, credits=7, reason="task_1", at=day(0))
    assert await wallet.lapse_due(db, at=day(4)) == 0


async def test_credits_back_into_a_live_lot_keep_its_day(db: Pool) -> None:
    account = await make_account(db)
    await make_lot(db, account, credits=7, name="lot", expires=3)
    await wallet.reserve(db, account=account, credits=7, reason="task_1", at=day(0))
    await wallet.release(db, account=account, reason="task_1", at=day(2))
    assert (await lots(db, account))["lot"].expires_at == day(3)
    assert await wallet.lapse_due(db, at=day(3)) == 7


@pytest.mark.parametrize("janitor_ran", [True, False])
async def test_credits_back_into_a_lapsed_lot_live_seven_days(db: Pool, janitor_ran: bool) -> None:
    account = await make_account(db)
    await make_lot(db, account, credits=7, expires=3)
    await wallet.reserve(db, account=account, credits=5, reason="task_1", at=day(0))
    if janitor_ran:
        await wallet.lapse_due(db, at=day(4))
    await wallet.release(db, account=account, reason="task_1", at=day(10))
    assert (await wallet.balance(db, account=account, at=day(16.99))).available == 5
    assert (await wallet.balance(db, account=account, at=day(17))).available == 0
    assert await wallet.lapse_due(db, at=day(17)) == 5


async def test_what_was_left_in_a_lapsed_lot_does_not_live_on(db: Pool) -> None:
    account = await make_account(db)
    await make_lot(db, account, credits=7, expires=3)
    await wallet.reserve(db, account=account, credits=5, reason="task_1", at=day(0))
    await wallet.settle(db, account=account, reason="task_1", credits=1, at=day(4))
    assert await wallet.balance(db, account=account, at=day(4)) == Balance(available=4, reserved=0)


async def test_credits_back_into_a_lapsed_lot_can_be_spent(db: Pool) -> None:
    account = await make_account(db)
    await make_lot(db, account, credits=7, expires=3)
    await wallet.reserve(db, account=account, credits=5, reason="task_1", at=day(0))
    await wallet.release(db, account=account, reason="task_1", at=day(4))
    answer = await wallet.reserve(db, account=account, credits=5, reason="task_2", at=day(5))
    assert answer.available == 0


async def test_credits_back_into_two_lapsed_lots_both_live_on(db: Pool) -> None:
    account = await make_account(db)
    await make_lot(db, account, credits=5, expires=2)
    await make_lot(db, account, credits=5, expires=3)
    await wallet.reserve(db, account=account, credits=8, reason="task_1", at=day(0))
    await wallet.release(db, account=account, reason="task_1", at=day(4))
    assert (await wallet.balance(db, account=account, at=day(10))).available == 8


async def test_a_lapsed_lot_that_is_all_spent_does_not_live_on(db: Pool) -> None:
    account = await make_account(db)
    await make_lot(db, account, credits=5, name="lot", expires=3)
    await wallet.reserve(db, account=account, credits=5, reason="task_1", at=day(0))
    await wallet.settle(db, account=account, reason="task_1", credits=5, at=day(4))
    assert (await lots(db, account))["lot"].expires_at == day(3)


async def test_a_grant_that_is_past_its_day_cannot_be_spent(db: Pool) -> None:
    account = await make_account(db)
    await wallet.grant(db, account=account, business_id="p", source="grant", credits=5, expires_at=day(1), at=day(2))
    with pytest.raises(InsufficientCredits):
        await wallet.reserve(db, account=account, credits=1, reason="task_1", at=day(2))
