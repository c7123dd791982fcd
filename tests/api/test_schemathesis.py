"""Schemathesis against a running installation: whatever is sent, the answer is one that the document tells of.

``make fuzz`` runs it long: RIVYA_FUZZ_EXAMPLES is the number of examples an operation, RIVYA_FUZZ_SEED repeats a run.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rivya.kit.db import open_pool
from rivya.wallet.invariants import Violation, verify
from tests.chat.upstream import Upstream
from tests.files.forms import uploaded
from tests.files.samples import picture, sound, video
from tests.running import Client, Rivya
from tests.scripted import all_scripted, new_key

_HERE = Path(__file__).parent
_ROOT = _HERE.parent.parent
EXAMPLES = int(os.environ.get("RIVYA_FUZZ_EXAMPLES", "15"))
PHASES = "examples,coverage,fuzzing,stateful" if "RIVYA_FUZZ_EXAMPLES" in os.environ else "examples,fuzzing,stateful"
"""The short run leaves out what goes through every bound of every field: some ten thousand calls."""
SEED = os.environ.get("RIVYA_FUZZ_SEED", "20260101")
CREDITS = 10**9
SETTINGS = {
    "RIVYA_ACCOUNT_REQUESTS_A_MINUTE": "10000000",
    "RIVYA_ACCOUNT_IN_FLIGHT": "10000000",
    "RIVYA_WEBHOOKS_ALLOW_PRIVATE": "true",
    "RIVYA_WEBHOOKS_MOST_ENDPOINTS": "1000000",
}


@dataclass
class Fuzzed:
    base_url: str
    database_url: str
    environment: dict[str, str]

    def violations(self) -> list[Violation]:
        async def check() -> list[Violation]:
            async with open_pool(self.database_url, size=2) as pool:
                return await verify(pool)

        return asyncio.run(check())


@pytest.fixture
def fuzzed(database_url: str, tmp_path: Path) -> Iterator[Fuzzed]:
    """An installation where every model is answered by the scripted provider, and two accounts that can afford it."""
    with Upstream() as upstream:
        catalog = _HERE / "fuzzing" / "catalog"
        settings = {**SETTINGS, **all_scripted(tmp_path, chat_url=upstream.url, catalog=catalog)}
        rivya = Rivya(database_url, tmp_path / "rivya", settings)
        try:
            rivya.worker()
            process, base_url = rivya.serve()
            rivya.wait_for(base_url, process, "/readyz")
            ann, ben = (new_key(database_url, name=name, credits=CREDITS) for name in ("ann", "ben"))
            environment = {
                "RIVYA_FUZZ_SAMPLES": _samples(tmp_path, Client(base_url, ann)),
                "RIVYA_FUZZ_USERS": _users(tmp_path, ann=ann, ben=ben),
            }
            yield Fuzzed(base_url, database_url, environment)
        finally:
            rivya.close()


@pytest.mark.timeout(7200)
def test_every_answer_is_as_documented_whatever_is_sent(fuzzed: Fuzzed) -> None:
    config = str(_HERE / "fuzzing" / "schemathesis.toml")
    url = f"{fuzzed.base_url}/api/v1/openapi.json"
    chosen = ["--phases", PHASES, "--max-examples", str(EXAMPLES), "--seed", SEED, "--checks", "all"]
    ended = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "--config-file", config, "run", url, *chosen],
        cwd=_ROOT,
        env={**os.environ, **fuzzed.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    print(ended.stdout)
    assert ended.returncode == 0, ended.stdout[-20_000:]
    assert fuzzed.violations() == []


def _samples(folder: Path, client: Client) -> str:
    """Upload a file of each kind; return the path of what the hooks read of them."""
    samples: dict[str, Any] = {}
    for kind, content in (("image", picture()), ("video", video()), ("audio", sound())):
        file = folder / kind
        file.write_bytes(content)
        made = uploaded(client, content, kind=kind)
        samples[kind] = {"content": str(file), **made}
    (folder / "samples.json").write_text(json.dumps(samples))
    return str(folder / "samples.json")


def _users(folder: Path, **users: str) -> str:
    """Write down who may call, as Web Fuzzing Commons has it."""
    auth = [
        {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {key}"}]}
        for name, key in users.items()
    ]
    (folder / "users.json").write_text(json.dumps({"auth": auth}))
    return str(folder / "users.json")
