"""One running installation for all API tests: an API process and a worker, on a database of their own."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import subprocess
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from rivya.accounts import service as accounts
from rivya.keys import service as keys
from rivya.keys.model import SCOPES, IssuedKey
from rivya.kit.db import open_pool
from rivya.kit.ids import AccountId
from rivya.wallet import service as wallet
from rivya.wallet.invariants import Violation, verify
from rivya.wallet.model import Balance
from tests.databases import Databases
from tests.running import Client, Rivya

_HERE = Path(__file__).parent
_numbers = itertools.count(1)


@dataclass
class Installation:
    rivya: Rivya
    base_url: str
    database_url: str
    worker: subprocess.Popen[bytes]
    journal: Path

    def account(self, *, credits: int = 100) -> AccountId:
        """Make an account with credits; return its id."""

        async def make() -> AccountId:
            async with open_pool(self.database_url, size=2) as pool:
                made = await accounts.create(pool, email=f"person{next(_numbers)}@example.com", credits=credits)
                return made.id

        return asyncio.run(make())

    def key(
        self, account: AccountId, *, scopes: tuple[str, ...] = SCOPES, expires_at: datetime | None = None
    ) -> IssuedKey:
        """Make a new key of the account."""

        async def make() -> IssuedKey:
            async with open_pool(self.database_url, size=2) as pool:
                return await keys.issue(pool, account=account, scopes=scopes, expires_at=expires_at)

        return asyncio.run(make())

    def client(
        self, account: AccountId, *, scopes: tuple[str, ...] = SCOPES, expires_at: datetime | None = None
    ) -> Client:
        """Return a client with a new key of the account."""
        return Client(self.base_url, self.key(account, scopes=scopes, expires_at=expires_at).secret)

    def balance(self, account: AccountId) -> Balance:
        async def read() -> Balance:
            async with open_pool(self.database_url, size=2) as pool:
                return await wallet.balance(pool, account=account)

        return asyncio.run(read())

    def sql(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        """Run a statement on the installation's database; return its rows."""

        async def run() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.database_url)
            try:
                return await connection.fetch(statement, *values)
            finally:
                await connection.close()

        return asyncio.run(run())

    def submissions(self, task: str) -> int:
        """Return how often a task's work came to the provider."""
        if not self.journal.exists():
            return 0
        return sum(json.loads(line)["task"] == task for line in self.journal.read_text().splitlines())

    @contextmanager
    def worker_asleep(self) -> Iterator[None]:
        """Stop the worker where it is, so that tasks stay queued, and let it go on at the end."""
        os.kill(self.worker.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.worker.pid, signal.SIGCONT)

    def violations(self) -> list[Violation]:
        async def check() -> list[Violation]:
            async with open_pool(self.database_url, size=2) as pool:
                return await verify(pool)

        return asyncio.run(check())


@contextmanager
def running(database_url: str, folder: Path, settings: Mapping[str, str]) -> Generator[Installation]:
    """Run an API process and a worker until the end of the block."""
    rivya = Rivya(database_url, folder, settings)
    try:
        worker = rivya.worker()
        process, base_url = rivya.serve()
        rivya.wait_for(base_url, process, "/readyz")
        yield Installation(rivya, base_url, database_url, worker, folder / "journal.jsonl")
    finally:
        rivya.close()


@pytest.fixture(scope="session")
def installation(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = Path(tmp_path_factory.mktemp("installation"))
    settings = {
        "RIVYA_CATALOG_DIR": str(_HERE / "catalog"),
        "RIVYA_PROVIDERS_FILE": str(_HERE / "providers.toml"),
        "RIVYA_SCRIPTED_JOURNAL": str(folder / "journal.jsonl"),
    }
    with databases.one() as database_url, running(database_url, folder, settings) as found:
        yield found


@pytest.fixture
def account(installation: Installation) -> AccountId:
    """An account of this test's own, with 100 credits."""
    return installation.account()


@pytest.fixture
def client(installation: Installation, account: AccountId) -> Iterator[Client]:
    """A client of the test's account; the money is checked when the test ends."""
    yield installation.client(account)
    assert installation.violations() == []


@pytest.fixture
def make_client(installation: Installation) -> Callable[..., Client]:
    return lambda *, credits=100, scopes=SCOPES: installation.client(
        installation.account(credits=credits), scopes=scopes
    )
