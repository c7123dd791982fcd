"""What is left of the names that users give their files."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rivya.files.names import MOST_CHARACTERS, clean_name


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("hill.png", "hill.png"),
        (None, "file.png"),
        ("", "file.png"),
        ("///", "file.png"),
        (". .", "file.png"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("a/b/c", "c"),
        ("  two   words .png ", "two words .png"),
        ("a\u0000b\u007f\u0085c", "abc"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\ud800x", "x"),
        ("e\u0301.png", "\u00e9.png"),
    ],
)
def test_a_name_keeps_what_can_be_shown(given: str | None, kept: str) -> None:
    assert clean_name(given, extension="png") == kept


def test_a_long_name_keeps_its_ending() -> None:
    assert clean_name("x" * 400 + ".jpeg", extension="png") == "x" * 250 + ".jpeg"
    assert clean_name("." + "x" * 400, extension="png") == "x" * 255


@given(st.text(max_size=600))
def test_every_name_is_harmless(given: str) -> None:
    name = clean_name(given, extension="png")
    assert 1 <= len(name) <= MOST_CHARACTERS
    assert not {"/", "\\"} & set(name)
    assert not any(unicodedata.category(character)[0] == "C" for character in name)
    assert clean_name(name, extension="png") == name
