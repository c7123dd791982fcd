"""GET /metrics: what an operator's Prometheus reads, and nobody else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import ValidationError

from rivya import metrics
from rivya.admin.figures import ALWAYS, FROM_DATABASE, figures
from rivya.kit.db import Pool, open_pool
from rivya.settings import Settings
from tests.api.conftest import Installation, running
from tests.databases import Databases
from tests.running import Answer, Client
from tests.web.site import Person

TOKEN = "a token of the tests"
DOCS = Path(__file__).parent.parent.parent / "docs" / "operations" / "metrics.md"

Labels = frozenset[tuple[str, str]]


@pytest.fixture(scope="module")
def watched(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation with a metrics token."""
    folder = Path(tmp_path_factory.mktemp("watched"))
    settings = {"RIVYA_METRICS_TOKEN": TOKEN, "RIVYA_SCRIPTED_JOURNAL": str(folder / "journal.jsonl")}
    with databases.one() as database_url, running(database_url, folder, settings) as found:
        yield found


def scrape(base_url: str, token: str = TOKEN, **headers: str) -> Answer:
    return Client(base_url, token).get("/metrics", headers=headers)


def values(text: str) -> dict[str, dict[Labels, float]]:
    """Return each sample by its name and its labels."""
    found: dict[str, dict[Labels, float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value
    return found


def value(installation: Installation, name: str, **labels: str) -> float:
    answer = scrape(installation.base_url)
    assert answer.status == 200, answer.body
    return values(answer.body.decode()).get(name, {}).get(frozenset(labels.items()), 0.0)


def test_without_a_token_of_the_installations_there_is_none(stranger: Person, installation: Installation) -> None:
    assert stranger.get("/metrics").status == 404
    assert scrape(installation.base_url).status == 404


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "api_key_missing"),
        ({"Authorization": f"Basic {TOKEN}"}, "api_key_missing"),
        ({"Authorization": "Bearer "}, "api_key_invalid"),
        ({"Authorization": f"Bearer {TOKEN}s"}, "api_key_invalid"),
        ({"Authorization": b"Bearer \xff\xfe"}, "api_key_invalid"),
    ],
)
def test_with_another_token_it_is_refused(watched: Installation, headers: Mapping[str, str], code: str) -> None:
    answer = Client(watched.base_url).get("/metrics", headers=headers)
    assert (answer.status, answer.json["error"]["code"]) == (401, code)
    assert b"rivya_" not in answer.body


def test_a_token_that_is_too_short_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIVYA_METRICS_TOKEN", "not so long")
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert "metrics_token" in str(refused.value)
    assert "at least 16" in str(refused.value)
    assert "not so long" not in str(refused.value)


def test_requests_are_counted_by_route_and_status(watched: Installation) -> None:
    client = watched.client(watched.account())
    route = "/api/v1/generations/{task_id}"
    labels = {"method": "GET", "route": route, "status": "404"}
    before = value(watched, "rivya_http_requests_total", **labels)
    for task in ("task_00000000000000000000000000", "x", "task_1"):
        client.get(f"/api/v1/generations/{task}")
    assert value(watched, "rivya_http_requests_total", **labels) == before + 3
    assert value(watched, "rivya_http_request_seconds_count", route=route) >= 3
    assert value(watched, "rivya_http_requests_open") == 1, "the one that asks"


def test_what_a_caller_sends_makes_no_new_lines(watched: Installation) -> None:
    client = Client(watched.base_url)
    for number in range(20):
        client.get(f"/nothing/at/{number}")
        client.post("/api/v1/generations", {"model": f"m{number}"}, headers={"Authorization": f"Bearer {number}"})
    text = scrape(watched.base_url).body.decode()
    assert "nothing" not in text
    assert "m1" not in text
    for path, found in {"/nothing/at/x": "404", "/api/v1/credits": "405"}.items():
        for method in ("PROPFIND", "MKCOL", "LOCK"):
            client.call(method, path)
        assert value(watched, "rivya_http_requests_total", method="other", route="none", status=found) == 3


def test_what_waits_is_told(watched: Installation) -> None:
    account = watched.account()
    client = watched.client(account)
    with watched.worker_asleep():
        tasks = [client.generate({"model": "scripted"}).json["id"] for _ in range(3)]
        assert value(watched, "rivya_tasks_open", status="queued") == 3
        assert value(watched, "rivya_queue_jobs", status="queued") == 3
        assert value(watched, "rivya_reservations_open") == 3
        assert value(watched, "rivya_credits_reserved") == watched.balance(account).reserved > 0
        assert 0 < value(watched, "rivya_tasks_oldest_seconds", status="queued") < 60
        watched.sql("update tasks set deadline_at = now() - interval '2 minutes' where id = $1", tasks[0])
        assert value(watched, "rivya_tasks_overdue") == 1
    for task in tasks:
        client.ended(task)
    assert value(watched, "rivya_tasks_open", status="queued") == 0
    assert value(watched, "rivya_credits_reserved") == 0
    assert value(watched, "rivya_workers") == 1
    assert watched.violations() == []


def test_what_the_check_of_the_money_found_is_told(watched: Installation) -> None:
    watched.sql(
        """insert into invariant_runs (id, at, rules, took_ms, violations)
           values ('x', to_timestamp(1700000000), 13, 1, '[{"rule": "a"}, {"rule": "b"}]')"""
    )
    try:
        assert value(watched, "rivya_ledger_violations") == 2
        assert value(watched, "rivya_ledger_checked_timestamp_seconds") == 1_700_000_000
    finally:
        watched.sql("delete from invariant_runs where id = 'x'")


def test_openmetrics_is_spoken_too(watched: Installation) -> None:
    answer = scrape(watched.base_url, Accept="application/openmetrics-text; version=1.0.0")
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.body.endswith(b"# EOF\n")


async def test_without_a_database_it_says_so(database_url: str) -> None:
    async with open_pool(database_url, size=2) as pool:
        assert len(await figures(pool, lease_s=10)) > len(ALWAYS)
    told = {one.name: one.samples[0].value for one in await figures(pool, lease_s=10)}
    assert told == {"rivya_database_up": 0, "rivya_build_info": 1}


async def test_a_database_that_hangs_is_none(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rivya.admin.figures._WITHIN_S", 0.2)
    async with pool.acquire() as other, other.transaction():
        await other.execute("lock table letters in access exclusive mode")
        assert len(await figures(pool, lease_s=10)) == len(ALWAYS)


COUNTS = """
import os, signal, sys
from rivya import metrics
metrics.HTTP_OPEN.inc()
for _ in range(int(sys.argv[1])):
    metrics.count_request("GET", "/", 200, 0.01)
print(os.getpid(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
READS = """
from rivya import metrics
print(metrics.exposition([], accept="")[0].decode())
"""


def test_processes_count_together_and_what_a_dead_one_counted_stays(tmp_path: Path) -> None:
    environment = metrics.share(tmp_path / "metrics")

    def run(script: str, *arguments: str) -> str:
        command = [sys.executable, "-c", script, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout

    def told() -> tuple[float, float]:
        found = values(run(READS))
        requests = found["rivya_http_requests_total"].values()
        return sum(requests), sum(found["rivya_http_requests_open"].values())

    first, second = int(run(COUNTS, "3")), int(run(COUNTS, "4"))
    assert told() == (7, 2)
    metrics.died(first, tmp_path / "metrics", forget=False)
    assert told() == (7, 1), "what was open in it is not open any more"
    metrics.died(second, tmp_path / "metrics", forget=True)
    assert told()[0] == 3
    metrics.share(tmp_path / "metrics")
    assert list((tmp_path / "metrics").iterdir()) == []


def test_all_of_them_are_documented_and_no_others() -> None:
    counted = {
        f"{one.name}_total" if one.type == "counter" else one.name
        for one in metrics.counted_here()
        if one.name.startswith("rivya_")
    }
    page = DOCS.read_text("utf-8")
    rows = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `rivya_")}
    assert rows == counted | ALWAYS.keys() | FROM_DATABASE.keys()


def test_every_figure_of_the_database_is_read() -> None:
    statement = (Path(metrics.__file__).parent / "admin" / "figures.sql").read_text("utf-8")
    assert [name for name in FROM_DATABASE if f"'{name}'" not in statement] == []
