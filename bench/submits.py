"""(a) Submits through HTTP, against pgbench calling the unbatched function on the same server in the same run."""

from __future__ import annotations

import json
import os
import statistics
from dataclasses import dataclass

from bench.lab import WALLETS, Lab, http_request, load

SECONDS = 3
_REQUESTS = 30_000
_BODY = json.dumps({"model": "scripted", "prompt": "Editorial product photo on a clean studio set"}).encode()

_PGBENCH = """\\set n random(0, {last})
select outcome from generation_accept(
    'acct_' || :n, 'task_' || gen_random_uuid(), 'key_' || :n, 'api', 'scripted',
    'Editorial product photo on a clean studio set', '{{"outcome":"done","delay_s":0}}', '[]', null, 2, now(),
    now() + interval '2 minutes', 'generate.scripted.scripted', 'POST /api/v1/generations',
    gen_random_uuid()::text, decode('00112233445566778899aabbccddeeff', 'hex'), '\\x7b7d',
    1000000000, null);
"""


@dataclass(frozen=True)
class Cell:
    wallets: str
    processes: int
    connections: int
    per_second: float
    p50_ms: float
    p99_ms: float
    ratio: float


def measure(lab: Lab) -> tuple[dict[str, float], list[Cell]]:
    """Return pgbench's baselines by kind of wallet, and the cells; baselines run before and after the cells."""
    baselines: dict[str, list[float]] = {"many": [], "one": []}
    raw: list[tuple[str, int, int, dict[str, float]]] = []
    _baseline(lab, baselines)
    for processes in (1, 2):
        with lab.api(processes=processes) as base_url:
            for wallets in ("many", "one"):
                for connections in (32, 128):
                    lab.empty()
                    answer = load(base_url, requests_for(lab, wallets), connections=connections, seconds=SECONDS)
                    assert set(answer["statuses"]) == {"202"}, answer
                    raw.append((wallets, processes, connections, answer))
        _baseline(lab, baselines)
    medians = {wallets: statistics.median(found) for wallets, found in baselines.items()}
    cells = [
        Cell(
            wallets,
            processes,
            connections,
            answer["per_second"],
            answer["p50_ms"],
            answer["p99_ms"],
            answer["per_second"] / medians[wallets],
        )
        for wallets, processes, connections, answer in raw
    ]
    return medians, cells


def _baseline(lab: Lab, baselines: dict[str, list[float]]) -> None:
    for wallets, last in (("many", WALLETS - 1), ("one", 0)):
        lab.empty()
        baselines[wallets].append(lab.pgbench(_PGBENCH.format(last=last), clients=32, seconds=SECONDS))


def requests_for(lab: Lab, wallets: str) -> list[bytes]:
    run = os.urandom(6).hex()
    return [
        http_request(
            "POST",
            "/api/v1/generations",
            key=lab.secrets[number % WALLETS if wallets == "many" else 0],
            body=_BODY,
            Idempotency_Key=f"bench-{run}-{number}",
        )
        for number in range(_REQUESTS)
    ]
