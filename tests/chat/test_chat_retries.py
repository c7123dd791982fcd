"""A call to the database whose answer was lost is made again: a turn begins and ends once, whatever is in its way."""

from __future__ import annotations

from typing import Any

import pytest

from rivya.kit.db import Pool
from rivya.wallet import service as wallet
from rivya.wallet.invariants import verify
from rivya.wallet.model import Balance
from tests.factories import begin_turn, end_turn, make_account, make_key


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"idempotency_key": "once"},
        {"account_in_flight": 1},
        {"key_in_flight": 1},
        {"idempotency_key": "once", "account_in_flight": 1, "key_in_flight": 1},
    ],
)
@pytest.mark.parametrize("credits", [3, 10])
async def test_a_turn_that_is_begun_again_is_the_same_turn(pool: Pool, credits: int, named: dict[str, Any]) -> None:
    account = await make_account(pool, credits=credits)
    named = {**named, "key": await make_key(pool, account, credits_a_month=5)}
    for _ in range(3):
        assert await begin_turn(pool, account, "turn_1", **named) == "begun"
    assert await wallet.balance(pool, account=account) == Balance(available=credits - 3, reserved=3)
    assert await pool.fetchval("select credits from key_usage where account_id = $1", account) == 3
    assert await verify(pool) == []


async def test_a_turn_in_a_session_that_is_begun_again_is_not_refused_for_itself(pool: Pool) -> None:
    account = await make_account(pool, credits=10)
    await begin_turn(pool, account, "turn_1", session="chat_1")
    await end_turn(pool, account, "turn_1", credits=1)
    for _ in range(2):
        assert await begin_turn(pool, account, "turn_2", session="chat_1", expected=2) == "begun"
    assert await begin_turn(pool, account, "turn_3", session="chat_1", expected=3) == "busy"
    assert await pool.fetchval("select message_count from chat_sessions where account_id = $1", account) == 3
    assert await verify(pool) == []


async def test_a_turn_that_is_ended_again_was_ended_by_the_same_call(pool: Pool) -> None:
    account = await make_account(pool, credits=10)
    await begin_turn(pool, account, "turn_1")
    assert [await end_turn(pool, account, "turn_1", credits=2) for _ in range(2)] == [True, True]
    assert await wallet.balance(pool, account=account) == Balance(available=8, reserved=0)
    assert await pool.fetchval("select count(*) from chat_messages where account_id = $1", account) == 2
    assert await verify(pool) == []
