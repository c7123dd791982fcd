"""What a collector of traces is told by real processes, and what it is never told."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rivya.kit.ids import number_of
from tests.api.conftest import Installation, running
from tests.chat.streams import EventStream
from tests.chat.upstream import Upstream
from tests.databases import Databases
from tests.running import Client, Rivya, eventually
from tests.traces.collector import Collector, Span, collecting
from tests.webhooks.receiver import Receiver, receiving_beside

SUCCEEDED = "generation.succeeded"
PROMPT = "a sentence that must not be read by whoever reads traces"
MODELS = Path(__file__).parent.parent / "chat" / "models"


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving_beside() as found:
        yield found


@pytest.fixture(scope="module")
def installation(
    databases: Databases, collector: Collector, upstream: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    folder = Path(tmp_path_factory.mktemp("traced"))
    (folder / "providers.toml").write_text(
        f'[providers.double]\nkind = "openai"\nurl = "{upstream.url}"\n'
        '[[routes]]\nmodel = "talker"\nprovider = "double"\ntarget = "talker-1"\n'
    )
    settings = {
        "RIVYA_CATALOG_DIR": str(MODELS),
        "RIVYA_PROVIDERS_FILE": str(folder / "providers.toml"),
        "RIVYA_WEBHOOKS_ALLOW_PRIVATE": "true",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
        "OTEL_BSP_SCHEDULE_DELAY": "50",
    }
    with databases.one() as database_url, running(database_url, folder, settings) as found:
        yield found


@pytest.fixture
def client(installation: Installation) -> Client:
    return installation.client(installation.account(credits=1000))


def spans_of(collector: Collector, one_id: str, *names: str) -> list[Span]:
    """Return the first span of each name in the trace of a request or task, once they are all there."""

    def look() -> list[Span] | None:
        found = {span.name: span for span in reversed(collector.of(number_of(one_id)))}
        return [found[name] for name in names] if set(names) <= set(found) else None

    return eventually(look)


def test_a_task_is_followed_from_its_request_to_its_webhook(
    collector: Collector, installation: Installation, client: Client, receiver: Receiver
) -> None:
    wanted = {"name": "all", "url": receiver.url("/a-secret-of-the-receiver"), "event_types": [SUCCEEDED]}
    made = client.post("/api/v1/webhooks", wanted)
    assert made.status == 201, made.body
    wanted = {"model": "scripted", "prompt": PROMPT, "params": {"delay_s": 0.2}}
    accepted = client.generate(wanted)
    task = accepted.json["id"]
    client.ended(task)

    (request,) = spans_of(collector, accepted.headers["x-request-id"], "POST /api/v1/generations")
    assert request.service == "rivya api"
    assert (request.parent, request.sent.kind) == (b"", request.sent.SPAN_KIND_SERVER)
    assert request.attributes["rivya.request"] == accepted.headers["x-request-id"]
    assert (request.attributes["rivya.task"], request.attributes["http.response.status_code"]) == (task, 202)
    assert str(request.attributes["rivya.account"]).startswith("acct_")
    assert str(request.attributes["rivya.key"]).startswith("key_")

    submit, asked, keep, deliver, post = spans_of(
        collector, task, "task.submit", "provider.submit", "task.keep", "webhook.deliver", "POST"
    )
    checks = [span.id for span in collector.of(number_of(task)) if span.name == "task.check"]
    assert {submit.service, keep.service, deliver.service} == {"rivya worker"}
    assert (asked.parent, post.parent) == (submit.id, deliver.id)
    assert keep.parent in checks
    assert (asked.attributes["rivya.provider"], asked.attributes["rivya.outcome"]) == ("scripted", "accepted")
    assert (post.attributes["server.address"], post.attributes["http.response.status_code"]) == ("127.0.0.1", 204)
    assert deliver.attributes["rivya.taken"] is True
    everything = b"".join(collector.bodies)
    assert task.encode() in everything
    assert client.key is not None
    for secret in (PROMPT, "a-secret-of-the-receiver", client.key, made.json["signing_secret"]):
        assert secret.encode() not in everything


def test_a_task_that_fails_says_why(collector: Collector, client: Client) -> None:
    task = client.generate({"model": "scripted", "prompt": PROMPT, "params": {"outcome": "failed"}}).json["id"]
    client.ended(task)
    (check,) = spans_of(collector, task, "task.check")
    assert check.attributes["rivya.failure"] == "upstream_error"


def test_a_turn_is_one_trace_with_what_it_used(collector: Collector, client: Client) -> None:
    stream = EventStream(client, {"model": "talker", "message": f"count 7 {PROMPT}"})
    assert [name for name, _ in stream][-1] == "chat.completion.completed"
    stream.cut()
    request_id = stream.answer.headers["X-Request-Id"]
    request, ask, post = spans_of(collector, request_id, "POST /api/v1/chat/completions/stream", "chat.ask", "POST")
    assert (ask.parent, post.parent) == (request.id, ask.id)
    assert ask.events == ["first piece"]
    used = [request.attributes[f"rivya.{name}"] for name in ("status", "input_tokens", "output_tokens", "model")]
    assert used == ["completed", 11, 5, "talker"]
    assert not any(span.failed for span in (request, ask, post))


def test_an_upstream_that_fails_is_seen_to(collector: Collector, client: Client) -> None:
    answer = client.post("/api/v1/chat/completions", {"model": "talker", "message": "status 500"})
    request, ask = spans_of(collector, answer.headers["x-request-id"], "POST /api/v1/chat/completions", "chat.ask")
    assert ask.failed
    assert ask.attributes["error.type"] == "ChatFailed"
    assert request.failed == (answer.status >= 500)
    assert request.attributes["rivya.failure"] == "unavailable"


def test_who_asks_wrongly_is_no_failure_of_ours(collector: Collector, client: Client) -> None:
    answer = client.get("/api/v1/generations/task_00000000000000000000000000")
    (request,) = spans_of(collector, answer.headers["x-request-id"], "GET /api/v1/generations/{task_id}")
    assert request.attributes["http.response.status_code"] == 404
    assert not request.failed


def test_a_reader_who_leaves_ends_the_trace(collector: Collector, client: Client) -> None:
    stream = EventStream(client, {"model": "talker", "message": "slow 400"})
    next(iter(stream))
    stream.cut()
    request_id = stream.answer.headers["X-Request-Id"]
    _, ask = spans_of(collector, request_id, "POST /api/v1/chat/completions/stream", "chat.ask")
    assert ask.attributes["error.type"] == "CancelledError"
    assert not ask.failed


def test_what_ended_last_is_told_before_the_process_ends(
    collector: Collector, installation: Installation, client: Client
) -> None:
    process, base_url = installation.rivya.serve(OTEL_BSP_SCHEDULE_DELAY="600000")
    answer = Client(base_url, client.key).get("/api/v1/credits")
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    assert collector.of(number_of(answer.headers["x-request-id"]))


def test_a_collector_that_does_not_answer_holds_nothing_up(database_url: str, tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        rivya = Rivya(
            database_url,
            tmp_path,
            {
                "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{silent.getsockname()[1]}",
                "OTEL_BSP_SCHEDULE_DELAY": "50",
            },
        )
        try:
            worker = rivya.worker()
            process, base_url = rivya.serve()
            rivya.wait_for(base_url, process, "/readyz")
            assert [Client(base_url).get("/healthz").status for _ in range(50)] == [200] * 50
            began = time.monotonic()
            for one in (process, worker):
                one.send_signal(signal.SIGTERM)
            for one in (process, worker):
                one.wait(25)
            assert time.monotonic() - began < 20
        finally:
            rivya.close()


def test_without_a_collector_nothing_of_it_is_loaded() -> None:
    code = "import rivya.app, rivya.worker, sys; print([name for name in sys.modules if 'opentelemetry' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
