"""An API process on a database of its own; each test starts the workers that it needs, and none outlives it."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from rivya.accounts import service as accounts
from rivya.generations.steps import Steps
from rivya.installation import installation
from rivya.keys import service as keys
from rivya.kit.db import open_pool
from rivya.kit.ids import AccountId, WorkerId
from rivya.queue.janitors import Janitor, Tools
from rivya.settings import Settings
from rivya.wallet import service as wallet
from rivya.wallet.invariants import verify
from rivya.wallet.model import Balance
from tests.databases import Databases
from tests.running import Client, Rivya, eventually

NO_ENGINES = Path(__file__).parent.parent / "no_engines.toml"


@dataclass
class System:
    rivya: Rivya
    client: Client
    account: AccountId
    journal: Path
    settings: Settings

    def worker(self) -> tuple[subprocess.Popen[bytes], str]:
        """Start a worker; return it and its id once it has said that it lives."""
        process = self.rivya.worker()
        find = "select id from workers where pid = $1 and heartbeat_at > now() - interval '5 seconds'"
        return process, eventually(lambda: self.sql(find, process.pid))[0]["id"]

    def start(self, **params: Any) -> str:
        """Submit a task; return its id."""
        answer = self.client.generate({"model": "scripted", "params": params})
        assert answer.status == 202, answer.body
        return answer.json["id"]

    def started(self, **params: Any) -> str:
        """Submit a task; return its id once its provider has it."""
        task = self.start(**params)
        with_handle = "select 1 from attempts where task_id = $1 and handle is not null"
        eventually(lambda: self.sql(with_handle, task))
        return task

    def submissions(self, task: str) -> int:
        """Return how often a task's work came to the provider."""
        if not self.journal.exists():
            return 0
        return sum(json.loads(line)["task"] == task for line in self.journal.read_text().splitlines())

    def balance(self) -> Balance:
        return self.run(lambda pool: wallet.balance(pool, account=self.account))

    def sweep(self, janitor: Janitor) -> int:
        """Let a janitor sweep once, here and now."""

        async def sweep(pool: asyncpg.Pool) -> int:
            installed = installation(self.settings)
            tools = Tools(
                pool,
                Steps(pool, WorkerId("wkr_test")),
                installed.routing(lambda _: True),
                installed.store,
                installed.tokenizers,
                keep_sessions_days=365,
                keep_deliveries_days=30,
            )
            return await janitor.sweep(tools)

        return self.run(sweep)

    def sql(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        return self.run(lambda pool: pool.fetch(statement, *values))

    def run(self, work: Callable[[asyncpg.Pool], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            async with open_pool(self.rivya.database_url, size=1) as pool:
                return await work(pool)

        return asyncio.run(run())


@pytest.fixture(scope="module")
def api(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("queue")
    journal = folder / "journal.jsonl"

    async def account_with_key(dsn: str) -> tuple[AccountId, str]:
        async with open_pool(dsn, size=2) as pool:
            made = await accounts.create(pool, email="queue@example.com", credits=1000)
            return made.id, (await keys.issue(pool, account=made.id)).secret

    with databases.one() as dsn:
        rivya = Rivya(dsn, folder, {"RIVYA_SCRIPTED_JOURNAL": str(journal)})
        settings = Settings(
            _env_file=None,  # pyright: ignore[reportCallIssue]
            data_dir=folder / "data",
            database_url=dsn,
            providers_file=NO_ENGINES,
            scripted_models=True,
            scripted_journal=journal,
            secret_key="for tests only",  # pyright: ignore[reportArgumentType]
        )
        try:
            account, secret = asyncio.run(account_with_key(dsn))
            rivya.served_by_nobody("scripted.scripted")
            yield System(rivya, Client(rivya.serve()[1], secret), account, journal, settings)
        finally:
            rivya.close()


@pytest.fixture
def system(api: System) -> Iterator[System]:
    """The API without any worker; the workers that a test starts end with it, and the money is checked."""
    before = len(api.rivya.processes)
    yield api
    for process in api.rivya.processes[before:]:
        api.rivya.stop(process)
    assert api.run(verify) == []
