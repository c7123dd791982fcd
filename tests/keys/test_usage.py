"""What a key may spend in a month and have in flight: exact, and all or nothing with the credits themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from rivya.keys import service as keys
from rivya.keys.model import KnownKey
from rivya.kit.db import Pool
from rivya.kit.ids import AccountId, KeyId
from rivya.wallet.invariants import verify
from tests.factories import accept_task, day, end_task, make_account, make_key

JANUARY_31ST, FEBRUARY_1ST = 30.99, 31.01
"""Days of the tests' time, which begins on the 1st of January: before and after the turn of the month."""


@pytest.fixture
async def db(pool: Pool) -> AsyncIterator[Pool]:
    yield pool
    assert await verify(pool) == []


@pytest.fixture
async def account(db: Pool) -> AccountId:
    return await make_account(db, credits=1000)


async def outcome(db: Pool, account: AccountId, key: str, credits: int, **more: object) -> tuple[str, int | None]:
    row = await accept_task(db, account, key=key, credits=credits, **more)  # type: ignore[arg-type]
    return row["outcome"], row["available"] if row["outcome"] != "accepted" else None


async def used(db: Pool, account: AccountId, key: KeyId, *, at: float = 0) -> int:
    return (await known(db, account, key, at=at)).used_credits


async def known(db: Pool, account: AccountId, key: KeyId, *, at: float = 0) -> KnownKey:
    return next(one for one in await keys.list_keys(db, account=account, at=day(at)) if one.id == key)


async def test_a_key_spends_up_to_its_limit_and_not_one_credit_more(db: Pool, account: AccountId) -> None:
    key = await make_key(db, account, credits_a_month=10)
    assert await outcome(db, account, key, 7) == ("accepted", None)
    assert await outcome(db, account, key, 4) == ("spend_limit", 3)
    assert await outcome(db, account, key, 3) == ("accepted", None)
    assert await outcome(db, account, key, 1) == ("spend_limit", 0)
    assert await used(db, account, key) == 10


async def test_what_costs_nothing_is_let_through_at_the_limit(db: Pool, account: AccountId) -> None:
    key = await make_key(db, account, credits_a_month=0)
    assert await outcome(db, account, key, 0) == ("accepted", None)
    assert await outcome(db, account, key, 1) == ("spend_limit", 0)


async def test_a_key_without_a_limit_spends_what_the_wallet_holds(db: Pool, account: AccountId) -> None:
    key = await make_key(db, account)
    assert await outcome(db, account, key, 1000) == ("accepted", None)
    assert await outcome(db, account, key, 1) == ("insufficient", 0)
    assert await used(db, account, key) == 1000


async def test_a_failed_task_gives_its_part_of_the_limit_back(db: Pool, account: AccountId) -> None:
    key = await make_key(db, account, credits_a_month=10)
    await accept_task(db, account, id="task_1", key=key, credits=10)
    await end_task(db, account, "task_1", status="failed")
    assert await used(db, account, key) == 0
    assert await outcome(db, account, key, 10) == ("accepted", None)


async def test_a_succeeded_task_leaves_what_it_used(db: Pool, account: AccountId) -> None:
    key = await make_key(db, account, credits_a_month=10)
    await accept_task(db, account, id="task_1", key=key, credits=10)
    await end_task(db, account, "task_1", credits=6)
    assert await used(db, account, key) == 6
    assert await outcome(db, account, key, 5) == ("spend_limit", 4)


async def test_a_new_month_begins_at_nothing(db: Pool, account: AccountId) -> None:
    key = await make_key(db, account, credits_a_month=10)
    await accept_task(db, account, key=key, credits=10, at=JANUARY_31ST)
    assert await outcome(db, account, key, 1, at=JANUARY_31ST) == ("spend_limit", 0)
    assert await outcome(db, account, key, 10, at=FEBRUARY_1ST) == ("accepted", None)


@pytest.mark.parametrize("status", ["failed", "succeeded"])
async def test_a_task_of_last_month_that_ends_now_counts_for_last_month(
    db: Pool, account: AccountId, status: str
) -> None:
    key = await make_key(db, account, credits_a_month=10)
    await accept_task(db, account, id="task_1", key=key, credits=8, at=JANUARY_31ST)
    await accept_task(db, account, key=key, credits=5, at=FEBRUARY_1ST)
    await end_task(db, account, "task_1", status=status, credits=3 if status == "succeeded" else 0, at=FEBRUARY_1ST)
    assert await used(db, account, key, at=FEBRUARY_1ST) == 5
    assert await used(db, account, key, at=JANUARY_31ST) == (3 if status == "succeeded" else 0)


async def test_a_call_that_comes_late_over_the_turn_of_the_month_counts_where_it_was_made(
    db: Pool, account: AccountId
) -> None:
    key = await make_key(db, account, credits_a_month=10)
    await accept_task(db, account, key=key, credits=6, at=JANUARY_31ST)
    await accept_task(db, account, key=key, credits=9, at=FEBRUARY_1ST)
    assert await outcome(db, account, key, 5, at=JANUARY_31ST) == ("spend_limit", 4)
    assert await outcome(db, account, key, 4, at=JANUARY_31ST) == ("accepted", None)


async def test_keys_of_one_account_have_each_their_own_limit(db: Pool, account: AccountId) -> None:
    one, two = await make_key(db, account, credits_a_month=10), await make_key(db, account, credits_a_month=10)
    assert await outcome(db, account, one, 10) == ("accepted", None)
    assert await outcome(db, account, two, 10) == ("accepted", None)


async def test_a_key_and_the_one_that_took_its_place_share_one_limit(db: Pool, account: AccountId) -> None:
    old = await make_key(db, account, credits_a_month=10)
    new = await make_key(db, account, of=old, credits_a_month=10)
    assert await outcome(db, account, old, 7, key_in_flight=2) == ("accepted", None)
    assert await outcome(db, account, new, 4, key_in_flight=2) == ("spend_limit", 3)
    assert await outcome(db, account, new, 3, key_in_flight=2) == ("accepted", None)
    assert await outcome(db, account, old, 0, key_in_flight=2) == ("key_full", 0)
    assert await used(db, account, new) == await used(db, account, old) == 10


async def test_a_limit_lowered_below_what_was_used_refuses_without_going_below_nothing(
    db: Pool, account: AccountId
) -> None:
    key = await make_key(db, account)
    await accept_task(db, account, key=key, credits=50)
    await keys.change_limits(db, key=key, credits_a_month=20)
    assert await outcome(db, account, key, 1) == ("spend_limit", 0)
    await keys.change_limits(db, key=key, credits_a_month=51)
    assert await outcome(db, account, key, 1) == ("accepted", None)


async def test_an_account_has_no_more_in_flight_than_it_may(db: Pool, account: AccountId) -> None:
    one, two = await make_key(db, account), await make_key(db, account)
    for number in range(3):
        assert await outcome(db, account, one, 1, id=f"task_{number}", account_in_flight=3) == ("accepted", None)
    assert (await outcome(db, account, two, 1, account_in_flight=3))[0] == "account_full"
    await end_task(db, account, "task_1", status="failed")
    assert await outcome(db, account, two, 1, account_in_flight=3) == ("accepted", None)


async def test_a_key_has_no_more_in_flight_than_it_may(db: Pool, account: AccountId) -> None:
    one, two = await make_key(db, account), await make_key(db, account)
    for number in range(2):
        assert await outcome(db, account, one, 1, id=f"task_{number}", key_in_flight=2) == ("accepted", None)
    assert (await outcome(db, account, one, 1, key_in_flight=2))[0] == "key_full"
    assert await outcome(db, account, two, 1, key_in_flight=2) == ("accepted", None)
    await end_task(db, account, "task_0", credits=1)
    assert await outcome(db, account, one, 1, key_in_flight=2) == ("accepted", None)


async def test_what_a_key_has_in_flight_since_last_month_counts(db: Pool, account: AccountId) -> None:
    key = await make_key(db, account)
    await accept_task(db, account, key=key, at=JANUARY_31ST)
    assert (await outcome(db, account, key, 1, key_in_flight=1, at=FEBRUARY_1ST))[0] == "key_full"


@pytest.mark.parametrize(
    ("credits", "limits", "refused"),
    [
        (6, {}, "spend_limit"),
        (5, {"key_in_flight": 1}, "key_full"),
        (5, {"account_in_flight": 1}, "account_full"),
        (0, {"account_in_flight": 1}, "account_full"),
    ],
)
async def test_a_call_that_is_refused_changes_nothing_and_leaves_its_idempotency_key_free(
    db: Pool, account: AccountId, credits: int, limits: dict[str, int], refused: str
) -> None:
    key = await make_key(db, account, credits_a_month=10)
    await accept_task(db, account, key=key, credits=5)
    assert (await outcome(db, account, key, credits, idempotency_key="again", **limits))[0] == refused
    assert await db.fetchval("select count(*) from tasks") == 1
    assert await db.fetchval("select count(*) from idempotency_keys") == 0
    assert await used(db, account, key) == 5
    assert await outcome(db, account, key, 5, idempotency_key="again") == ("accepted", None)


async def test_a_call_that_the_wallet_cannot_pay_takes_nothing_from_the_limit(db: Pool, account: AccountId) -> None:
    key = await make_key(db, account, credits_a_month=5000)
    assert await outcome(db, account, key, 2000) == ("insufficient", 1000)
    assert await used(db, account, key) == 0
    assert await outcome(db, account, key, 1, key_in_flight=1) == ("accepted", None)


@pytest.mark.parametrize("idempotency_key", [None, "key_1"])
async def test_a_task_that_is_sent_again_is_not_refused_for_the_limit_that_it_filled_itself(
    db: Pool, account: AccountId, idempotency_key: str | None
) -> None:
    key = await make_key(db, account, credits_a_month=4)
    for _ in range(3):
        accepted = await accept_task(
            db,
            account,
            id="task_1",
            key=key,
            credits=4,
            idempotency_key=idempotency_key,
            key_in_flight=1,
            account_in_flight=1,
        )
        assert accepted["outcome"] == "accepted"
    assert await used(db, account, key) == 4


async def test_a_task_that_is_sent_again_counts_once(db: Pool, account: AccountId) -> None:
    key = await make_key(db, account)
    for _ in range(3):
        assert await outcome(db, account, key, 4, id="task_1") == ("accepted", None)
    assert await used(db, account, key) == 4


async def test_a_replay_is_answered_whatever_the_limits_say(db: Pool, account: AccountId) -> None:
    key = await make_key(db, account, credits_a_month=4)
    await accept_task(db, account, key=key, credits=4, idempotency_key="same")
    again = await accept_task(
        db, account, key=key, credits=4, idempotency_key="same", key_in_flight=1, account_in_flight=1
    )
    assert (again["outcome"], again["response"]) == ("replay", b"{}")


async def test_the_version_before_accepts_and_its_tasks_count(db: Pool, account: AccountId) -> None:
    key = await make_key(db, account, credits_a_month=5)
    accept = """
        select outcome from generation_accept($1, $2, $3, 'api', 'rivya-sketch', 'a hill', '{}', '[]', null, 4, $4, $4,
                                              'generations', 'generations', null, '\\x01', '\\x7b7d')
    """
    assert await db.fetchval(accept, account, "task_1", key, day(0)) == "accepted"
    assert await db.fetchval(accept, account, "task_2", key, day(0)) == "spend_limit"
    assert await used(db, account, key) == 4


async def test_a_task_from_before_there_were_limits_ends_and_counts_nowhere(db: Pool, account: AccountId) -> None:
    key = await make_key(db, account)
    await accept_task(db, account, id="task_1", key=key, credits=4)
    await db.execute("update tasks set usage_id = null")
    await db.execute("delete from key_usage")
    assert await end_task(db, account, "task_1", credits=4)
    assert await used(db, account, key) == 0
