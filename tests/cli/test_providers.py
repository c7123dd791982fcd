"""``rivya providers``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import run_rivya
from tests.running import Rivya, eventually

PROVIDERS = """
[providers.vendor]
kind = "openai"
url = "http://127.0.0.1:9/v1"

[[routes]]
model = "scripted"
provider = "scripted"
target = "other"

[[routes]]
model = "gpt-5-2-chat"
provider = "vendor"
target = "gpt"
"""


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "providers.toml").write_text(PROVIDERS)
    return {
        "RIVYA_DATABASE_URL": database_url,
        "RIVYA_DATA_DIR": str(tmp_path),
        "RIVYA_PROVIDERS_FILE": str(tmp_path / "providers.toml"),
        "COLUMNS": "200",
    }


def rows(settings: dict[str, str]) -> dict[str, list[str]]:
    ended = run_rivya("providers", "status", settings=settings)
    assert ended.code == 0, ended.err
    return {words[0]: words[1:] for line in ended.out.splitlines() if (words := line.split())}


def test_the_status_shows_who_serves_each_route_and_who_leaves_it_alone(
    settings: dict[str, str], database_url: str, tmp_path: Path
) -> None:
    shown = rows(settings)
    assert shown["scripted.other"] == shown["scripted.scripted"] == ["scripted", "-"]
    assert shown["vendor.gpt"] == ["gpt-5-2-chat", "each", "API", "process"]

    rivya = Rivya(database_url, tmp_path / "rivya", {"RIVYA_PROVIDERS_FILE": settings["RIVYA_PROVIDERS_FILE"]})
    try:
        worker = rivya.worker()
        eventually(lambda: rows(settings)["scripted.other"][-1].endswith(f":{worker.pid}"), within_s=60)
        assert rows(settings)["scripted.scripted"] == rows(settings)["scripted.other"]
    finally:
        rivya.close()


def test_a_providers_file_that_cannot_be_used_is_said(settings: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "providers.toml").write_text("[[routes]]\n")
    ended = run_rivya("providers", "status", settings=settings)
    assert ended.code == 1
    assert "providers" in ended.err
    assert "Traceback" not in ended.err
