"""/healthz, /readyz and the home page: what machines and people see without a key."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests.api.conftest import Installation
from tests.running import Client, Rivya, eventually


@pytest.fixture
def lonely(database_url: str, tmp_path: Path) -> Iterator[Client]:
    """An API process without any worker."""
    rivya = Rivya(database_url, tmp_path)
    try:
        yield Client(rivya.serve()[1])
    finally:
        rivya.close()


def test_a_process_that_lives_says_so(installation: Installation) -> None:
    answer = Client(installation.base_url).get("/healthz")
    assert (answer.status, answer.json) == (200, {"status": "ok"})


def test_an_installation_that_can_work_is_ready(installation: Installation) -> None:
    answer = Client(installation.base_url).get("/readyz")
    assert (answer.status, answer.json) == (200, {"status": "ok"})


def test_an_installation_without_a_worker_is_not_ready(lonely: Client) -> None:
    answer = lonely.get("/readyz")
    assert (answer.status, answer.json) == (503, {"status": "no worker"})


def test_an_installation_without_its_database_lives_but_is_not_ready(
    lonely: Client, postgres: str, database_url: str
) -> None:
    asyncio.run(_close(postgres, urlsplit(database_url).path.removeprefix("/")))
    answer = eventually(lambda: found if (found := lonely.get("/readyz")).json["status"] != "no worker" else None)
    assert (answer.status, answer.json) == (503, {"status": "no database"})
    assert lonely.get("/healthz").status == 200


def test_the_home_page_leads_to_the_landing_which_tells_how_to_call_this_installation(
    installation: Installation,
) -> None:
    answer = Client(installation.base_url).get("/")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert f"{installation.base_url}/api/v1/generations".encode() in answer.body


def test_a_page_may_run_no_script_that_stands_in_it(installation: Installation) -> None:
    policy = Client(installation.base_url).get("/").headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "unsafe" not in policy


async def _close(postgres: str, database: str) -> None:
    """Let nobody into a database any more, and throw out who is in."""
    connection = await asyncpg.connect(postgres)
    await connection.execute(f"alter database {database} allow_connections false")
    await connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", database)
    await connection.close()
