"""What belongs to another account is answered exactly as what is not there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rivya.kit.ids import new_id
from rivya.openapi.operations import Endpoint
from tests.api.conftest import Installation
from tests.api.operations import ENDPOINTS, MISSING, name_of, path_of
from tests.files.samples import picture
from tests.running import Answer, Client

IDS = ("task_id", "file_id", "session_id", "endpoint_id", "delivery_id", "event_id")
OWNED = [one for one in ENDPOINTS if any(f"{{{name}}}" in one.path for name in IDS)]
BODIES = {"replayWebhook": {"since": "2026-05-11T00:00:00Z", "status": "all"}}
"""Of calls that say what is wrong with their body before they look for what it is about."""


def same(answer: Answer) -> tuple[Any, ...]:
    """Return an answer without what differs from request to request."""
    error = {name: value for name, value in answer.json["error"].items() if name != "requestId"}
    own = {"date", "x-request-id", "x-ratelimit-remaining", "x-ratelimit-reset", "content-length"}
    return answer.status, error, {name: value for name, value in answer.headers.items() if name not in own}


def upload(client: Client) -> Any:
    boundary = "b0undary"
    body = (
        (
            f'--{boundary}\r\nContent-Disposition: form-data; name="kind"\r\n\r\nimage\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        ).encode()
        + picture()
        + f"\r\n--{boundary}--\r\n".encode()
    )
    content = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    answer = client.call("POST", "/api/v1/files", body, headers=content)
    assert answer.status == 201, answer.body
    return answer.json


@pytest.fixture
def theirs(installation: Installation) -> dict[str, Any]:
    """What another account has."""
    account = installation.account()
    client = installation.client(account)
    task = client.generate({"model": "scripted"}, headers={"Idempotency-Key": "shared"}).json
    ended = client.ended(task["id"])
    file = upload(client)
    session = new_id("chat")
    installation.sql(
        """insert into chat_sessions (account_id, id, source, model, title, created_at, updated_at)
           values ($1, $2, 'api', 'rivya-mini-chat', 'theirs', now(), now())""",
        account,
        session,
    )
    assert client.get(f"/api/v1/chat/sessions/{session}").status == 200
    wanted = {"name": "theirs", "url": "https://93.184.216.34/", "event_types": ["generation.failed"]}
    endpoint = client.post("/api/v1/webhooks", wanted).json["id"]
    delivery = _delivered(installation, account, endpoint)
    return {
        "task_id": task["id"],
        "file_id": file["id"],
        "session_id": session,
        "endpoint_id": endpoint,
        "delivery_id": delivery["id"],
        "event_id": delivery["event_id"],
        "file": file,
        "task": ended,
    }


def _delivered(installation: Installation, account: str, endpoint: str) -> dict[str, str]:
    """Add a delivery that has ended: nothing is sent anywhere."""
    (row,) = installation.sql(
        """insert into webhook_deliveries (account_id, id, endpoint_id, event_id, event_type, status, created_at,
                                           updated_at)
           select account_id, $3, $2, id, type, 'failed', now(), now() from events where account_id = $1
           returning id, event_id""",
        account,
        endpoint,
        new_id("whdel"),
    )
    return dict(row)


def test_every_route_with_an_id_of_an_account_is_in_the_table() -> None:
    assert len(OWNED) >= 16


@pytest.mark.parametrize("endpoint", OWNED, ids=name_of)
def test_a_foreign_id_is_answered_as_a_missing_one(client: Client, theirs: dict[str, Any], endpoint: Endpoint) -> None:
    ids = {name: theirs[name] for name in IDS}
    body = BODIES.get(endpoint.operation.id, {}) if endpoint.method in ("post", "patch") else None
    foreign = client.call(endpoint.method.upper(), path_of(endpoint, ids), body)
    missing = client.call(endpoint.method.upper(), path_of(endpoint), body)
    assert same(foreign) == same(missing)
    assert (foreign.status, foreign.json["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("what", ["file id", "file url", "result url"])
def test_a_foreign_reference_is_answered_as_a_missing_one(client: Client, theirs: dict[str, Any], what: str) -> None:
    url = {
        "file id": theirs["file_id"],
        "file url": theirs["file"]["url"],
        "result url": theirs["task"]["result"]["primary_url"],
    }[what]

    def refer(to: str) -> Answer:
        items = [{"url": to, "kind": "image"}]
        return client.generate(
            {"model": "demanding", "prompt": "a", "params": {"style": "ink", "referenceMediaItems": items}}
        )

    foreign, missing = refer(url), refer(MISSING["file_id"])
    assert same(foreign) == same(missing)
    assert (foreign.status, foreign.json["error"]["param"]) == (400, "params.referenceMediaItems[0].url")


def test_a_foreign_idempotency_key_is_free(client: Client, theirs: dict[str, Any]) -> None:
    answer = client.generate({"model": "scripted", "params": {"lookup": "true"}}, headers={"Idempotency-Key": "shared"})
    assert answer.status == 202
    assert answer.json["id"] != theirs["task_id"]
    assert "idempotent-replayed" not in answer.headers


def test_a_foreign_cursor_shows_nothing_of_its_account(
    client: Client, make_client: Callable[..., Client], theirs: dict[str, Any]
) -> None:
    other = make_client()
    for _ in range(2):
        other.generate({"model": "scripted"})
    cursor = other.get("/api/v1/generations?limit=1").json["next_cursor"]
    assert client.get(f"/api/v1/generations?cursor={cursor}").json["data"] == []
