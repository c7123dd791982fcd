"""What an upstream quotes when it fails (the prompt, its key, a piece of its answer) is in no log; what failed is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.api.conftest import Installation
from tests.chat.conftest import Talk
from tests.chat.streams import events
from tests.running import Client, eventually

PROMPT = "Xylographie is what quokkas dream of"
SECRETS = ("Xylographie", "quokkas", "You said", "sk-double", "Bearer")

NAMED = "type invalid_request_error, code invalid_prompt, "
FAILURES = {
    "400": f"status 400, {NAMED}",
    "401": f"status 401, {NAMED}",
    "422": "status 422, names no error, ",
    "429": f"status 429, {NAMED}",
    "502": "status 502, not JSON, ",
    "504": f"status 504, {NAMED}",
    "error": f"an error, {NAMED}",
    "garbage": "no piece of an answer, not JSON, ",
    "shape": "no piece of an answer, of another shape (Expected `array | null`, got `str` - at `$.choices`), ",
}
"""What the upstream does, and the beginning of what an operator reads of it."""


@dataclass
class Talkative:
    """A server that logs all it can."""

    base_url: str
    log: Path


@pytest.fixture(scope="module")
def talkative(chatting: Installation) -> Talkative:
    others = set(chatting.rivya.folder.glob("*.log"))
    _, base_url = chatting.rivya.serve(RIVYA_LOG_LEVEL="debug")
    (log,) = set(chatting.rivya.folder.glob("*.log")) - others
    return Talkative(base_url, log)


@pytest.mark.parametrize("how", FAILURES)
def test_a_log_says_what_failed_and_nothing_that_people_wrote(talk: Talk, talkative: Talkative, how: str) -> None:
    client = Client(talkative.base_url, talk.client.key)
    assert client.key is not None
    message = f"echo {how} {PROMPT} {client.key}"
    before = talkative.log.read_text()

    answer = replace(talk, client=client).say(message)
    assert answer.status == 502
    assert "sk-double" not in answer.body.decode()
    name, _ = events(client, {"model": "talker", "message": message})[-1]
    assert name == "error"

    def both() -> str | None:
        new = talkative.log.read_text().removeprefix(before)
        return new if new.count("chat.failed") == 2 else None

    assert eventually(both).count(FAILURES[how]) == 2
    for log in talk.installation.rivya.folder.glob("*.log"):
        lines = log.read_text(errors="replace")
        assert [secret for secret in (*SECRETS, client.key) if secret in lines] == []
