"""(h) How long the server takes for each page, against its bare route: one visitor, one page after the other."""

from __future__ import annotations

import asyncio
import http.client
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.browser.paths import OPERATOR, PUBLIC, SIGNED_IN

from bench.lab import Lab
from rivya.accounts import sessions
from rivya.accounts.model import Device
from rivya.kit.db import open_pool
from rivya.kit.ids import AccountId

VISITS = 60
TASKS = 2_000
"""Of the account that looks, so that its history and charts have what to show."""
_ACCOUNT = AccountId("acct_0")
_WARM = 3


@dataclass(frozen=True)
class Page:
    path: str
    p50_ms: float
    p95_ms: float
    kb: float


@dataclass(frozen=True)
class Found:
    bare_p50_ms: float
    bare_p95_ms: float
    pages: Sequence[Page]
    """The slowest first."""


def measure(lab: Lab) -> Found:
    """Visit each page with one connection, in rounds, so that no page has a moment of the machine for itself."""
    lab.empty()
    _furnish(lab)
    cookie = f"rivya_session={asyncio.run(_signed_in(lab.dsn))}"
    paths = ["/healthz", *PUBLIC, *SIGNED_IN, *OPERATOR]
    took: dict[str, list[float]] = {path: [] for path in paths}
    size: dict[str, int] = {}
    with lab.api(processes=1) as base_url:
        connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=30)
        for visit in range(_WARM + VISITS):
            for path in paths:
                began = time.perf_counter()
                connection.request("GET", path, headers={"Cookie": cookie, "Accept": "text/html"})
                answer = connection.getresponse()
                size[path] = len(answer.read())
                if visit >= _WARM:
                    took[path].append(1000 * (time.perf_counter() - began))
                if answer.status not in (200, 303):
                    raise RuntimeError(f"{path} answered {answer.status}")
        connection.close()
    pages = [Page(path, _part(took[path], 50), _part(took[path], 95), size[path] / 1000) for path in paths[1:]]
    bare = took["/healthz"]
    return Found(_part(bare, 50), _part(bare, 95), sorted(pages, key=lambda page: -page.p95_ms))


def _part(took: Sequence[float], percent: int) -> float:
    return sorted(took)[len(took) * percent // 100]


def _furnish(lab: Lab) -> None:
    lab.fetch("update accounts set is_operator = true where id = $1", _ACCOUNT)
    lab.fetch(
        """insert into tasks (account_id, id, source, status, model, prompt, params, reserved_credits, final_credits,
                              result, deadline_at, created_at, updated_at)
           select $1, 'task_' || lpad(n::text, 26, '0'), case n % 2 when 0 then 'api' else 'studio' end, 'succeeded',
                  'scripted', 'a picture of number ' || n, '{}', 2, 2,
                  '{"media":[{"key":"results/acct/task/1-0.png","mime_type":"image/png","size_bytes":82}]}',
                  at, at, at
           from generate_series(1, $2::int) n, lateral (select now() - n * interval '20 minutes') t(at)""",
        _ACCOUNT,
        TASKS,
    )
    lab.fetch("analyze tasks")


async def _signed_in(dsn: str) -> str:
    async with open_pool(dsn, size=1) as pool:
        return await sessions.begin(pool, account=_ACCOUNT, device=Device("bench", ""))
