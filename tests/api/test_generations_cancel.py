"""POST /api/v1/generations/{id}/cancel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rivya.kit.ids import AccountId
from rivya.wallet.model import Balance
from tests.api.conftest import Installation
from tests.running import Answer, Client, eventually


def start(client: Client, **params: Any) -> str:
    return client.generate({"model": "scripted", "params": params}).json["id"]


def cancel(client: Client, task: str) -> Answer:
    return client.post(f"/api/v1/generations/{task}/cancel")


def processing(client: Client, **params: Any) -> str:
    """Return a task that a provider works on."""
    task = start(client, **params)
    eventually(lambda: client.task(task)["status"] == "processing")
    return task


def test_a_queued_task_is_cancelled_at_once(client: Client, installation: Installation) -> None:
    with installation.worker_asleep():
        answer = cancel(client, start(client))
    assert (answer.status, answer.json["status"], answer.json["error"]["reason"]) == (200, "failed", "cancelled")


def test_a_cancelled_queued_task_gives_its_credits_back(
    client: Client, account: AccountId, installation: Installation
) -> None:
    with installation.worker_asleep():
        cancel(client, start(client))
        assert installation.balance(account) == Balance(available=100, reserved=0)


def test_a_task_cancelled_in_the_queue_never_reaches_the_provider(client: Client, installation: Installation) -> None:
    with installation.worker_asleep():
        cancelled = start(client)
        cancel(client, cancelled)
        next_one = start(client)
    client.ended(next_one)
    queued = "select 1 from pgqueuer where payload like convert_to('% ' || $1, 'UTF8')"
    eventually(lambda: not installation.sql(queued, cancelled))
    assert installation.submissions(cancelled) == 0


def test_a_processing_task_is_cancelled_upstream(
    client: Client, account: AccountId, installation: Installation
) -> None:
    task = processing(client, outcome="hang")
    assert cancel(client, task).status == 200
    assert client.ended(task, within_s=10)["error"]["reason"] == "cancelled"
    assert installation.balance(account) == Balance(available=100, reserved=0)


def test_a_task_that_its_provider_cannot_cancel_is_left_to_finish_and_says_so(
    client: Client, account: AccountId, installation: Installation
) -> None:
    task = processing(client, outcome="stubborn", delay_s=2)
    assert client.task(task)["cancellation"] is None
    asked = cancel(client, task)
    assert (asked.status, asked.json["status"]) == (200, "processing")
    assert asked.json["cancellation"] in ("requested", "declined")
    eventually(lambda: client.task(task)["cancellation"] == "declined")
    ended = client.ended(task)
    assert (ended["status"], ended["cancellation"]) == ("succeeded", "declined")
    assert installation.balance(account) == Balance(available=98, reserved=0)


def test_a_task_is_cancelled_although_the_provider_is_still_accepting_it(client: Client) -> None:
    task = processing(client, outcome="hang", submit_delay_s=1)
    cancel(client, task)
    assert client.ended(task, within_s=10)["error"]["reason"] == "cancelled"


def test_a_task_is_cancelled_although_its_provider_refuses_for_now(client: Client, installation: Installation) -> None:
    task = start(client, outcome="busy")
    refused = "select 1 from attempts where task_id = $1 and outcome = 'refused'"
    eventually(lambda: installation.sql(refused, task))
    cancel(client, task)
    assert client.ended(task, within_s=15)["error"]["reason"] == "cancelled"


ASKED = "update tasks set cancel_requested_at = now() where id = $1"
"""As it is when the worker did not hear of it."""


def test_a_task_is_cancelled_although_nobody_heard_of_it(client: Client, installation: Installation) -> None:
    task = processing(client, outcome="hang")
    installation.sql(ASKED, task)
    assert client.ended(task, within_s=10)["error"]["reason"] == "cancelled"


def test_a_task_that_is_refused_for_now_is_cancelled_although_nobody_heard_of_it(
    client: Client, installation: Installation
) -> None:
    task = processing(client, outcome="busy")
    installation.sql(ASKED, task)
    assert client.ended(task, within_s=15)["error"]["reason"] == "cancelled"


def test_cancelling_a_task_that_has_succeeded_changes_nothing(client: Client) -> None:
    task = start(client)
    before = client.ended(task)
    answer = cancel(client, task)
    assert answer.status == 200
    assert (answer.json["status"], answer.json["updated_at"]) == ("succeeded", before["updated_at"])


def test_cancelling_twice_answers_the_same(client: Client, installation: Installation) -> None:
    with installation.worker_asleep():
        task = start(client)
        assert cancel(client, task).json == cancel(client, task).json


def test_a_missing_task_cannot_be_cancelled(client: Client) -> None:
    answer = cancel(client, "task_00000000000000000000000000")
    assert (answer.status, answer.json["error"]["code"]) == (404, "not_found")


def test_another_accounts_task_cannot_be_cancelled(client: Client, make_client: Callable[..., Client]) -> None:
    task = processing(client, outcome="hang")
    answer = cancel(make_client(), task)
    assert (answer.status, answer.json["error"]["code"]) == (404, "not_found")
    assert client.task(task)["status"] == "processing"


def test_cancelling_needs_the_scope_to_create(installation: Installation, client: Client, account: AccountId) -> None:
    reader = installation.client(account, scopes=("generations:read",))
    answer = cancel(reader, start(client))
    assert (answer.status, answer.json["error"]["code"]) == (403, "api_scope_denied")
