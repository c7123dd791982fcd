"""GET and DELETE /api/v1/files: one's own files, a page at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from rivya.kit.ids import AccountId, new_id
from tests.api.conftest import Installation
from tests.files import samples
from tests.files.forms import PATH, upload, uploaded
from tests.running import Answer, Client


def refusal(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["error"]["code"]


def pages(client: Client, limit: int) -> list[list[Any]]:
    """Return all files, page by page."""
    found: list[list[Any]] = []
    cursor = ""
    while True:
        answer = client.get(f"{PATH}?limit={limit}{cursor}").json
        found.append(answer["data"])
        assert answer["has_more"] == (answer["next_cursor"] is not None)
        if not answer["has_more"]:
            return found
        cursor = f"&cursor={answer['next_cursor']}"


def test_a_file_is_read_as_it_was_answered(client: Client) -> None:
    made = uploaded(client, samples.sound(), kind="audio")
    read = client.get(f"{PATH}/{made['id']}").json
    assert {**read, "url": ""} == {**made, "url": ""}


def test_each_read_makes_a_link_that_lives_from_then_on(client: Client) -> None:
    made = uploaded(client, samples.picture())
    time.sleep(1.1)  # links are signed to the second
    assert client.get(f"{PATH}/{made['id']}").json["url"] != made["url"]


@pytest.mark.parametrize("id", ["x", "file_x", new_id("file"), new_id("task"), "file_%00", "..%2f..", "%20"])
def test_a_file_that_does_not_exist_is_not_found(client: Client, id: str) -> None:
    assert refusal(client.get(f"{PATH}/{id}")) == (404, "not_found")
    assert refusal(client.call("DELETE", f"{PATH}/{id}")) == (404, "not_found")


def test_another_accounts_file_does_not_exist(client: Client, make_client: Callable[..., Client]) -> None:
    made, stranger = uploaded(client, samples.picture()), make_client()
    missing = stranger.get(f"{PATH}/{new_id('file')}").json["error"]["message"]
    answer = stranger.get(f"{PATH}/{made['id']}")
    assert (refusal(answer), answer.json["error"]["message"]) == ((404, "not_found"), missing)
    assert refusal(stranger.call("DELETE", f"{PATH}/{made['id']}")) == (404, "not_found")
    assert stranger.get(PATH).json["data"] == []
    assert client.get(f"{PATH}/{made['id']}").status == 200


def test_an_expired_file_does_not_exist(client: Client, installation: Installation) -> None:
    made = uploaded(client, samples.picture())
    installation.sql("update files set expires_at = now() where id = $1", made["id"])
    assert refusal(client.get(f"{PATH}/{made['id']}")) == (404, "not_found")
    assert refusal(client.call("DELETE", f"{PATH}/{made['id']}")) == (404, "not_found")
    assert client.get(PATH).json["data"] == []


def test_a_deleted_file_and_its_content_are_gone(
    client: Client, account: AccountId, installation: Installation
) -> None:
    made = uploaded(client, samples.picture())
    answer = client.call("DELETE", f"{PATH}/{made['id']}")
    assert (answer.status, answer.body) == (204, b"")
    assert refusal(client.get(f"{PATH}/{made['id']}")) == (404, "not_found")
    assert refusal(client.call("DELETE", f"{PATH}/{made['id']}")) == (404, "not_found")
    assert Client(client.base_url).get(made["url"]).status == 404
    assert client.get(PATH).json["data"] == []
    assert list((installation.rivya.folder / "data" / "objects" / "files" / account).iterdir()) == []


def test_reading_needs_its_scope(make_client: Callable[..., Client]) -> None:
    client = make_client(scopes=("files:create",))
    assert refusal(client.get(f"{PATH}/file_x")) == (403, "api_scope_denied")
    assert refusal(client.get(PATH)) == (403, "api_scope_denied")


def test_deleting_needs_the_scope_of_creating(client: Client, account: AccountId, installation: Installation) -> None:
    made = uploaded(client, samples.picture())
    reader = installation.client(account, scopes=("files:read",))
    assert refusal(reader.call("DELETE", f"{PATH}/{made['id']}")) == (403, "api_scope_denied")
    assert reader.get(f"{PATH}/{made['id']}").status == 200


def test_a_list_of_no_files_is_empty(client: Client) -> None:
    assert client.get(PATH).json == {"object": "list", "data": [], "has_more": False, "next_cursor": None}


def test_files_are_listed_newest_first_and_page_by_page(client: Client) -> None:
    made = [uploaded(client, samples.picture())["id"] for _ in range(5)]
    for limit, sizes in ((2, [2, 2, 1]), (5, [5]), (100, [5])):
        found = pages(client, limit)
        assert [len(page) for page in found] == sizes
        assert [file["id"] for page in found for file in page] == made[::-1]


def test_a_listed_file_is_a_whole_one(client: Client) -> None:
    made = uploaded(client, samples.picture())
    (listed,) = client.get(PATH).json["data"]
    assert {**listed, "url": ""} == {**made, "url": ""}


def test_what_is_added_meanwhile_moves_no_page(client: Client) -> None:
    made = [uploaded(client, samples.picture())["id"] for _ in range(4)]
    first = client.get(f"{PATH}?limit=2").json
    uploaded(client, samples.picture())
    client.call("DELETE", f"{PATH}/{first['data'][1]['id']}")
    second = client.get(f"{PATH}?limit=2&cursor={first['next_cursor']}").json
    assert [file["id"] for file in second["data"]] == [made[1], made[0]]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1.5", "", "9999999", "%D9%A1"])
def test_a_limit_that_is_none_is_refused(client: Client, limit: str) -> None:
    answer = client.get(f"{PATH}?limit={limit}")
    assert (refusal(answer), answer.json["error"]["param"]) == ((400, "validation_failed"), "limit")


@pytest.mark.parametrize("cursor", ["x", "!!!!", "a" * 5000, "%00", "kaR0ZXN0", "%E2%82%AC"])
def test_a_cursor_that_is_none_is_refused(client: Client, cursor: str) -> None:
    answer = client.get(f"{PATH}?cursor={cursor}")
    assert (refusal(answer), answer.json["error"]["param"]) == ((400, "validation_failed"), "cursor")


def test_a_cursor_of_another_account_shows_only_ones_own(client: Client, make_client: Callable[..., Client]) -> None:
    for _ in range(2):
        uploaded(client, samples.picture())
    cursor = client.get(f"{PATH}?limit=1").json["next_cursor"]
    assert make_client().get(f"{PATH}?cursor={cursor}").json["data"] == []


def test_another_method_is_not_allowed(client: Client) -> None:
    answer = client.call("PUT", PATH, b"")
    assert refusal(answer) == (405, "method_not_allowed")
    assert upload(client, samples.picture()).status == 201
