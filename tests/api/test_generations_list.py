"""GET /api/v1/generations."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.running import Client

PATH = "/api/v1/generations"


def make(client: Client, count: int, *, trace: str | None = None, outcome: str = "done") -> list[str]:
    body = {"model": "scripted", "params": {"outcome": outcome}, "client_request_id": trace}
    return [client.generate(body).json["id"] for _ in range(count)]


def ids(client: Client, query: str = "") -> list[str]:
    answer = client.get(f"{PATH}?{query}")
    assert answer.status == 200, answer.body
    return [task["id"] for task in answer.json["data"]]


def test_tasks_are_listed_newest_first_in_pages_that_new_ones_do_not_move(client: Client) -> None:
    made = make(client, 5)
    first = client.get(f"{PATH}?limit=2").json
    assert (first["object"], first["has_more"]) == ("list", True)
    make(client, 1)
    second = client.get(f"{PATH}?limit=2&cursor={first['next_cursor']}").json
    third = client.get(f"{PATH}?limit=2&cursor={second['next_cursor']}").json
    assert [task["id"] for page in (first, second, third) for task in page["data"]] == made[::-1]
    assert (third["has_more"], third["next_cursor"]) == (False, None)


def test_a_listed_task_is_as_it_is_read(client: Client) -> None:
    (task,) = make(client, 1)
    ended = client.ended(task)
    (listed,) = client.get(PATH).json["data"]
    assert {**listed, "result": None} == {**ended, "result": None}
    assert client.get(listed["result"]["primary_url"]).status == 200


def test_filters_hold_together(client: Client) -> None:
    good, bad = make(client, 2, trace="campaign"), make(client, 1, trace="campaign", outcome="failed")
    make(client, 1)
    for task in good + bad:
        client.ended(task)
    assert ids(client, "client_request_id=campaign") == (good + bad)[::-1]
    assert ids(client, "client_request_id=campaign&status=failed") == bad
    assert ids(client, "model=scripted&status=succeeded&client_request_id=campaign") == good[::-1]
    assert ids(client, "model=z-image") == []


def test_a_cursor_is_a_place_that_holds_with_any_filter_and_in_no_other_list(client: Client) -> None:
    first, second = make(client, 1), make(client, 1, trace="a")
    cursor = client.get(f"{PATH}?limit=1&client_request_id=a").json["next_cursor"]
    assert cursor is None
    cursor = client.get(f"{PATH}?limit=1").json["next_cursor"]
    assert ids(client, f"cursor={cursor}&model=scripted") == first
    assert ids(client, f"cursor={cursor}&client_request_id=a") == [] != second
    answer = client.get(f"/api/v1/files?cursor={cursor}")
    assert (answer.status, answer.json["error"]["param"]) == (400, "cursor")


@pytest.mark.parametrize(
    ("query", "param"),
    [("status=done", "status"), ("limit=0", "limit"), ("client_request_id=" + "x" * 129, "client_request_id")],
)
def test_a_bad_query_names_what_is_wrong(client: Client, query: str, param: str) -> None:
    answer = client.get(f"{PATH}?{query}")
    assert (answer.status, answer.json["error"]["code"], answer.json["error"]["param"]) == (
        400,
        "validation_failed",
        param,
    )


def test_nobody_sees_the_tasks_of_others(client: Client, make_client: Callable[..., Client]) -> None:
    make(client, 1, trace="mine")
    assert ids(make_client(), "client_request_id=mine") == []
