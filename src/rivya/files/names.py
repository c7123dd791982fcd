"""The name that a user's file keeps: something to show, never something to open."""

from __future__ import annotations

import re
import unicodedata

MOST_CHARACTERS = 255

_SEPARATORS = re.compile(r"[/\\]")
_SPACES = re.compile(r"\s+")


def clean_name(given: str | None, *, extension: str) -> str:
    """Return a name without folders, without characters that control or hide something, and not too long.

    What is left of no name at all is ``file`` with the extension of the detected type.
    """
    last = _SEPARATORS.split(given or "")[-1]
    shown = "".join(" " if character.isspace() else character for character in last if _is_harmless(character))
    name = _SPACES.sub(" ", unicodedata.normalize("NFC", shown)).strip(" .")
    return _shortened(name) if name else f"file.{extension}"


def _is_harmless(character: str) -> bool:
    """Return False for control, format (they turn text around), surrogate, private and unassigned characters."""
    return unicodedata.category(character)[0] != "C" or character in "\t\n"


def _shortened(name: str) -> str:
    if len(name) <= MOST_CHARACTERS:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 16:
        return name[:MOST_CHARACTERS]
    return stem[: MOST_CHARACTERS - len(ending) - 1] + dot + ending
