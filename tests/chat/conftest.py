"""One installation whose chat model is answered by an upstream of this test run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import Installation, running
from tests.chat.streams import EventStream
from tests.chat.upstream import Upstream
from tests.databases import Databases
from tests.running import Client

_HERE = Path(__file__).parent


@dataclass
class Talk:
    """A client of an account of the test's own, and the upstream that answers it."""

    installation: Installation
    upstream: Upstream
    client: Client
    account: str

    def say(self, message: str, **more: object):
        headers = more.pop("headers", None)
        return self.client.post(
            "/api/v1/chat/completions", {"model": "talker", "message": message, **more}, headers=headers
        )

    def killed_midway(self, message: str) -> Any:
        """Have a server of its own answer as a stream, and kill it after two seconds; return the event ``created``.

        By then it has written down at least once what was said.
        """
        process, base_url = self.installation.rivya.serve()
        stream = EventStream(Client(base_url, self.client.key), {"model": "talker", "message": message})
        seen = iter(stream)
        _, created = next(seen)
        for _ in range(100):
            next(seen)
        process.kill()
        process.wait()
        stream.cut()
        return created

    def credits(self) -> int:
        return self.client.get("/api/v1/credits").json["current_credits"]


@contextmanager
def installed(database_url: str, folder: Path, providers: str) -> Iterator[Installation]:
    """Run an API process and a worker on the model ``talker``; ``providers`` is the text of providers.toml."""
    (folder / "providers.toml").write_text(providers)
    settings = {
        "RIVYA_CATALOG_DIR": str(_HERE / "models"),
        "RIVYA_PROVIDERS_FILE": str(folder / "providers.toml"),
        "DOUBLE_KEY": "sk-double",
        "RIVYA_CIRCUIT_FAILURES": "1000000",  # here upstreams fail on purpose, and are asked again at once
    }
    with running(database_url, folder, settings) as found:
        yield found


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


@pytest.fixture(scope="module")
def database_for_module(databases: Databases) -> Iterator[str]:
    """The DSN of an empty Rivya database for all tests of a module."""
    with databases.one() as dsn:
        yield dsn


@pytest.fixture(scope="module")
def chatting(
    database_for_module: str, upstream: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    providers = (
        f'[providers.double]\nkind = "openai"\nurl = "{upstream.url}"\nkey_env = "DOUBLE_KEY"\n'
        "first_s = 3.0\nidle_s = 1.0\nthinking_body = {reason = true}\n"
        '[[routes]]\nmodel = "talker"\nprovider = "double"\ntarget = "talker-1"\n'
        '[[routes]]\nmodel = "plain"\nprovider = "double"\ntarget = "plain-1"\n'
        '[[routes]]\nmodel = "hasty"\nprovider = "double"\ntarget = "hasty-1"\n'
        '[[routes]]\nmodel = "roomy"\nprovider = "double"\ntarget = "roomy-1"\n'
    )
    with installed(database_for_module, Path(tmp_path_factory.mktemp("chatting")), providers) as chatting:
        yield chatting


@pytest.fixture
def talk(chatting: Installation, upstream: Upstream) -> Iterator[Talk]:
    account = chatting.account(credits=10_000)
    upstream.asked.clear()
    yield Talk(chatting, upstream, chatting.client(account), account)
    assert chatting.violations() == []
