"""Idempotency-Key: sending again is safe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rivya.kit.ids import AccountId
from tests.api.conftest import Installation
from tests.running import Answer, Client

BODY = {"model": "scripted", "prompt": "a tree", "params": {"outcome": "hang", "delay_s": 1}}


def send(client: Client, body: Any = BODY, *, key: str = "one") -> Answer:
    return client.generate(body, headers={"Idempotency-Key": key})


def tasks(installation: Installation, account: AccountId) -> int:
    return installation.sql("select count(*) from tasks where account_id = $1", account)[0][0]


def test_a_repeated_call_is_answered_with_the_first_answer_byte_for_byte(client: Client) -> None:
    first, second = send(client), send(client)
    assert (second.status, second.body) == (202, first.body)
    assert second.headers["location"] == first.headers["location"]


def test_a_repeated_call_is_said_to_be_a_replay(client: Client) -> None:
    first, second = send(client), send(client)
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"


def test_a_replay_is_the_first_answer_even_when_the_task_has_ended(client: Client) -> None:
    first = send(client, {"model": "scripted"})
    client.ended(first.json["id"])
    assert send(client, {"model": "scripted"}).body == first.body


def test_a_repeated_call_makes_one_task_and_one_reservation(
    client: Client, account: AccountId, installation: Installation
) -> None:
    for _ in range(3):
        send(client)
    assert tasks(installation, account) == 1
    assert installation.balance(account).reserved == 2


def test_the_spacing_and_the_order_of_fields_do_not_make_another_body(client: Client) -> None:
    first = send(client, b'{"model":"scripted","params":{"outcome":"hang","delay_s":1}}')
    second = send(client, b'{ "params" : {"delay_s":1,\n"outcome":"hang"}, "model":"scripted" }')
    assert second.body == first.body


@pytest.mark.parametrize("changed", [{"prompt": "a house"}, {"params": {}}, {"client_request_id": "x"}])
def test_another_body_under_the_same_key_is_a_conflict(client: Client, changed: dict[str, Any]) -> None:
    send(client)
    answer = send(client, {**BODY, **changed})
    assert (answer.status, answer.json["error"]["code"]) == (409, "idempotency_conflict")


def test_a_body_that_is_not_accepted_is_a_conflict_under_a_used_key(client: Client) -> None:
    send(client)
    answer = send(client, {**BODY, "params": {"outcome": "no such outcome"}})
    assert (answer.status, answer.json["error"]["code"]) == (409, "idempotency_conflict")


def test_another_key_makes_another_task(client: Client) -> None:
    assert send(client, key="one").json["id"] != send(client, key="two").json["id"]


def test_the_same_key_of_two_accounts_makes_two_tasks(client: Client, make_client: Callable[..., Client]) -> None:
    assert send(client).json["id"] != send(make_client()).json["id"]


def test_two_keys_of_one_account_share_idempotency(
    client: Client, account: AccountId, installation: Installation
) -> None:
    assert send(installation.client(account)).body == send(client).body


def test_a_key_stays_free_after_a_validation_error(client: Client) -> None:
    assert send(client, {"model": "scripted", "params": {"outcome": "typo"}}).status == 400
    assert send(client).status == 202


def test_a_key_stays_free_after_a_model_was_not_available(client: Client) -> None:
    assert send(client, {"model": "rivya-sketch", "prompt": "a tree"}).status == 409
    assert send(client).status == 202


def test_a_key_stays_free_after_credits_were_short(installation: Installation) -> None:
    account = installation.account(credits=2)
    client = installation.client(account)
    dear = {"model": "demanding", "prompt": "a tree", "params": {"style": "ink"}}
    assert send(client, dear).status == 402
    assert send(client).status == 202


def test_a_key_stays_free_after_a_scope_was_denied(
    client: Client, account: AccountId, installation: Installation
) -> None:
    assert send(installation.client(account, scopes=("generations:read",))).status == 403
    assert send(client).status == 202


def test_a_replay_is_given_though_the_credits_are_spent(make_client: Callable[..., Client]) -> None:
    client = make_client(credits=2)
    assert send(client).body == send(client).body


@pytest.mark.parametrize("key", ["x", "x" * 255, "!~ #", "00000000-0000-0000-0000-000000000000"])
def test_a_key_of_1_to_255_printable_characters_is_accepted(client: Client, key: str) -> None:
    assert send(client, key=key).status == 202


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "é"])
def test_any_other_key_is_refused(client: Client, account: AccountId, installation: Installation, key: str) -> None:
    answer = send(client, key=key)
    assert (answer.status, answer.json["error"]["code"]) == (400, "validation_failed")
    assert answer.json["error"]["param"] == "Idempotency-Key"
    assert tasks(installation, account) == 0
