"""What accounts are told without anybody deciding to tell them."""

from __future__ import annotations

from rivya.kit.db import Pool
from rivya.kit.ids import AccountId
from rivya.notifications.watching import LOW_CREDITS, tell_of_expiring, tell_of_failed, tell_of_low_balance
from tests.factories import accept_task, day, end_task, make_account, make_lot


async def titles(pool: Pool, account: AccountId) -> list[str]:
    rows = await pool.fetch(
        "select title from notifications where account_id = $1 and subject not like 'granted:%' order by title", account
    )
    return [row["title"] for row in rows]


async def test_credits_that_lapse_within_three_days_are_told_once_a_lot(pool: Pool) -> None:
    account = await make_account(pool)
    for credits, expires in ((7, 2.5), (20, 3.0), (30, 3.1)):
        await make_lot(pool, account, credits=credits, expires=expires)
    assert await tell_of_expiring(pool, at=day(0)) == 2
    assert await tell_of_expiring(pool, at=day(0.01)) == 0
    assert await titles(pool, account) == ["20 credits expire on 4 January 2026", "7 credits expire on 3 January 2026"]
    assert await tell_of_expiring(pool, at=day(0.2)) == 1


async def test_a_lot_that_was_spent_or_has_lapsed_is_not_told(pool: Pool) -> None:
    spent, lapsed = await make_account(pool), await make_account(pool)
    await make_lot(pool, spent, credits=4, expires=2)
    await accept_task(pool, spent, credits=4)
    await make_lot(pool, lapsed, credits=4, expires=1)
    assert await tell_of_expiring(pool, at=day(1.5)) == 0


async def test_a_low_balance_is_told_once_after_each_time_that_credits_came_in(pool: Pool) -> None:
    account = await make_account(pool, credits=20)
    assert await tell_of_low_balance(pool, at=day(0.1)) == 0
    await accept_task(pool, account, credits=16)
    assert await tell_of_low_balance(pool, at=day(0.1)) == 1
    assert await tell_of_low_balance(pool, at=day(0.2)) == 0
    assert await titles(pool, account) == ["You have 4 credits left"]

    await make_lot(pool, account, credits=100)
    assert await tell_of_low_balance(pool, at=day(0.3)) == 0
    await accept_task(pool, account, credits=104 - LOW_CREDITS)
    assert await tell_of_low_balance(pool, at=day(0.4)) == 1


async def test_a_wallet_that_nobody_uses_is_not_told_that_it_is_low(pool: Pool) -> None:
    account = await make_account(pool, credits=20)
    await accept_task(pool, account, credits=20)
    assert await tell_of_low_balance(pool, at=day(2)) == 0


async def failed(pool: Pool, account: AccountId, *, source: str, reason: str, at: float = 0) -> str:
    task = f"task_{source}_{reason}_{at}"
    await accept_task(pool, account, credits=1, id=task, source=source, at=at)
    await end_task(pool, account, task, status="failed", at=at)
    await pool.execute(
        "update tasks set error = jsonb_build_object('message', 'It did not.', 'reason', $2::text) where id = $1",
        task,
        reason,
    )
    return task


async def test_a_failed_task_of_the_studio_is_told_once(pool: Pool) -> None:
    account = await make_account(pool, credits=10)
    task = await failed(pool, account, source="studio", reason="upstream_error")
    assert await tell_of_failed(pool, at=day(0.5)) == 1
    assert await tell_of_failed(pool, at=day(0.5)) == 0
    row = await pool.fetchrow("select * from notifications where account_id = $1 and kind = 'generation'", account)
    assert row is not None
    assert (row["title"], row["body"]) == ("rivya-sketch failed", "It did not.")
    assert row["link"] == f"/history/generations/{task}"


async def test_what_was_cancelled_made_through_the_api_or_is_no_news_is_not_told(pool: Pool) -> None:
    account = await make_account(pool, credits=10)
    await failed(pool, account, source="studio", reason="cancelled")
    await failed(pool, account, source="api", reason="upstream_error")
    await failed(pool, account, source="studio", reason="timeout", at=-2)
    assert await tell_of_failed(pool, at=day(0.5)) == 0
