"""Every example with curl in docs/api is run as it stands, page by page, and answers as it is shown."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.docs.conftest import Reader
from tests.docs.pages import PAGES, Block, blocks, differences, text

SAME_CALL = ("python", "typescript")
"""Blocks that say what the one with curl above them says, in other words."""

ASLEEP = "the worker sleeps"
"""The note of a block that is about a task which nobody has begun yet."""


@pytest.mark.engines
@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_every_example_runs_and_answers_as_shown(reader: Reader) -> None:
    for page in PAGES:
        found = blocks(text(page))
        outputs = _run(reader, page, [block for block in found if block.language == "bash"])
        for number, block in enumerate(found):
            if block.language != "bash":
                continue
            output = outputs.pop(0)
            below = next((other for other in found[number + 1 :] if other.language not in SAME_CALL), None)
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
