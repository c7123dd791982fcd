"""Chat completions as bytes: what comes together is told together, and nothing changes places."""

from __future__ import annotations

import json

from rivya.providers.chat import Delta
from rivya.providers.wire.chat_completions import ReplyReader


def framed(**delta: str) -> bytes:
    return b"data: " + json.dumps({"choices": [{"delta": delta}]}).encode() + b"\n\n"


def test_pieces_of_one_kind_that_come_together_are_one() -> None:
    data = b"".join(
        [
            framed(reasoning_content="let me "),
            framed(reasoning_content="see"),
            framed(content="The "),
            framed(content="sea"),
            framed(reasoning_content="hm"),
            framed(content="."),
        ]
    )
    found = ReplyReader().feed(data)
    assert found == [Delta("", "let me see"), Delta("The sea"), Delta("", "hm"), Delta(".")]


def test_pieces_that_come_one_by_one_are_told_one_by_one() -> None:
    reader = ReplyReader()
    assert [reader.feed(framed(content=word)) for word in ("a ", "b ")] == [[Delta("a ")], [Delta("b ")]]


def test_what_came_before_an_error_is_told() -> None:
    reader = ReplyReader()
    found = reader.feed(framed(content="a ") + framed(content="b") + b'data: {"error": {"message": "no"}}\n\n')
    assert found == [Delta("a b")]
    assert reader.failure is not None


def test_what_came_before_a_line_that_is_no_chunk_is_told() -> None:
    for bad in (b"{", b"", b"7", b'{"choices": []}, {"choices": []}', b"\xff"):
        reader = ReplyReader()
        found = reader.feed(framed(content="a ") + framed(content="b") + b"data: " + bad + b"\n\n")
        assert found == [Delta("a b")]
        assert reader.failure is not None


def test_nothing_is_read_after_the_end() -> None:
    reader = ReplyReader()
    found = reader.feed(framed(content="[DONE]") + b"data:  [DONE] \r\n\n" + framed(content="more"))
    assert found == [Delta("[DONE]")]
    assert reader.done
    assert reader.feed(framed(content="more")) == []
    assert reader.failure is None


def test_the_end_is_found_however_it_was_cut() -> None:
    reader = ReplyReader()
    assert reader.feed(framed(content="a") + b"data: [DO") == [Delta("a")]
    assert not reader.done
    assert reader.feed(b"NE]\n\n") == []
    assert reader.done
