"""What a failure of an upstream means, and that nothing of what it wrote is told of it."""

from __future__ import annotations

import json

import pytest

from rivya.providers.chat import ChatFailed
from rivya.providers.wire.chat_completions import ReplyReader
from rivya.providers.wire.chat_failures import refused

WRITTEN = "quokka"
"""Stands in everything that is not a type or a code."""


def error(message: str, type_: object = None, code: object = None) -> bytes:
    return json.dumps({"error": {"message": f"{message}: {WRITTEN}", "type": type_, "code": code}}).encode()


CONTEXT = "maximum context length is 8"
ANSWERS = {
    "too long by its code": (400, error("no", "invalid_request_error", "context_length_exceeded"), "too_long"),
    "too long by its words": (400, error(CONTEXT, "BadRequestError", 400), "too_long"),
    "too long with another status": (413, error(CONTEXT), "too_long"),
    "too long without the object around it": (
        400,
        json.dumps({"object": "error", "message": CONTEXT}).encode(),
        "too_long",
    ),
    "too long in one string": (422, json.dumps({"error": f"{CONTEXT} {WRITTEN}"}).encode(), "too_long"),
    "rejected": (400, error("no", code="content_filter"), "rejected"),
    "another fault": (400, error("no", "invalid_request_error"), "unavailable"),
    "a status that is never the caller's fault": (500, error(CONTEXT), "unavailable"),
    "pydantic's": (422, json.dumps({"detail": [{"input": WRITTEN}]}).encode(), "unavailable"),
    "no JSON": (400, f"{WRITTEN} {CONTEXT}".encode(), "unavailable"),
    "no UTF-8": (400, f'{{"error": "{WRITTEN} \xff"}}'.encode("latin-1"), "unavailable"),
    "another shape": (400, json.dumps({"choices": WRITTEN}).encode(), "unavailable"),
    "too deep": (400, b'{"x":' + b"[" * 100_000, "unavailable"),
    "nothing": (503, b"", "unavailable"),
    "a gateway that gave up": (504, error(CONTEXT), "timeout"),
}


@pytest.mark.parametrize(("status", "body", "reason"), ANSWERS.values(), ids=ANSWERS.keys())
def test_an_error_status_is_understood_by_its_body_and_told_by_its_numbers(
    status: int, body: bytes, reason: str
) -> None:
    failed = refused(status, body, 7.0)
    assert failed.reason == reason
    assert failed.refused == (reason != "timeout")
    assert failed.detail.startswith(f"status {status}, ")
    assert failed.detail.endswith(f", {len(body)} bytes")
    assert WRITTEN not in str(failed)


NAMES = {
    "invalid_request_error": "invalid_request_error",
    "InvalidParameter.Model-1": "InvalidParameter.Model-1",
    "http_429": "http_429",
    "1301": "1301",
    "1302": "1302",
    "-32000": "-32000",
    "": "untold",
    "Bad Request": "untold",
    "x" * 65: "untold",
    "1" * 9: "untold",
    "zażółć": "untold",
    "name\n": "untold",
    "sk-proj-Ab3dE9fGh1JkLm2": "untold",
    "01h455vb4pex5vsknk084sn02q": "untold",
}


@pytest.mark.parametrize(("given", "told"), NAMES.items())
def test_types_and_codes_are_told_when_they_are_names(given: str, told: str) -> None:
    assert f"type {told}, code {told}, " in refused(400, error("no", given, given), None).detail


@pytest.mark.parametrize(("code", "told"), [(1302, "1302"), (-32000, "-32000"), (10**30, "untold"), (None, "none")])
def test_a_code_that_is_a_number_is_told_if_it_is_short(code: int | None, told: str) -> None:
    assert f", code {told}, " in refused(400, error("no", code=code), None).detail


LINES = {
    error("no", "server_error", 500): ("unavailable", "an error, type server_error, code 500, its message 10 bytes"),
    error("no", code="moderation"): ("rejected", "an error, type none, code moderation, its message 10 bytes"),
    error(CONTEXT, WRITTEN * 20): ("too_long", "an error, type untold, code none, its message 35 bytes"),
    f'{{"error": "{WRITTEN}"}}'.encode(): ("unavailable", "an error, without type and code, its message 6 bytes"),
    f'{{"choices": {WRITTEN}'.encode(): ("unavailable", "no piece of an answer, not JSON, 19 bytes"),
    f'["{WRITTEN}"]'.encode(): (
        "unavailable",
        "no piece of an answer, of another shape (Expected `object`, got `array`), 11 bytes",
    ),
}


@pytest.mark.parametrize(("line", "failed"), LINES.items(), ids=range(len(LINES)))
def test_what_ends_a_stream_is_told_without_its_words(line: bytes, failed: tuple[str, str]) -> None:
    reader = ReplyReader()
    reader.feed(b"data: " + line + b"\n\n")
    assert reader.failure is not None
    assert (reader.failure.reason, reader.failure.detail) == failed


def test_an_answer_in_one_piece_that_is_none_is_told_without_its_words() -> None:
    with pytest.raises(ChatFailed) as caught:
        ReplyReader().whole(f'{{"choices": {WRITTEN}'.encode())
    assert caught.value.detail == "no piece of an answer, not JSON, 18 bytes"
    assert caught.value.__suppress_context__
