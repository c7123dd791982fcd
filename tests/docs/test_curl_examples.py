"""Every example with curl in docs/api is run as it stands, page by page, and answers as it is shown."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rivya.providers import routing
from tests.docs.pages import PAGES, Block, blocks, differences, text
from tests.files.samples import sound
from tests.running import Rivya, free_port
from tests.scripted import new_key

AS_INSTALLED = Path(routing.__file__).parent / "providers.toml"
"""The providers that come with the package: the examples run on the built-in models, as they do for a reader."""

ASLEEP = "the worker sleeps"
"""The note of a block that is about a task which nobody has begun yet."""


@dataclass
class Reader:
    """Somebody who runs the examples in a folder of their own, with a key of 1,000 credits."""

    folder: Path
    environment: dict[str, str]
    worker: int

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def wake(self) -> None:
        os.kill(self.worker, signal.SIGCONT)


@pytest.fixture
def reader(database_url: str, tmp_path: Path) -> Iterator[Reader]:
    settings = {"RIVYA_PROVIDERS_FILE": str(AS_INSTALLED), "RIVYA_WEBHOOKS_ALLOW_PRIVATE": "true"}
    rivya = Rivya(database_url, tmp_path / "rivya", settings)
    try:
        worker = rivya.worker()
        process, base_url = rivya.serve()
        rivya.wait_for(base_url, process, "/readyz")
        home = tmp_path / "home"
        home.mkdir()
        (home / "speech.mp3").write_bytes(sound(seconds=4))
        key = new_key(database_url, name="reader", credits=1000)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "RIVYA_URL": base_url,
            "RIVYA_API_KEY": key,
            "HOOK_URL": f"http://127.0.0.1:{free_port()}/rivya",
        }
        yield Reader(home, environment, worker.pid)
    finally:
        rivya.close()


@pytest.mark.engines
@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_every_example_runs_and_answers_as_shown(reader: Reader) -> None:
    for page in PAGES:
        found = blocks(text(page))
        outputs = _run(reader, page, [block for block in found if block.language == "bash"])
        for block, below in zip(found, [*found[1:], None], strict=True):
            if block.language != "bash":
                continue
            output = outputs.pop(0)
            if below is not None and below.language == "json":
                assert differences(json.loads(below.code), json.loads(output)) == [], f"{page}: {block.code}{output}"


def test_every_json_in_the_pages_is_json() -> None:
    shown = [block for page in PAGES for block in blocks(text(page)) if block.language == "json"]
    assert len(shown) > 10
    for block in shown:
        json.loads(block.code)


def _run(reader: Reader, page: str, examples: list[Block]) -> list[str]:
    """Run a page's examples in one shell, so that what one of them sets the next one finds; return what each said."""
    lines: list[str] = []
    for number, block in enumerate(examples):
        asleep = block.note == ASLEEP
        lines += [f"kill -STOP {reader.worker}"] if asleep else []
        lines += [f"echo {number} > ../{page}.at", "{", block.code, f"}} > ../{page}.{number}"]
        lines += [f"kill -CONT {reader.worker}"] if asleep else []
    try:
        done = reader.run("\n".join(lines))
    finally:
        reader.wake()
    at = (reader.folder.parent / f"{page}.at").read_text() if examples else ""
    assert done.returncode == 0, f"{page}, example {at}: {done.stderr}"
    return [(reader.folder.parent / f"{page}.{number}").read_text() for number in range(len(examples))]
