"""POST /api/v1/generations: what is accepted, and what comes of it by the way the provider behaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rivya.kit.ids import AccountId
from rivya.wallet.model import Balance
from tests.api.conftest import Installation
from tests.running import Client, eventually


def scripted(**params: Any) -> dict[str, Any]:
    return {"model": "scripted", "prompt": "a tree", "params": params}


def test_a_generation_is_accepted_and_ends_with_a_picture(client: Client) -> None:
    answer = client.generate({"model": "scripted", "prompt": "a tree"})

    assert answer.status == 202
    assert answer.headers["location"] == f"/api/v1/generations/{answer.json['id']}"
    task = client.ended(answer.json["id"])
    assert task["status"] == "succeeded"
    assert task["final_credits"] == task["reserved_credits"] == 2
    picture = client.get(task["result"]["primary_url"])
    assert (picture.status, picture.headers["content-type"]) == (200, "image/png")


def test_a_new_task_is_queued_with_nothing_final(client: Client) -> None:
    task = client.generate(scripted()).json
    assert task["id"].startswith("task_")
    assert task["created_at"] == task["updated_at"]
    assert {key: task[key] for key in ("status", "model", "final_credits", "result", "error", "progress")} == {
        "status": "queued",
        "model": "scripted",
        "final_credits": 0,
        "result": None,
        "error": None,
        "progress": None,
    }


def test_the_task_carries_the_callers_trace(client: Client) -> None:
    task = client.generate({**scripted(), "client_request_id": "x" * 128}).json
    assert task["client_request_id"] == "x" * 128


def test_the_credits_are_set_aside_when_the_task_is_accepted(
    client: Client, account: AccountId, installation: Installation
) -> None:
    client.generate(scripted(outcome="hang"))
    assert installation.balance(account) == Balance(available=98, reserved=2)


def test_a_success_spends_what_was_reserved(client: Client, account: AccountId, installation: Installation) -> None:
    client.ended(client.generate(scripted()).json["id"])
    assert installation.balance(account) == Balance(available=98, reserved=0)


def test_a_chosen_option_changes_the_price(client: Client) -> None:
    body = {"model": "demanding", "prompt": "a tree", "params": {"style": "ink", "size": "large"}}
    assert client.generate(body).json["reserved_credits"] == 8  # 5 times 1.5, rounded up


def test_a_prompt_of_exactly_the_longest_length_is_accepted(client: Client) -> None:
    body = {"model": "demanding", "prompt": "é" * 20, "params": {"style": "ink"}}
    assert client.generate(body).status == 202


def test_a_number_on_its_step_is_accepted_whatever_binary_fractions_say(client: Client) -> None:
    body = {"model": "demanding", "prompt": "a tree", "params": {"style": "ink", "strength": 0.15}}
    assert client.generate(body).status == 202


def test_an_earlier_result_may_be_a_reference(client: Client) -> None:
    link = client.ended(client.generate(scripted()).json["id"])["result"]["primary_url"]
    params = {"style": "ink", "referenceMediaItems": [{"url": link, "kind": "image"}]}
    answer = client.generate({"model": "demanding", "prompt": "a tree", "params": params})
    assert client.ended(answer.json["id"])["status"] == "succeeded"


def test_another_accounts_result_may_not_be_a_reference(client: Client, make_client: Callable[..., Client]) -> None:
    other = make_client()
    link = other.ended(other.generate(scripted()).json["id"])["result"]["primary_url"]
    params = {"style": "ink", "referenceMediaItems": [{"url": link, "kind": "image"}]}
    answer = client.generate({"model": "demanding", "prompt": "a tree", "params": params})
    assert (answer.status, answer.json["error"]["param"]) == (400, "params.referenceMediaItems[0].url")


def test_a_task_that_takes_time_shows_that_it_is_processing(client: Client) -> None:
    task = client.generate(scripted(delay_s=30)).json["id"]
    eventually(lambda: client.task(task)["status"] == "processing")


def test_progress_is_told_while_the_provider_works(client: Client) -> None:
    task = client.generate(scripted(delay_s=8)).json["id"]
    progress = eventually(lambda: client.task(task)["progress"])
    assert 0 < progress <= 100


def test_a_task_that_takes_time_succeeds(client: Client) -> None:
    task = client.generate(scripted(delay_s=0.3, submit_delay_s=0.1)).json["id"]
    assert client.ended(task)["status"] == "succeeded"


def test_an_unknown_submission_that_the_provider_finds_again_succeeds(client: Client) -> None:
    task = client.generate(scripted(outcome="unknown", lookup="true")).json["id"]
    assert client.ended(task)["status"] == "succeeded"


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        ("failed", "upstream_error"),
        ("refused", "upstream_error"),
        ("rejected", "content_rejected"),
        ("unknown", "upstream_error"),
        ("lost", "upstream_error"),
        ("bad_media", "upstream_error"),
        ("crash", "upstream_error"),
    ],
)
def test_a_task_without_a_usable_result_says_why_and_gives_its_credits_back(
    client: Client, account: AccountId, installation: Installation, outcome: str, reason: str
) -> None:
    ended = client.ended(client.generate(scripted(outcome=outcome)).json["id"])

    assert (ended["status"], ended["error"]["code"], ended["error"]["reason"]) == (
        "failed",
        "generation_failed",
        reason,
    )
    assert (ended["reserved_credits"], ended["final_credits"], ended["result"]) == (2, 0, None)
    assert installation.balance(account) == Balance(available=100, reserved=0)


@pytest.mark.parametrize("outcome", ["hang", "busy"])
def test_a_task_past_its_deadline_fails_with_its_credits_back(
    client: Client, account: AccountId, installation: Installation, outcome: str
) -> None:
    ended = client.ended(client.generate({"model": "hasty", "params": {"outcome": outcome}}).json["id"])
    assert (ended["status"], ended["error"]["reason"], ended["final_credits"]) == ("failed", "timeout", 0)
    assert installation.balance(account) == Balance(available=100, reserved=0)


def test_a_task_still_queued_at_its_deadline_fails_with_its_credits_back(
    client: Client, account: AccountId, installation: Installation
) -> None:
    with installation.worker_asleep():
        task = client.generate({"model": "hasty"}).json["id"]
        late = "update tasks set deadline_at = now() where id = $1 and status = 'queued' returning 1"
        assert installation.sql(late, task)
    assert client.ended(task)["error"]["reason"] == "timeout"
    assert installation.balance(account) == Balance(available=100, reserved=0)


def test_a_provider_that_refuses_for_now_is_asked_again(client: Client, installation: Installation) -> None:
    task = client.generate(scripted(outcome="busy")).json["id"]
    attempts = "select number from attempts where task_id = $1"
    eventually(lambda: len(installation.sql(attempts, task)) >= 2, every_s=0.3)
    assert client.task(task)["status"] == "processing"


def test_the_message_of_a_failed_task_names_nothing_internal(client: Client) -> None:
    ended = client.ended(client.generate(scripted(outcome="crash")).json["id"])
    assert "scripted" not in ended["error"]["message"].lower()
