from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rivya.kit.db import Pool
from rivya.kit.ids import AccountId
from tests.api.conftest import Installation
from tests.databases import Databases
from tests.running import Client, Rivya
from tests.webhooks.post_office import PostOffice, settings


@pytest.fixture
def office(pool: Pool, database_url: str, tmp_path: Path) -> PostOffice:
    """May send to loopback, over http."""
    return PostOffice(pool, database_url, settings(tmp_path))


@pytest.fixture(scope="module")
def installation(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An API process of this module's own: public URLs only, at most five endpoints an account.

    It has no worker: what is to be delivered stays where the calls put it.
    """
    folder = Path(tmp_path_factory.mktemp("front"))
    with databases.one() as database_url:
        rivya = Rivya(database_url, folder, {"RIVYA_WEBHOOKS_MOST_ENDPOINTS": "5"})
        try:
            process, base_url = rivya.serve()
            yield Installation(rivya, base_url, database_url, process, folder / "journal.jsonl")
        finally:
            rivya.close()


@pytest.fixture
def account(installation: Installation) -> AccountId:
    return installation.account()


@pytest.fixture
def client(installation: Installation, account: AccountId) -> Client:
    return installation.client(account)


@pytest.fixture
def make_client(installation: Installation) -> Callable[[], Client]:
    return lambda: installation.client(installation.account())
