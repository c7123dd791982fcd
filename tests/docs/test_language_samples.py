"""The samples in Python and TypeScript are run as they stand, page by page, against a live server.

Those in TypeScript use nothing that JavaScript has not, so that node runs them as they are.
"""

from __future__ import annotations

import shutil
import sys

import pytest

from tests.docs.conftest import Reader
from tests.docs.pages import blocks, text

PAGES = ("quickstart", "generations", "generation-status", "files", "chat")
"""What says a call in more than one language; in an order in which each finds what it needs."""


def program(page: str, language: str) -> str:
    """Return the blocks of a page in one language, one after the other, as a reader would put them together."""
    return "\n".join(block.code for block in blocks(text(page)) if block.language == language)


@pytest.mark.engines
def test_every_sample_in_python_runs(reader: Reader) -> None:
    for page in PAGES:
        file = reader.folder / f"{page}.py"
        file.write_text(program(page, "python"))
        done = reader.start([sys.executable, "-W", "error", str(file)])
        assert done.returncode == 0, f"{page}: {done.stderr}"
        assert done.stdout.strip(), page
    assert (reader.folder / "picture.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.engines
@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node here to run them")
def test_every_sample_in_typescript_runs(reader: Reader) -> None:
    for page in PAGES:
        file = reader.folder / f"{page}.mjs"
        file.write_text(program(page, "typescript"))
        done = reader.start(["node", str(file)])
        assert done.returncode == 0, f"{page}: {done.stderr}"
        assert done.stdout.strip(), page
    assert (reader.folder / "picture.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("page", PAGES)
def test_a_sample_is_there_in_every_language(page: str) -> None:
    found = [block.language for block in blocks(text(page)) if block.language in ("python", "typescript")]
    assert found
    assert found.count("python") == found.count("typescript")
