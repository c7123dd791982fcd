"""GET /api/v1/generations/{id}/events, and Prefer: wait."""

from __future__ import annotations

import http.client
import json
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.api.conftest import Installation
from tests.running import Client, eventually


def start(client: Client, **params: Any) -> str:
    return client.generate({"model": "scripted", "params": params}).json["id"]


class Events:
    """One stream of a task's events, read as they come."""

    def __init__(self, client: Client, task: str) -> None:
        parts = urlsplit(client.base_url)
        self.connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        self.connection.request(
            "GET", f"/api/v1/generations/{task}/events", headers={"Authorization": f"Bearer {client.key}"}
        )
        self.answer = self.connection.getresponse()

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        name = ""
        for raw in self.answer:
            line = raw.decode().rstrip("\n")
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                yield name, json.loads(line[6:])


def test_a_task_is_followed_to_its_end(client: Client, installation: Installation) -> None:
    with installation.worker_asleep():
        task = start(client, delay_s=1)
        stream = Events(client, task)
        seen = iter(stream)
        first = next(seen)
        assert (stream.answer.status, stream.answer.getheader("Content-Type")) == (
            200,
            "text/event-stream; charset=utf-8",
        )
        assert (first[0], first[1]["id"], first[1]["status"]) == ("generation.updated", task, "queued")
    rest = list(seen)
    assert [data["status"] for _, data in rest][-1] == "succeeded"
    assert "processing" in [data["status"] for _, data in rest]
    assert rest[-1][0] == "generation.succeeded"
    assert client.get(rest[-1][1]["result"]["primary_url"]).status == 200


def test_a_task_that_has_ended_is_one_event(client: Client) -> None:
    task = start(client, outcome="failed")
    client.ended(task)
    assert [(name, data["error"]["code"]) for name, data in Events(client, task)] == [
        ("generation.failed", "generation_failed")
    ]


def test_the_end_is_told_at_once(client: Client) -> None:
    task = start(client, outcome="hang")
    eventually(lambda: client.task(task)["status"] == "processing")
    seen = iter(Events(client, task))
    next(seen)
    client.post(f"/api/v1/generations/{task}/cancel")
    cancelled = client.ended(task)
    assert next(seen)[1]["updated_at"] == cancelled["updated_at"]


def test_who_leaves_takes_nothing_along(client: Client) -> None:
    task = start(client, outcome="hang")
    for _ in range(120):  # more than one account may follow at a time
        stream = Events(client, task)
        assert stream.answer.status in (200, 429)
        stream.connection.close()
        stream.answer.close()
    eventually(lambda: Events(client, task).answer.status == 200)
    client.post(f"/api/v1/generations/{task}/cancel")


def test_a_stopped_server_ends_its_streams(client: Client, installation: Installation) -> None:
    process, base_url = installation.rivya.serve()
    with installation.worker_asleep():
        stream = Events(Client(base_url, client.key), start(client))
        seen = iter(stream)
        next(seen)
        process.send_signal(signal.SIGTERM)
        assert list(seen) == []  # an end that the server made: one that was cut would raise
        assert process.wait(20) == -signal.SIGTERM


def test_somebody_elses_task_is_not_found(client: Client, make_client: Callable[..., Client]) -> None:
    answer = make_client().get(f"/api/v1/generations/{start(client)}/events")
    assert (answer.status, answer.json["error"]["code"]) == (404, "not_found")


def test_a_call_that_waits_is_answered_when_the_task_has_ended(client: Client) -> None:
    began = time.monotonic()
    answer = client.generate({"model": "scripted", "params": {"delay_s": 0.3}}, headers={"Prefer": "wait=30"})
    assert time.monotonic() - began < 20
    assert (answer.status, answer.json["status"]) == (202, "succeeded")
    assert answer.headers["preference-applied"] == "wait=30"
    assert answer.headers["location"].endswith(answer.json["id"])


def test_a_call_that_waited_in_vain_shows_the_task_as_it_stands(client: Client) -> None:
    answer = client.generate({"model": "scripted", "params": {"outcome": "hang"}}, headers={"Prefer": "wait=1"})
    assert (answer.status, answer.json["final_credits"]) == (202, 0)
    assert answer.json["status"] in ("queued", "processing")
    client.post(f"/api/v1/generations/{answer.json['id']}/cancel")


def test_a_replay_does_not_wait_and_is_the_task_as_it_was_accepted(client: Client) -> None:
    body, key = {"model": "scripted"}, {"Idempotency-Key": "waited"}
    first = client.generate(body, headers={**key, "Prefer": "wait=30"})
    again = client.generate(body, headers={**key, "Prefer": "wait=30"})
    assert (first.json["status"], again.json["status"]) == ("succeeded", "queued")
    assert (again.headers["idempotent-replayed"], first.json["id"]) == ("true", again.json["id"])
    assert "preference-applied" not in again.headers


@pytest.mark.parametrize("prefer", ["wait=0", "wait=61", "wait=x", "wait=", "wait=1e1", "respond-async, wait=-1"])
def test_a_wait_that_cannot_be_names_the_header(client: Client, prefer: str) -> None:
    answer = client.generate({"model": "scripted"}, headers={"Prefer": prefer})
    assert (answer.status, answer.json["error"]["param"]) == (400, "Prefer")
    assert client.get("/api/v1/credits").json["reserved_credits"] == 0


def test_other_preferences_are_left_aside(client: Client) -> None:
    assert client.generate({"model": "scripted"}, headers={"Prefer": "return=minimal, respond-async"}).status == 202
