"""A file is read in one sitting, and its name says what is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house_rules.source import files, shown

MOST_LINES = 350
TEXT = (".py", ".sql", ".toml", ".html", ".css", ".js", ".md", ".txt")
EMPTY_NAMES = {"utils", "util", "common", "helpers", "helper", "manager", "managers", "data", "info", "misc"}


def empty_name(path: Path) -> bool:
    """Return True if a file or a folder on the way to it is named for nothing in particular."""
    return bool(EMPTY_NAMES & {part.lower().split(".")[0] for part in path.parts})


def test_every_file_is_read_in_one_sitting() -> None:
    lengths = {shown(path): len(path.read_text("utf-8").splitlines()) for path in files(*TEXT)}
    assert {path: lines for path, lines in lengths.items() if lines > MOST_LINES} == {}


def test_every_name_says_something() -> None:
    assert [shown(path) for path in files(*TEXT) if empty_name(Path(shown(path)))] == []


@pytest.mark.parametrize("path", ["kit/utils.py", "web/common/pages.py", "wallet/manager.py", "data/models.toml"])
def test_an_empty_name_is_found(path: str) -> None:
    assert empty_name(Path(path))


@pytest.mark.parametrize("path", ["database.py", "kit/information_schema.py", "wallet/service.py"])
def test_a_name_that_only_contains_an_empty_one_is_let_pass(path: str) -> None:
    assert not empty_name(Path(path))
