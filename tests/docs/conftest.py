"""Somebody who follows the documentation: a running installation, a folder, a key."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from rivya.providers import routing
from tests.files.samples import sound
from tests.running import Rivya, free_port
from tests.scripted import new_key

AS_INSTALLED = Path(routing.__file__).parent / "providers.toml"
"""The providers that come with the package: the examples run on the built-in models, as they do for a reader."""


@dataclass
class Reader:
    """Somebody who runs the examples in a folder of their own, with a key of 1,000 credits."""

    folder: Path
    environment: dict[str, str]
    worker: int

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        return self.start(["bash", "-euo", "pipefail", "-c", script])

    def start(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
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
