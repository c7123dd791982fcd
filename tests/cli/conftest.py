"""The command line as a person uses it: real processes, judged by what they print and how they end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

NO_ENGINES = Path(__file__).parent.parent / "no_engines.toml"


def environment(**settings: str) -> dict[str, str]:
    """Return this process's environment with these settings of Rivya and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RIVYA_")}
    return {**kept, "RIVYA_PROVIDERS_FILE": str(NO_ENGINES), "RIVYA_SCRIPTED_MODELS": "true", **settings}


@dataclass
class Ended:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run_rivya(*arguments: str, settings: Mapping[str, str], within_s: float = 60) -> Ended:
    """Run ``rivya ARGUMENTS`` to its end."""
    process = subprocess.run(
        [sys.executable, "-m", "rivya", *arguments],
        env=environment(**settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=within_s,
        check=False,
    )
    return Ended(process.returncode, process.stdout, process.stderr)


@pytest.fixture
def rivya(database_url: str, tmp_path: Path) -> Callable[..., Ended]:
    """Run a command against a database of the test's own."""
    settings = {"RIVYA_DATABASE_URL": database_url, "RIVYA_DATA_DIR": str(tmp_path)}
    return lambda *arguments: run_rivya(*arguments, settings=settings)
