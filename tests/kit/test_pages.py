"""Pages of a list."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rivya.kit.pages import BadPage, ListObject, listed, page


def read_all(entries: list[str], limit: int) -> list[ListObject[str]]:
    """Return every page of a list that is in descending order."""
    found: list[ListObject[str]] = []
    cursor = None
    while True:
        wanted = page(str(limit), cursor, of="things")
        rows = [entry for entry in entries if wanted.after is None or entry < wanted.after][: wanted.rows]
        found.append(listed(rows, wanted, id_of=str, show=str.upper))
        cursor = found[-1].next_cursor
        if not found[-1].has_more:
            return found


@given(st.sets(st.text("abc", min_size=1, max_size=4)), st.integers(1, 100))
def test_all_pages_together_are_the_list(entries: set[str], limit: int) -> None:
    ordered = sorted(entries, reverse=True)
    pages = read_all(ordered, limit)
    assert [entry for one in pages for entry in one.data] == [entry.upper() for entry in ordered]
    assert all(len(one.data) == limit for one in pages[:-1])


def test_a_page_without_a_successor_has_no_cursor() -> None:
    assert msgspec.to_builtins(listed(["a"], page("1", None, of="things"), id_of=str, show=str)) == {
        "object": "list",
        "data": ["a"],
        "has_more": False,
        "next_cursor": None,
    }


def test_twenty_entries_are_shown_if_nobody_says_how_many() -> None:
    assert page(None, None, of="things").limit == 20


@pytest.mark.parametrize("limit", ["0", "101", "-1", "+5", "x", "", "1.0", "１"])
def test_a_limit_that_is_none_is_refused(limit: str) -> None:
    with pytest.raises(BadPage) as refused:
        page(limit, None, of="things")
    assert refused.value.param == "limit"


@pytest.mark.parametrize("cursor", ["x", "a.b", "é", "a" * 2000, "gA", "kcA"])
def test_a_cursor_that_is_none_is_refused(cursor: str) -> None:
    with pytest.raises(BadPage) as refused:
        page(None, cursor, of="things")
    assert refused.value.param == "cursor"


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_a_cursor(cursor: str) -> None:
    try:
        page(None, cursor, of="things")
    except BadPage as refused:
        assert refused.param == "cursor"  # noqa: PT017 - most texts are refused, and none may do worse


def test_the_cursor_of_another_list_is_refused() -> None:
    cursor = listed(["b", "a"], page("1", None, of="things status=failed"), id_of=str, show=str).next_cursor
    assert page("1", cursor, of="things status=failed").after == "b"
    with pytest.raises(BadPage):
        page("1", cursor, of="things")
