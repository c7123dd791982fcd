"""``rivya up``, and ``curl``: the first thing that an operator tries, with the key that was printed and no setting."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_up import KEY
from tests.running import Client, eventually, free_port

pytestmark = pytest.mark.engines

MODEL = "rivya-mini-chat"
QUESTION = "What is the capital of France?"
MESSAGES = (QUESTION, "The sea was calm. " * 200 + QUESTION)
"""One that costs the least there is, and one that costs more."""

FIRST_CREDITS = 1000
"""What the first account is given."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder where the database server's user may pass, unlike pytest's own."""
    made = Path(tempfile.mkdtemp(prefix="rivya-up-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def up(folder: Path) -> Iterator[Client]:
    """``rivya up`` on a fresh data folder, once it is ready: a client with the key that it printed."""
    port, log = free_port(), folder / "up.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            rivya("up", "--port", str(port), "--data-dir", str(folder / "data")),
            env=without_settings(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        eventually(lambda: "Ctrl-C stops it" in log.read_text() or process.poll() is not None, within_s=60)
        (key,) = set(KEY.findall(log.read_text()))
        yield Client(f"http://127.0.0.1:{port}", key)
    finally:
        process.send_signal(signal.SIGINT)
        code = process.wait(60)
    assert code == 0, log.read_text()


def rivya(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "rivya", *arguments]


def without_settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("RIVYA_")}


def curl(client: Client, path: str, body: dict[str, Any]) -> str:
    """Return what curl prints; fail if it fails, as it does (``-f``) for every status that is an error."""
    headers = [f"Authorization: Bearer {client.key}", "Content-Type: application/json"]
    options = [word for header in headers for word in ("-H", header)]
    ended = subprocess.run(
        ["curl", "-sS", "-N", "-f", *options, "-d", json.dumps(body), client.base_url + path],
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.decode()


def events(stream: str) -> list[tuple[str, Any]]:
    """Return name and data of each event; comments are none."""
    assert stream.endswith("\n\n")
    found: list[tuple[str, Any]] = []
    for block in stream.removesuffix("\n\n").split("\n\n"):
        lines = [line for line in block.split("\n") if line and not line.startswith(":")]
        if lines:
            name, data = lines
            found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def price(pricing: dict[str, Any], usage: dict[str, int]) -> int:
    """Return what the price that a model tells makes of the tokens that a turn used."""
    assert pricing["unit"] == "tokens"
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    tokens = usage["input_tokens"] + Fraction(str(pricing["output_factor"])) * usage["output_tokens"]
    return max(1, ceil(pricing["base"] * tokens / pricing["unit_size"]))


def test_curl_streams_an_answer_of_the_built_in_model_and_it_costs_what_its_tokens_come_to(
    up: Client, folder: Path
) -> None:
    model = up.get(f"/api/v1/models/{MODEL}").json
    assert (model["runtime"], model["api_status"]) == ("chat", "available")
    assert up.get("/api/v1/credits").json["current_credits"] == FIRST_CREDITS
    left = FIRST_CREDITS
    for message in MESSAGES:
        found = events(curl(up, "/api/v1/chat/completions/stream", {"model": MODEL, "message": message}))

        (first, created), *deltas, (last, turn) = found
        assert (first, last) == ("chat.completion.created", "chat.completion.completed")
        assert {name for name, _ in deltas} == {"chat.completion.delta"}
        assert {data["id"] for _, data in found} == {turn["id"]}
        assert turn["message"]["content"] == "".join(data["delta"]["content"] for _, data in deltas) != ""
        assert turn["credits"]["reserved"] == created["credits"]["reserved"]
        assert turn["credits"]["final"] == price(model["pricing"], turn["usage"]) <= turn["credits"]["reserved"]

        left -= turn["credits"]["final"]
        assert up.get("/api/v1/credits").json == {
            "current_credits": left,
            "reserved_credits": 0,
            "expiring_soon": [],
        }
        session = up.get(f"/api/v1/chat/sessions/{turn['session_id']}").json
        assert [said["content"] for said in session["messages"]] == [message, turn["message"]["content"]]

    at = ["--data-dir", str(folder / "data")]
    for command in (["verify"], ["statement", "operator@localhost"]):
        ended = subprocess.run(
            rivya("credits", *command, *at), env=without_settings(), capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
    assert f"{left} credits available, 0 reserved." in ended.stdout
