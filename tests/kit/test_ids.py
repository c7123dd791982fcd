"""Identifiers: prefixed, ordered by time, never twice the same."""

from __future__ import annotations

import re
import time

import pytest

from rivya.kit.ids import new_id


def test_an_id_is_its_prefix_and_26_characters_of_crockford_base32() -> None:
    assert re.fullmatch(r"task_[0-9a-hjkmnp-tv-z]{26}", new_id("task"))


def test_a_later_id_sorts_after_an_earlier_one(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = [0, 1, 2**20, 1_700_000_000_000, 1_700_000_000_001, 2**48 - 1]
    made: list[str] = []
    for moment in moments:
        monkeypatch.setattr(time, "time_ns", lambda moment=moment: moment * 1_000_000)
        made.append(new_id("x"))
    assert made == sorted(made)


def test_the_time_can_be_read_from_an_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first ten characters of a ULID are its 48 bits of milliseconds (here the example of the specification)."""
    monkeypatch.setattr(time, "time_ns", lambda: 1_469_918_176_385 * 1_000_000)
    assert new_id("x")[2:12] == "01aryz6s41"


def test_ten_thousand_ids_are_ten_thousand_different_ones() -> None:
    assert len({new_id("x") for _ in range(10_000)}) == 10_000
