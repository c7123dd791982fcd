"""One running installation for the tests of pages: an API process and a worker, on a database of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.api.conftest import Installation, running
from tests.databases import Databases
from tests.web.site import Person, sign_in

_API = Path(__file__).parent.parent / "api"


@pytest.fixture(scope="session")
def installation(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = Path(tmp_path_factory.mktemp("web"))
    settings = {
        "RIVYA_CATALOG_DIR": str(_API / "catalog"),
        "RIVYA_PROVIDERS_FILE": str(_API / "providers.toml"),
        "RIVYA_SCRIPTED_JOURNAL": str(folder / "journal.jsonl"),
    }
    with databases.one() as database_url, running(database_url, folder, settings) as found:
        yield found


@pytest.fixture
def person(installation: Installation) -> Person:
    """Somebody signed in to an account of this test's own, with 100 credits."""
    return sign_in(installation, installation.account())


@pytest.fixture
def make_person(installation: Installation) -> Callable[..., Person]:
    return lambda *, credits=100: sign_in(installation, installation.account(credits=credits))


@pytest.fixture
def stranger(installation: Installation) -> Person:
    return Person(installation.base_url)
