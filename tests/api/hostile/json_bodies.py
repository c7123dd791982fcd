"""Bodies that are no JSON, no object, too deep, too large, or other than they say they are."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

from tests.api.hostile.case import GENERATIONS, Case, generation, raw, refused
from tests.api.raw import chunk

MEBIBYTE = 1024 * 1024
GOOD = b'{"model": "scripted"}'
SUBMIT = f"POST {GENERATIONS} HTTP/1.1"


def nested(opening: bytes, closing: bytes, depth: int, inner: bytes = b"1") -> bytes:
    return opening * depth + inner + closing * depth


def unknown(value: bytes) -> bytes:
    """Return a body with this value in a param that its model does not have."""
    return b'{"model": "scripted", "params": {"x": %b}}' % value


def known(param: str, value: bytes) -> bytes:
    """Return a body with this value in a param that its model has."""
    return b'{"model": "demanding", "prompt": "a", "params": {"style": "ink", "%b": %b}}' % (param.encode(), value)


def deep() -> Iterator[Case]:
    for depth in (20, 100, 500):
        arrays, objects = nested(b"[", b"]", depth), nested(b'{"a": ', b"}", depth)
        yield refused(f"{depth} arrays in an unknown param", generation(unknown(arrays)), "params.x")
        yield refused(
            f"{depth} objects in a prompt", generation(b'{"model": "scripted", "prompt": %b}' % objects), "prompt"
        )
    for depth in (5000, 100_000):
        arrays, objects = nested(b"[", b"]", depth), nested(b'{"a":', b"}", depth)
        yield refused(f"{depth} arrays in an unknown param", generation(unknown(arrays)))
        yield refused(f"{depth} objects in an unknown param", generation(unknown(objects)))
        yield refused(f"{depth} arrays in a param that takes them", generation(known("tags", arrays)))
    yield refused("20 arrays as the body", generation(nested(b"[", b"]", 20)))
    yield refused("a mebibyte of arrays that never end", generation(b"[" * MEBIBYTE))
    yield refused("20 objects in an unknown field", generation(b'{"x": %b}' % nested(b'{"a": ', b"}", 20)), "x")
    yield refused(
        "33 arrays in a param that takes them", generation(known("tags", nested(b"[", b"]", 33))), "params.tags"
    )


def not_json() -> Iterator[Case]:
    bodies = {
        "nothing": b"",
        "spaces": b"  \r\n\t ",
        "a form": b"model=scripted",
        "one brace": b"{",
        "single quotes": b"{'model': 'scripted'}",
        "no quotes": b"{model: 1}",
        "a trailing comma": b'{"model": "scripted",}',
        "a comment": b'{"model": "scripted" /* hi */}',
        "two objects": GOOD + GOOD,
        "something behind it": GOOD + b"\0",
        "a NUL in it": b'{"model": "scripted\0"}',
        "a line break in a string": b'{"model": "scrip\nted"}',
        "half a surrogate pair": b'{"model": "\\ud800"}',
        "the other half": b'{"model": "scripted", "prompt": "\\udc00"}',
        "half a pair as a key": b'{"model": "scripted", "params": {"\\ud83d": 1}}',
        "half a pair in the trace": b'{"model": "scripted", "client_request_id": "\\udfff"}',
        "an escape that is cut": b'{"model": "\\u12',
        "an escape that is none": b'{"model": "\\x41"}',
        "a surrogate in UTF-8": b'{"model": "\xed\xa0\x80"}',
        "an overlong NUL": b'{"model": "\xc0\x80"}',
        "beyond Unicode": b'{"model": "\xf4\x90\x80\x80"}',
        "Latin-1": '{"model": "café"}'.encode("latin-1"),
        "a byte order mark": b"\xef\xbb\xbf" + GOOD,
        "UTF-16": GOOD.decode().encode("utf-16"),
        "UTF-16 without a mark": GOOD.decode().encode("utf-16-le"),
        "UTF-32": GOOD.decode().encode("utf-32-be"),
        "NaN": b"NaN",
        "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        "YAML": b"model: !!python/object/apply:os.system ['id']",
        "a pickle": b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94.",
        "MessagePack": b"\x81\xa5model\xa8scripted",
    }
    for name, body in bodies.items():
        yield refused(f"a body of {name}", generation(body))
    for cut in (1, 2, 8, 15, 20):
        yield refused(f"a body cut after {cut} bytes", generation(GOOD[:cut]))
    for body in (b"[]", b"null", b"true", b'"scripted"', b"5", b'[{"model": "scripted"}]'):
        yield refused(f"{body.decode()} as the body", generation(body))


def numbers() -> Iterator[Case]:
    for number in ("1e400", "-1e400"):
        yield refused(f"the number {number}", generation(known("strength", number.encode())), "params")
    for number in ("NaN", "Infinity", "-Infinity", "0x10", "01", "+1", "1.", ".5", "1_0", "--1", "1e"):
        yield refused(f"the number {number}", generation(known("strength", number.encode())))
    for number in (
        "1e308",
        "-1e308",
        "1" * 400,
        "-" + "9" * 4000,
        "9007199254740993",
        "18446744073709551616",
        "5e-324",
        "-0.0000001",
    ):
        yield refused(f"the number {number[:24]}", generation(known("strength", number.encode())), "params.strength")
    yield refused("minus zero below a range", generation(known("steps", b"-0")), "params.steps")


def doubles() -> Iterator[Case]:
    yield refused("two models", generation(b'{"model": "scripted", "model": "no-such-model"}'), "model")
    yield refused("two of an unknown field", generation(b'{"model": "scripted", "x": 1, "x": 2}'), "x")
    yield refused(
        "two params",
        generation(
            b'{"model": "demanding", "prompt": "a", "params": {"style": "ink", "size": "small", "size": "huge"}}'
        ),
        "params.size",
    )
    yield refused(
        "two lists of params", generation(b'{"model": "scripted", "params": {}, "params": {"x": 1}}'), "params.x"
    )


def types() -> Iterator[Case]:
    form = b"model=scripted&prompt=a"
    yield refused("a form that says so", generation(form, **{"Content-Type": "application/x-www-form-urlencoded"}))
    yield refused("a form that says it is JSON", generation(form))
    yield refused("JSON in gzip", generation(gzip.compress(GOOD), **{"Content-Encoding": "gzip"}))
    bomb = gzip.compress(bytes(50 * MEBIBYTE))
    yield refused("a gzip bomb", generation(bomb, **{"Content-Encoding": "gzip"}))
    yield refused(
        "UTF-16 that says so",
        generation(GOOD.decode().encode("utf-16"), **{"Content-Type": "application/json; charset=utf-16"}),
    )
    yield refused(
        "a multipart body", generation(b"--x\r\n\r\n--x--", **{"Content-Type": "multipart/form-data; boundary=x"})
    )


def sizes() -> Iterator[Case]:
    padded = GOOD + b" " * (2 * MEBIBYTE)
    chunked = b"Transfer-Encoding: chunked"
    yield refused("two mebibytes", generation(padded))
    yield refused("a byte beyond a mebibyte", generation(GOOD + b" " * (MEBIBYTE + 1 - len(GOOD))))
    yield refused("two mebibytes in chunks", raw(SUBMIT, chunked, body=[chunk(padded)]))
    yield refused("chunks of a byte without end", raw(SUBMIT, chunked, body=[chunk(b" ") * 1000] * 2000))
    yield refused("a mebibyte of an unknown field", generation(b'{"%b": 1}' % (b"x" * 1_000_000)), "x" * 100)
    yield refused("60,000 unknown fields", generation(json.dumps({f"x{n}": n for n in range(60_000)}).encode()), "x0")
    for length in (MEBIBYTE + 1, 10**12, 2**63 - 1):
        yield refused(f"a length of {length} and no body", raw(SUBMIT, b"Content-Length: %d" % length))
    yield refused("a length that cuts the body", raw(SUBMIT, b"Content-Length: 10", body=[GOOD]))


CASES = [*deep(), *not_json(), *numbers(), *doubles(), *types(), *sizes()]
