"""(c) Jobs a second through one worker on an instant provider; (d) from submit to the provider's call."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.lab import Lab, await_answer, load
from bench.submits import requests_for

JOBS = 3_000
PACED = 300
PACED_PER_SECOND = 50


@dataclass(frozen=True)
class Throughput:
    jobs: int
    seconds: float
    per_second: float
    pgqueuer_alone_per_second: float
    ratio: float


@dataclass(frozen=True)
class Latency:
    submits: int
    p50_ms: float
    p99_ms: float


def throughput(lab: Lab) -> Throughput:
    """Queue jobs first, then start one worker; the time runs from the first attempt to the last end.

    The baseline is pgqueuer alone with a handler that does nothing, on as many jobs, in the same run.
    """
    lab.empty()
    with lab.api(processes=1) as base_url:
        while lab.fetch("select count(*) from tasks")[0][0] < JOBS:
            load(base_url, requests_for(lab, "many"), connections=64, seconds=1)
    jobs = lab.fetch("select count(*) from tasks")[0][0]
    with lab.worker():
        while lab.fetch("select exists (select from tasks where status in ('queued', 'processing'))")[0][0]:
            time.sleep(0.2)
    failed = lab.fetch("select count(*) from tasks where status <> 'succeeded'")[0][0]
    assert failed == 0, failed
    took = lab.fetch(
        """select extract(epoch from max(t.updated_at) - min(a.started_at))::float
           from tasks t join attempts a on a.task_id = t.id"""
    )[0][0]
    alone = asyncio.run(_pgqueuer_alone(lab, jobs))
    return Throughput(jobs, took, jobs / took, alone, jobs / took / alone)


def latency(lab: Lab) -> Latency:
    """Submit at a steady pace to an idle worker; the scripted provider notes when it was called."""
    lab.empty()
    journal = lab.folder / "journal.jsonl"
    with lab.api(processes=1) as base_url, lab.worker(RIVYA_SCRIPTED_JOURNAL=str(journal)):
        await_answer(f"{base_url}/readyz")  # the worker is there
        sent = asyncio.run(_paced(base_url, lab.secrets))
        while lab.fetch("select exists (select from tasks where status in ('queued', 'processing'))")[0][0]:
            time.sleep(0.1)
    called = _called_at(journal)
    waited = sorted(1000 * (called[task] - at) for task, at in sent.items())
    return Latency(len(waited), waited[len(waited) // 2], waited[len(waited) * 99 // 100])


async def _paced(base_url: str, secrets: list[str]) -> dict[str, float]:
    sent: dict[str, float] = {}
    async with aiohttp.ClientSession() as session:

        async def submit(number: int) -> None:
            await asyncio.sleep(1 + number / PACED_PER_SECOND)
            at = time.time()
            headers = {"Authorization": f"Bearer {secrets[number]}"}
            async with session.post(
                f"{base_url}/api/v1/generations", json={"model": "scripted"}, headers=headers
            ) as answer:
                sent[(await answer.json())["id"]] = at

        await asyncio.gather(*(submit(number) for number in range(PACED)))
    return sent


def _called_at(journal: Path) -> dict[str, float]:
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    return {line["task"]: json.loads(line["handle"])["accepted_at"] for line in lines}


async def _pgqueuer_alone(lab: Lab, jobs: int) -> float:
    from pgqueuer.adapters.drivers.asyncpg import AsyncpgPoolDriver
    from pgqueuer.adapters.persistence.queries import Queries
    from pgqueuer.core.qm import QueueManager
    from pgqueuer.domain.models import Job
    from pgqueuer.types import QueueExecutionMode

    from rivya.kit.db import open_pool

    async with open_pool(lab.dsn, size=8) as pool:
        await pool.execute("truncate pgqueuer, pgqueuer_log")
        await pool.execute(
            """insert into pgqueuer (priority, entrypoint, status)
               select 0, 'nothing', 'queued' from generate_series(1, $1)""",
            jobs,
        )
        manager = QueueManager(Queries(AsyncpgPoolDriver(pool)))

        @manager.entrypoint("nothing")
        async def nothing(job: Job) -> None:
            return None

        began = time.perf_counter()
        await manager.run(mode=QueueExecutionMode.drain, batch_size=50, max_concurrent_tasks=200)
        return jobs / (time.perf_counter() - began)
