"""When a count that an upstream tells is the count of what was said: never by zeros, and never by an old one."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from rivya.providers.chat import Usage
from rivya.providers.wire.chat_completions import ReplyReader

SILENT = object()
"""Instead of a usage: the chunk has none."""

END: tuple[str, object] = ("", SILENT)


def used(prompt_tokens: object, completion_tokens: object) -> object:
    return {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens}


def chunk(text: str, usage: object) -> bytes:
    body: dict[str, object] = {"choices": [{"delta": {"content": text}}] if text else []}
    return b"data: " + json.dumps(body if usage is SILENT else {**body, "usage": usage}).encode() + b"\n\n"


COUNTS: dict[str, tuple[Sequence[tuple[str, object]], Usage | None]] = {
    "at the end alone": ([("a", None), ("b", None), ("", used(11, 2))], Usage(11, 2)),
    "at the end, with the last piece": ([("a", SILENT), ("b", used(11, 2))], Usage(11, 2)),
    "as it goes": ([("a", used(11, 1)), ("b", used(11, 2)), ("", used(11, 3))], Usage(11, 3)),
    "as it goes, from nothing on": ([("", used(11, 0)), ("a", used(11, 1)), ("b", used(11, 2)), END], Usage(11, 2)),
    "zeros until the end": ([("a", used(0, 0)), ("b", used(0, 0)), ("", used(11, 2))], Usage(11, 2)),
    "the input first, the output last": ([("", used(11, 0)), ("a", None), ("", used(None, 1))], Usage(11, 1)),
    "no input": ([("a", SILENT), ("", used(None, 2))], Usage(0, 2)),
    "more than can be": ([("a", SILENT), ("", used(10**30, 10**30))], Usage(10**9, 10**9)),
    "null": ([("a", None), ("b", None), ("", None)], None),
    "empty": ([("a", {}), ("b", {}), ("", {})], None),
    "silent": ([("a", SILENT), END], None),
    "zeros in the first chunk": ([("", used(11, 0)), ("a", SILENT), ("b", SILENT), END], None),
    "one in the first chunk": ([("a", used(11, 1)), ("b", SILENT), ("c", SILENT), END], None),
    "zeros to the end": ([("a", used(11, 0)), ("b", used(11, 0)), ("", used(11, 0))], None),
    "nulls": ([("a", used(None, None)), ("", used(None, None))], None),
    "less than nothing": ([("a", SILENT), ("", used(11, -2))], None),
    "input alone": ([("a", SILENT), ("", {"prompt_tokens": 11})], None),
    "as it goes, until it loses count": ([("a", used(11, 1)), ("b", used(11, 0)), END], None),
}


@pytest.mark.parametrize(("told", "counted"), COUNTS.values(), ids=COUNTS.keys())
def test_what_counts_is_what_was_counted_of_all_that_was_said(
    told: Sequence[tuple[str, object]], counted: Usage | None
) -> None:
    chunks = [chunk(text, usage) for text, usage in told]
    for pieces in ([b"".join(chunks)], chunks):
        reader = ReplyReader()
        said = [delta.content for piece in pieces for delta in reader.feed(piece)]
        assert "".join(said) == "".join(text for text, _ in told)
        assert reader.failure is None
        assert reader.usage == counted


def test_one_who_counts_as_it_goes_is_believed_at_each_moment() -> None:
    reader = ReplyReader()
    counts = [reader.usage]
    for output_tokens in range(3):
        reader.feed(chunk("a" * output_tokens, used(11, output_tokens)))
        counts.append(reader.usage)
    assert counts == [None, None, Usage(11, 1), Usage(11, 2)]


def test_an_answer_in_one_piece_is_counted_as_one_that_streams() -> None:
    for usage, counted in ((used(7, 3), Usage(7, 3)), (used(7, 0), None), ({}, None), (None, None)):
        reader = ReplyReader()
        reader.whole(json.dumps({"choices": [{"message": {"content": "hello"}}], "usage": usage}).encode())
        assert reader.usage == counted
