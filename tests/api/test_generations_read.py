"""GET /api/v1/generations/{id}."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.running import Client

FIELDS = {
    "id",
    "status",
    "model",
    "reserved_credits",
    "final_credits",
    "created_at",
    "updated_at",
    "result",
    "error",
    "client_request_id",
    "progress",
    "cancellation",
}


def test_a_task_has_the_documented_fields(client: Client) -> None:
    task = client.generate({"model": "scripted"}).json["id"]
    assert set(client.task(task)) == FIELDS


def test_times_are_in_utc_with_milliseconds(client: Client) -> None:
    task = client.generate({"model": "scripted"}).json
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", client.task(task["id"])["created_at"])


def test_the_time_of_creation_is_the_one_that_the_create_call_answered(client: Client) -> None:
    task = client.generate({"model": "scripted"}).json
    assert client.ended(task["id"])["created_at"] == task["created_at"]


def test_the_first_result_is_the_primary_one(client: Client) -> None:
    result = client.ended(client.generate({"model": "scripted"}).json["id"])["result"]
    assert result["primary_url"] == result["urls"][0]


def test_a_missing_task_is_not_found(client: Client) -> None:
    answer = client.get("/api/v1/generations/task_00000000000000000000000000")
    assert (answer.status, answer.json["error"]["code"]) == (404, "not_found")


def test_another_accounts_task_answers_exactly_as_a_missing_one(
    client: Client, make_client: Callable[..., Client]
) -> None:
    task = client.generate({"model": "scripted"}).json["id"]
    foreign = make_client().get(f"/api/v1/generations/{task}").json["error"]
    missing = client.get("/api/v1/generations/task_00000000000000000000000000").json["error"]
    assert {**foreign, "requestId": ""} == {**missing, "requestId": ""}


@pytest.mark.parametrize("id", ["x", "%00", "task_%00", "%ff%fe", "a" * 5000, "'; drop table tasks; --"])
def test_an_id_that_no_task_can_have_is_not_found(client: Client, id: str) -> None:
    answer = client.get(f"/api/v1/generations/{id.replace(' ', '%20')}")
    assert (answer.status, answer.json["error"]["code"]) == (404, "not_found")
