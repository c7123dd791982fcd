"""Everything is killed with -9, again and again, while tasks run; the books and the tasks must come out right.

Short by default; ``make chaos`` runs it long: RIVYA_CHAOS_TASKS, RIVYA_CHAOS_KILLS, RIVYA_CHAOS_SEED.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from rivya.accounts import service as accounts
from rivya.database import migrate
from rivya.keys import service as keys
from rivya.kit.db import open_pool
from rivya.kit.embedded_postgres import EmbeddedPostgres
from rivya.wallet.invariants import verify
from tests.running import Client, Rivya, eventually, free_port

TASKS = int(os.environ.get("RIVYA_CHAOS_TASKS", "120"))
KILLS = int(os.environ.get("RIVYA_CHAOS_KILLS", "9"))
SEED = int(os.environ.get("RIVYA_CHAOS_SEED", str(random.randrange(1_000_000))))
CREDITS = 10 * TASKS

_CLIENTS = 16

# Short leases, so that a short run sees many of them lapse.
SETTINGS = {"RIVYA_WORKER_HEARTBEAT_S": "0.5", "RIVYA_WORKER_LEASE_S": "3", "RIVYA_QUEUE_LEASE_S": "4"}


@dataclass
class System:
    """Two API processes, two workers and a server, each of which is started again after it was killed."""

    folder: Path
    postgres: EmbeddedPostgres
    rivya: Rivya
    ports: list[int] = field(default_factory=lambda: [free_port(), free_port()])

    def start(self) -> None:
        self.apis = [self._serve(port) for port in self.ports]
        self.workers = [self.rivya.worker() for _ in range(2)]
        for process, port in zip(self.apis, self.ports, strict=True):
            self.rivya.wait_for(f"http://127.0.0.1:{port}", process, "/readyz")

    def kill_one(self, random: random.Random) -> str:
        """Kill something, and start it again a moment later."""
        what = random.choice(["api", "worker", "worker", "postgres"])
        number = random.randrange(2)
        if what == "postgres":
            assert self.postgres.pid is not None
            os.kill(self.postgres.pid, signal.SIGKILL)
            self.postgres.restart()
            return what
        processes = self.apis if what == "api" else self.workers
        self.rivya.stop(processes[number], signal.SIGKILL)
        processes[number] = self._serve(self.ports[number]) if what == "api" else self.rivya.worker()
        return what

    def _serve(self, port: int) -> Any:
        return self.rivya.serve(wait=False, port=port)[0]


@pytest.fixture
def system() -> Iterator[System]:
    with tempfile.TemporaryDirectory(prefix="rivya-chaos-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with EmbeddedPostgres(folder / "data", max_connections=200, system_dir=folder) as postgres:
            dsn = postgres.start()
            asyncio.run(migrate(dsn))
            journal = {"RIVYA_SCRIPTED_JOURNAL": str(folder / "journal.jsonl")}
            rivya = Rivya(dsn, folder / "rivya", {**SETTINGS, **journal})
            made = System(folder, postgres, rivya)
            try:
                made.start()
                yield made
            finally:
                rivya.close()


@pytest.mark.timeout(900)
def test_no_kill_loses_a_task_runs_it_twice_or_bends_the_books(system: System) -> None:
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    key = asyncio.run(_account_with_key(system.rivya.database_url))
    scripts = [_script(chance) for _ in range(TASKS)]
    submitted: list[str] = []
    kills: Counter[str] = Counter()
    done = threading.Event()

    with ThreadPoolExecutor(_CLIENTS) as threads:
        answers = [threads.submit(_submit, system, key, number, script) for number, script in enumerate(scripts)]
        while sum(kills.values()) < KILLS:
            done.wait(chance.uniform(0.3, 2.5))
            kills[system.kill_one(chance)] += 1
        submitted = [answer.result() for answer in answers]

    ended = asyncio.run(_await_end(system))
    print(f"kills {dict(kills)}, ends {dict(Counter(row['status'] for row in ended.values()))}")

    assert len(set(submitted)) == TASKS, "each submit has a task of its own"
    assert set(ended) == set(submitted), "no task was lost, and no retry made a second one"
    calls = Counter(json.loads(line)["task"] for line in (system.folder / "journal.jsonl").read_text().splitlines())
    assert [task for task, times in calls.items() if times > 1] == [], "none ran upstream twice"
    for task, script in zip(submitted, scripts, strict=True):
        found_again = script["outcome"] == "unknown" and script["lookup"] == "true"
        if script["outcome"] != "done" and not found_again:
            assert ended[task]["status"] == "failed"
    assert asyncio.run(_violations(system.rivya.database_url)) == []


def _script(chance: random.Random) -> dict[str, Any]:
    return {
        "outcome": chance.choices(
            ["done", "failed", "refused", "rejected", "unknown", "bad_media"], [80, 5, 5, 4, 3, 3]
        )[0],
        "delay_s": chance.choice([0, 0, chance.uniform(0, 4)]),
        "submit_delay_s": chance.choice([0, 0, chance.uniform(0, 0.5)]),
        "lookup": chance.choice(["true", "false"]),
    }


def _submit(system: System, key: str, number: int, script: dict[str, Any]) -> str:
    """Submit until it is accepted, as a client with an Idempotency-Key may."""
    chance = random.Random(number)
    time.sleep(chance.uniform(0, 3.0 * KILLS * _CLIENTS / TASKS))  # spread over the time of the kills
    body = {"model": "scripted", "prompt": f"picture {number}", "params": script}

    def accepted() -> str | None:
        client = Client(f"http://127.0.0.1:{chance.choice(system.ports)}", key)
        try:
            answer = client.generate(body, headers={"Idempotency-Key": f"chaos-{number}"})
        except OSError:
            return None
        assert answer.status == 202 or answer.status >= 500, answer.body
        return answer.json["id"] if answer.status == 202 else None

    return eventually(accepted, within_s=90, every_s=0.2)


async def _account_with_key(dsn: str) -> str:
    async with open_pool(dsn, size=2) as pool:
        account = await accounts.create(pool, email="chaos@example.com", credits=CREDITS)
        return (await keys.issue(pool, account=account.id)).secret


async def _await_end(system: System) -> dict[str, Any]:
    give_up_at = time.monotonic() + 120  # the model's deadline
    async with open_pool(system.rivya.database_url, size=2) as pool:
        while await pool.fetchval("select count(*) from tasks where status in ('queued', 'processing')"):
            assert time.monotonic() < give_up_at, system.rivya.logs()
            await asyncio.sleep(0.2)
        return {row["id"]: row for row in await pool.fetch("select * from tasks")}


async def _violations(dsn: str) -> list[Any]:
    async with open_pool(dsn, size=2) as pool:
        return await verify(pool)
