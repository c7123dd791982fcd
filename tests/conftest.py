"""A real PostgreSQL for the whole run, and an empty Rivya database for each test that asks for one.

``RIVYA_TEST_DATABASE_URL`` runs the suite against another server (its user must be allowed to create databases).
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from rivya.kit.db import Pool, open_pool
from rivya.kit.garbage import leave_what_was_loaded
from tests.databases import Databases


def pytest_collection_finish() -> None:
    """Look no more for garbage among thousands of tests that live as long as the run."""
    leave_what_was_loaded()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a case the same in every process: not after an id or a signature that is made anew, or a page of text."""
    anew = isinstance(val, str) and (len(val) > 60 or re.search(r"_[0-9a-z]{26}|^rvya_sk_|^rvdt_|signature=", val))
    return argname if anew else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The DSN of a running server."""
    if dsn := os.environ.get("RIVYA_TEST_DATABASE_URL"):
        yield dsn
        return
    from rivya.kit.embedded_postgres import EmbeddedPostgres

    # Root's server runs as another user, who cannot enter pytest's private folders.
    with tempfile.TemporaryDirectory(prefix="rivya-test-") as folder:
        Path(folder).chmod(0o711)
        with EmbeddedPostgres(Path(folder) / "data", max_connections=200, system_dir=Path(folder)) as server:
            yield server.start()


@pytest.fixture(scope="session")
def databases(postgres: str) -> Iterator[Databases]:
    """Lends empty Rivya databases."""
    lent = Databases(postgres)
    lent.open()
    yield lent
    lent.close()


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """The DSN of an empty Rivya database of this test's own."""
    with databases.one() as dsn:
        yield dsn


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with open_pool(database_url, size=10) as opened:
        yield opened
