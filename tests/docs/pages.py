"""The pages of docs/api as data: their blocks of code, in order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent.parent / "docs" / "api"

PAGES = (
    "overview",
    "quickstart",
    "authentication",
    "models",
    "generations",
    "generation-status",
    "files",
    "chat",
    "webhooks",
    "credits",
    "errors",
    "idempotency",
    "limits",
    "openapi",
    "sdk",
)
"""In the order in which they are read: a page may use what an earlier one has made."""

_BLOCK = re.compile(r"^(?:<!-- (?P<note>[^\n]*) -->\n)?```(?P<language>\w+)\n(?P<code>.*?)^```$", re.M | re.S)


@dataclass(frozen=True)
class Block:
    language: str
    code: str
    note: str | None
    """A comment on the line above, which readers do not see."""


def text(page: str) -> str:
    return (FOLDER / f"{page}.md").read_text("utf-8")


def blocks(markdown: str) -> list[Block]:
    return [Block(found["language"], found["code"], found["note"]) for found in _BLOCK.finditer(markdown)]


_SAME = (
    "object status kind category runtime billing_type api_status api_input_status code reason type unit level model "
    "mime_type param event source display_name"
)
SAME = frozenset(_SAME.split(" "))
"""Fields whose shown value is the very one that is answered."""


def differences(shown: Any, answered: Any, path: str = "$") -> list[str]:
    """Say where an answer is not of the shape that is shown: same fields, same types, same words.

    Of a list its first entries are compared, as many as are shown.
    """
    if _type(shown) != _type(answered):
        return [f"{path}: {_type(shown)} is shown, {_type(answered)} was answered"]
    if isinstance(shown, Mapping):
        found = [f"{path}.{key}: only one of them has it" for key in shown.keys() ^ answered.keys()]
        for key in shown.keys() & answered.keys():
            if key in SAME and shown[key] != answered[key]:
                found.append(f"{path}.{key}: {shown[key]!r} is shown, {answered[key]!r} was answered")
            found += differences(shown[key], answered[key], f"{path}.{key}")
        return found
    if isinstance(shown, list):
        if len(answered) < len(shown):
            return [f"{path}: {len(shown)} entries are shown, {len(answered)} were answered"]
        pairs = zip(shown, answered, strict=False)
        return [each for n, (one, other) in enumerate(pairs) for each in differences(one, other, f"{path}[{n}]")]
    return []


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return {dict: "object", list: "array", str: "string", int: "number", float: "number"}.get(type(value), "null")
