"""Every answer has an id of its request, and an error repeats it."""

from __future__ import annotations

import re

import pytest

from tests.api.conftest import Installation
from tests.running import Client

ANYWHERE = [
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/"),
    ("GET", "/nothing"),
    ("GET", "/media/x"),
    ("POST", "/api/v1/generations"),
    ("PUT", "/api/v1/generations"),
    ("OPTIONS", "/api/v1/generations"),
    ("GET", "/api/v1/generations/task_x"),
]


@pytest.mark.parametrize(("method", "path"), ANYWHERE)
def test_every_answer_has_a_request_id(client: Client, method: str, path: str) -> None:
    assert re.fullmatch(r"req_[0-9a-z]{26}", client.call(method, path).headers["x-request-id"])


def test_a_successful_create_has_one_too(client: Client) -> None:
    assert client.generate({"model": "scripted"}).headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nothing"), ("POST", "/api/v1/generations"), ("DELETE", "/api/v1/generations")]
)
def test_an_error_repeats_the_id_of_its_request(installation: Installation, method: str, path: str) -> None:
    answer = Client(installation.base_url).call(method, path)
    assert answer.json["error"]["requestId"] == answer.headers["x-request-id"]


def test_two_requests_have_two_ids(client: Client) -> None:
    assert client.get("/healthz").headers["x-request-id"] != client.get("/healthz").headers["x-request-id"]


def test_a_callers_request_id_is_not_taken_over(client: Client) -> None:
    answer = client.get("/healthz", headers={"X-Request-Id": "req_mine"})
    assert answer.headers["x-request-id"] != "req_mine"
