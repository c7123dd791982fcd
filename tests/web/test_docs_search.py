"""Search: what is found, in which order, and what is shown of it."""

from __future__ import annotations

import pytest

from rivya.web.docs.search import Entry, Index

ENTRIES = [
    Entry(
        "Docs", "Files", "Duration tokens", "/files#duration", "A clip is measured. The token vouches for the result."
    ),
    Entry("Docs", "Files", "Upload", "/files#upload", "Send a file, then use its token of duration somewhere."),
    Entry("Docs", "Credits", "Credits", "/credits", "One wallet for everything <b>you</b> do."),
]


def urls(query: str) -> list[str]:
    return [hit.entry.url for hit in Index(ENTRIES).search(query)]


def test_a_word_in_the_heading_counts_more_than_one_in_the_text() -> None:
    assert urls("duration token") == ["/files#duration", "/files#upload"]


def test_the_beginning_of_a_word_will_do() -> None:
    assert urls("wall") == ["/credits"]


def test_all_words_must_be_there() -> None:
    assert urls("wallet token") == []


@pytest.mark.parametrize("query", ["", "   ", "!?", "<script>alert(1)</script>"])
def test_what_has_no_word_in_it_finds_nothing(query: str) -> None:
    assert urls(query) == []


def test_what_was_looked_for_is_marked_and_the_text_is_escaped() -> None:
    (hit,) = Index(ENTRIES).search("wallet")
    assert "<mark>wallet</mark>" in hit.snippet
    assert "&lt;b&gt;you" in hit.snippet
