"""A chat model whose upstream keeps failing is not offered for a while."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chat.upstream import Upstream
from tests.running import Client, Rivya, eventually
from tests.scripted import new_key

_HERE = Path(__file__).parent


class Talker:
    """A client of an API process without any worker, whose chat model ``upstream`` answers."""

    def __init__(self, client: Client, upstream: Upstream) -> None:
        self.client = client
        self.upstream = upstream

    def say(self, message: str) -> Any:
        return self.client.post("/api/v1/chat/completions", {"model": "talker", "message": message})

    def status(self) -> str:
        return self.client.get("/api/v1/models/talker").json["api_status"]

    def becomes(self, status: str) -> None:
        eventually(lambda: self.status() == status)

    def credits(self) -> int:
        return self.client.get("/api/v1/credits").json["current_credits"]


@pytest.fixture
def talker(database_url: str, tmp_path: Path) -> Iterator[Talker]:
    with Upstream() as upstream:
        providers = tmp_path / "providers.toml"
        providers.write_text(
            f'[providers.double]\nkind = "openai"\nurl = "{upstream.url}"\n'
            '[[routes]]\nmodel = "talker"\nprovider = "double"\ntarget = "talker-1"\n'
        )
        settings = {
            "RIVYA_CATALOG_DIR": str(_HERE / "models"),
            "RIVYA_PROVIDERS_FILE": str(providers),
            "RIVYA_CIRCUIT_FAILURES": "3",
            "RIVYA_CIRCUIT_COOL_DOWN_S": "3",
        }
        rivya = Rivya(database_url, tmp_path / "rivya", settings)
        try:
            key = new_key(database_url, name="talker", credits=10_000)
            yield Talker(Client(rivya.serve()[1], key), upstream)
        finally:
            rivya.close()


def test_a_chat_model_needs_no_worker(talker: Talker) -> None:
    assert talker.status() == "available"
    assert talker.say("count 3").status == 200


def test_an_upstream_that_keeps_failing_is_left_alone_then_tried_and_back(talker: Talker) -> None:
    assert [talker.say("html").status for _ in range(3)] == [502] * 3
    talker.becomes("coming_soon")
    asked, before = len(talker.upstream.asked), talker.credits()
    refused = talker.say("count 3")
    assert (refused.status, refused.json["error"]["code"]) == (409, "model_not_available")
    assert (len(talker.upstream.asked), talker.credits()) == (asked, before)

    talker.becomes("available")
    assert talker.say("html").status == 502
    talker.becomes("coming_soon")
    talker.becomes("available")
    assert [talker.say("count 3").status for _ in range(3)] == [200] * 3
    assert talker.status() == "available"


def test_what_a_caller_did_wrong_closes_no_chat_model(talker: Talker) -> None:
    assert [talker.say("long").status for _ in range(5)] == [400] * 5
    assert talker.status() == "available"
    assert talker.say("count 3").status == 200
