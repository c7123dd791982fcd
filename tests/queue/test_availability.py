"""A model is available only while a worker serves it: on every API process, without anything being charged before."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.running import Client, Rivya, eventually
from tests.scripted import new_key

Start = Callable[..., "Two"]
MODEL = "/api/v1/models/scripted"


class Two:
    """Two API processes of one installation, and no worker yet."""

    def __init__(self, rivya: Rivya, key: str, **settings: str) -> None:
        self.rivya = rivya
        started = [rivya.serve(wait=False, **settings) for _ in range(2)]
        for process, base_url in started:
            rivya.wait_for(base_url, process)
        self.clients = [Client(base_url, key) for _, base_url in started]
        self.client = self.clients[0]

    def statuses(self, model: str = "scripted") -> list[str]:
        """Return what each process says of a model."""
        return [client.get(f"/api/v1/models/{model}").json["api_status"] for client in self.clients]

    def all_say(self, status: str, model: str = "scripted", *, within_s: float = 30) -> None:
        eventually(lambda: self.statuses(model) == [status] * 2, within_s=within_s)

    def ended(self, **params: Any) -> Any:
        """Return a task's end; it is sent until it is accepted."""

        def accepted() -> str | None:
            answer = self.client.generate({"model": "scripted", "params": params})
            return answer.json["id"] if answer.status == 202 else None

        return self.client.ended(eventually(accepted))

    def credits(self) -> int:
        return self.client.get("/api/v1/credits").json["current_credits"]


@pytest.fixture
def start(database_url: str, tmp_path: Path) -> Iterator[Start]:
    """Start two API processes with these settings, which their workers have too; nothing outlives the test."""
    rivya = Rivya(database_url, tmp_path / "rivya")
    key = new_key(database_url, name="two", credits=100)

    def started(**settings: str) -> Two:
        rivya.settings = settings
        return Two(rivya, key)

    yield started
    rivya.close()


def refused(answer: Any) -> bool:
    return (answer.status, answer.json.get("error", {}).get("code")) == (409, "model_not_available")


def test_without_a_worker_a_model_is_coming_soon_and_cannot_be_charged_for(start: Start) -> None:
    two = start()
    assert two.statuses() == ["coming_soon"] * 2
    listed = {model["id"]: model["api_status"] for model in two.client.get("/api/v1/models").json["data"]}
    assert listed["scripted"] == "coming_soon"
    assert all(refused(client.generate({"model": "scripted"})) for client in two.clients)
    assert two.credits() == 100
    assert two.client.get("/api/v1/generations").json["data"] == []


def test_a_worker_that_starts_is_noticed_by_every_process(start: Start) -> None:
    two = start()
    two.rivya.worker()
    two.all_say("available")
    assert two.ended()["status"] == "succeeded"
    assert [client.generate({"model": "scripted"}).status for client in two.clients] == [202, 202]


def test_what_is_ready_can_be_called_at_once(start: Start) -> None:
    two = start()
    two.rivya.worker()
    eventually(lambda: two.client.get("/readyz").status == 200, within_s=60)
    assert two.client.generate({"model": "scripted"}).status == 202


def test_a_killed_worker_is_missed_after_its_grace(start: Start) -> None:
    two = start(RIVYA_WORKER_HEARTBEAT_S="0.2", RIVYA_WORKER_LEASE_S="1", RIVYA_WORKER_GRACE_S="2")
    worker = two.rivya.worker()
    two.all_say("available")
    two.rivya.stop(worker, signal.SIGKILL)
    two.all_say("coming_soon")
    before = two.credits()
    assert refused(two.client.generate({"model": "scripted"}))
    assert two.credits() == before
    two.rivya.worker()
    two.all_say("available")


def test_a_worker_that_is_started_again_is_not_missed(start: Start) -> None:
    two = start()
    worker = two.rivya.worker()
    two.all_say("available")
    two.rivya.stop(worker)
    assert two.statuses() == ["available"] * 2
    task = two.client.generate({"model": "scripted"}).json["id"]
    two.rivya.worker()
    assert two.client.ended(task)["status"] == "succeeded"


CIRCUIT = {"RIVYA_CIRCUIT_FAILURES": "3", "RIVYA_CIRCUIT_COOL_DOWN_S": "3", "RIVYA_WORKER_HEARTBEAT_S": "0.2"}


def test_a_provider_that_keeps_failing_is_left_alone_then_tried_and_back(start: Start) -> None:
    two = start(**CIRCUIT)
    two.rivya.worker()
    for outcome in ("failed", "unknown", "bad_media"):
        assert two.ended(outcome=outcome)["status"] == "failed"
    two.all_say("coming_soon")
    before = two.credits()
    assert refused(two.client.generate({"model": "scripted"}))
    assert two.credits() == before

    two.all_say("available")
    assert two.ended(outcome="failed")["status"] == "failed"
    two.all_say("coming_soon")
    two.all_say("available")
    assert [two.ended()["status"] for _ in range(2)] == ["succeeded"] * 2
    assert two.statuses() == ["available"] * 2


def test_what_a_caller_did_wrong_closes_no_model(start: Start) -> None:
    two = start(**CIRCUIT)
    two.rivya.worker()
    for _ in range(5):
        assert two.ended(outcome="rejected")["error"]["reason"] == "content_rejected"
    assert two.statuses() == ["available"] * 2
    assert two.ended()["status"] == "succeeded"


def test_a_task_that_waits_while_its_provider_is_left_alone_is_done_when_it_is_back(start: Start) -> None:
    two = start(**CIRCUIT)
    worker = two.rivya.worker()
    two.all_say("available")
    for _ in range(2):
        two.ended(outcome="failed")
    os.kill(worker.pid, signal.SIGSTOP)
    failing, waiting = (
        two.client.generate({"model": "scripted", "params": {"outcome": outcome}}).json["id"]
        for outcome in ("failed", "done")
    )
    os.kill(worker.pid, signal.SIGCONT)
    assert two.client.ended(failing)["status"] == "failed"
    assert two.client.ended(waiting, within_s=60)["status"] == "succeeded"


ISOLATE = '[providers.engines]\nkind = "engines"\n[[routes]]\nmodel = "rivya-isolate"\nprovider = "engines"\n'


@pytest.fixture
def without_numpy(tmp_path: Path) -> dict[str, str]:
    """Settings of a process in which an engine's package cannot be found, as if it were not installed."""
    (tmp_path / "sitecustomize.py").write_text('import sys\nsys.modules["numpy"] = None\n')
    return {"PYTHONPATH": str(tmp_path)}


@pytest.fixture
def engines(tmp_path: Path) -> dict[str, str]:
    """Settings of an installation with one engine."""
    providers = tmp_path / "providers.toml"
    providers.write_text(ISOLATE + 'target = "rivya-isolate"\n')
    return {"RIVYA_PROVIDERS_FILE": str(providers)}


@pytest.mark.engines
def test_an_engine_that_only_the_workers_have_can_be_called(
    database_url: str, tmp_path: Path, engines: dict[str, str], without_numpy: dict[str, str]
) -> None:
    rivya = Rivya(database_url, tmp_path / "rivya", engines)
    try:
        two = Two(rivya, new_key(database_url, name="two", credits=100), **without_numpy)
        rivya.worker()
        two.all_say("available", "rivya-isolate")
    finally:
        rivya.close()


@pytest.mark.engines
def test_an_engine_that_only_the_api_machine_has_cannot_be_called(
    start: Start, engines: dict[str, str], without_numpy: dict[str, str]
) -> None:
    two = start(**engines)
    two.rivya.worker(**without_numpy)
    two.all_say("available")
    assert two.statuses("rivya-isolate") == ["coming_soon"] * 2
    two.rivya.worker()
    two.all_say("available", "rivya-isolate")
