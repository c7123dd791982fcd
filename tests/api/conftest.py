"""One running installation for all API tests: an API process and a worker, on a database of their own."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from rivya.accounts import service as accounts
from rivya.keys import service as keys
from rivya.keys.model import SCOPES
from rivya.kit.db import open_pool
from rivya.kit.ids import AccountId
from rivya.wallet.invariants import Violation, verify
from tests.conftest import with_database
from tests.running import Client, Rivya

_numbers = itertools.count(1)


@dataclass
class Installation:
    rivya: Rivya
    base_url: str
    database_url: str

    def account(self, *, credits: int = 100) -> AccountId:
        """Make an account with credits; return its id."""

        async def make() -> AccountId:
            async with open_pool(self.database_url, size=2) as pool:
                made = await accounts.create(pool, email=f"person{next(_numbers)}@example.com", credits=credits)
                return made.id

        return asyncio.run(make())

    def client(self, account: AccountId, *, scopes: tuple[str, ...] = SCOPES) -> Client:
        """Return a client with a new key of the account."""

        async def make() -> str:
            async with open_pool(self.database_url, size=2) as pool:
                return (await keys.issue(pool, account=account, scopes=scopes)).secret

        return Client(self.base_url, asyncio.run(make()))

    def violations(self) -> list[Violation]:
        async def check() -> list[Violation]:
            async with open_pool(self.database_url, size=2) as pool:
                return await verify(pool)

        return asyncio.run(check())


@pytest.fixture(scope="session")
def installation(postgres: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    name = f"{template}_api"

    async def run(statement: str) -> None:
        connection = await asyncpg.connect(postgres)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(run(f"create database {name} template {template}"))
    rivya = Rivya(with_database(postgres, name), Path(tmp_path_factory.mktemp("installation")))
    try:
        rivya.worker()
        process, base_url = rivya.serve()
        rivya.wait_for(base_url, process, "/readyz")
        yield Installation(rivya, base_url, rivya.database_url)
    finally:
        rivya.close()
        asyncio.run(run(f"drop database {name} with (force)"))


@pytest.fixture
def client(installation: Installation) -> Iterator[Client]:
    """A client of an account of this test's own, with 100 credits; the money is checked when the test ends."""
    yield installation.client(installation.account())
    assert installation.violations() == []


@pytest.fixture
def make_client(installation: Installation) -> Callable[..., Client]:
    return lambda *, credits=100, scopes=SCOPES: installation.client(
        installation.account(credits=credits), scopes=scopes
    )
