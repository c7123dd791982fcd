"""(b) Status reads, against the same server's bare route."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from bench.lab import WALLETS, Lab, http_request, load

SECONDS = 3


@dataclass(frozen=True)
class Cell:
    connections: int
    bare_per_second: float
    reads_per_second: float
    p50_ms: float
    p99_ms: float
    ratio: float


def measure(lab: Lab) -> list[Cell]:
    """Alternate bare and read, three times each, with one API process; cells hold the medians."""
    lab.empty()
    lab.fetch(
        """insert into tasks (account_id, id, source, status, model, prompt, params, reserved_credits, final_credits,
                              result, deadline_at, created_at, updated_at)
           select 'acct_' || n, 'task_' || lpad(n::text, 26, '0'), 'api', 'succeeded', 'scripted',
                  'a picture', '{}', 2, 2,
                  '{"media":[{"key":"results/acct/task/1-0.png","mime_type":"image/png","size_bytes":82}]}',
                  now(), now(), now()
           from generate_series(0, $1::int) n""",
        WALLETS - 1,
    )
    lab.fetch("analyze tasks")
    bare = [http_request("GET", "/healthz")]
    reads = [
        http_request("GET", f"/api/v1/generations/task_{number:026}", key=lab.secrets[number])
        for number in range(WALLETS)
    ]
    cells: list[Cell] = []
    with lab.api(processes=1) as base_url:
        for connections in (32, 128):
            pairs = [
                [load(base_url, requests, connections=connections, seconds=SECONDS) for requests in (bare, reads)]
                for _ in range(3)
            ]
            assert all(set(answer["statuses"]) == {"200"} for pair in pairs for answer in pair), pairs
            cells.append(
                Cell(
                    connections,
                    statistics.median(pair[0]["per_second"] for pair in pairs),
                    statistics.median(pair[1]["per_second"] for pair in pairs),
                    statistics.median(pair[1]["p50_ms"] for pair in pairs),
                    statistics.median(pair[1]["p99_ms"] for pair in pairs),
                    statistics.median(pair[1]["per_second"] / pair[0]["per_second"] for pair in pairs),
                )
            )
    return cells
