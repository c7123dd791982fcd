"""Chat completions as bytes: what comes together is told together, and nothing changes places."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rivya.providers.chat import ChatFailed, Delta
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


SHAPES: dict[str, tuple[object, Delta | None]] = {
    "no choices": ({"choices": None}, None),
    "no list of choices": ({}, None),
    "an empty choice": ({"choices": [{}]}, None),
    "no delta": ({"choices": [{"delta": None}]}, None),
    "no content": ({"choices": [{"delta": {"content": None}}]}, None),
    "no error": ({"error": None, "choices": [{"delta": {"content": "a"}}]}, Delta("a")),
    "thoughts beside no content": (
        {"choices": [{"delta": {"content": None, "reasoning_content": "hm"}}]},
        Delta("", "hm"),
    ),
    "a message": ({"choices": [{"delta": None, "message": {"content": "a"}}]}, Delta("a")),
    "parts": (
        {"choices": [{"delta": {"content": [{"type": "text", "text": "a "}, {"type": "text", "text": "b"}]}}]},
        Delta("a b"),
    ),
    "no parts": ({"choices": [{"delta": {"content": []}}]}, None),
    "parts without a text": (
        {"choices": [{"delta": {"content": [{"type": "reference", "reference_ids": [1]}, {"text": None}]}}]},
        None,
    ),
    "thoughts in parts": (
        {"choices": [{"delta": {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]}}]},
        Delta("", "hm"),
    ),
    "thoughts as a part": (
        {"choices": [{"delta": {"content": [{"type": "thinking", "thinking": "hm"}, {"text": "a"}]}}]},
        Delta("a", "hm"),
    ),
}


@pytest.mark.parametrize(("chunk", "piece"), SHAPES.values(), ids=SHAPES.keys())
def test_the_shapes_of_real_upstreams_are_understood(chunk: object, piece: Delta | None) -> None:
    told = [] if piece is None else [piece]
    for framing in ("data: %s\n\n", "event: message\ndata: %s\n\n"):
        reader = ReplyReader()
        assert reader.feed((framing % json.dumps(chunk)).encode()) == told
        assert reader.failure is None
    assert ReplyReader().whole(json.dumps(chunk).encode()) == told


def test_an_empty_reason_is_no_end() -> None:
    reader = ReplyReader()
    reader.feed(b'data: {"choices": [{"delta": {"content": "a"}, "finish_reason": ""}]}\n\n')
    assert reader.finish_reason is None
    with pytest.raises(ChatFailed):
        reader.end()


def test_what_is_nested_too_deep_is_no_chunk_and_what_came_before_is_told() -> None:
    reader = ReplyReader()
    assert reader.feed(framed(content="a") + b'data: {"x":' + b"[" * 100_000 + b"\n\n") == [Delta("a")]
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


FRAMINGS = {
    "as most": "data: %s\n\n",
    "no space": "data:%s\n\n",
    "carriage returns": "data: %s\r\n\r\n",
    "one line break": "data: %s\n",
    "named": "event: message\nid: 7\ndata: %s\n\n",
    "with comments": ": keep-alive\n\ndata: %s\n\n: ping\n\n",
}


@pytest.mark.parametrize("framing", FRAMINGS.values(), ids=FRAMINGS.keys())
@given(
    words=st.lists(st.text(min_size=1) | st.sampled_from(["[DONE]", "\n\ndata: ", "\u2028", "🐢"]), min_size=1),
    cuts=st.lists(st.integers(0, 2000)),
)
def test_the_text_is_the_same_however_it_is_framed_and_cut(framing: str, words: list[str], cuts: list[int]) -> None:
    chunks = [json.dumps({"choices": [{"delta": {"content": word}}]}, ensure_ascii=False) for word in words]
    data = "".join(framing % chunk for chunk in [*chunks, "[DONE]"]).encode()
    at = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    reader = ReplyReader()
    told = [delta for start, end in itertools.pairwise(at) for delta in reader.feed(data[start:end])]
    assert "".join(delta.content for delta in told) == "".join(words)
    assert reader.done
    assert reader.failure is None
