"""Pages that are none: limits and cursors of every list."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import msgspec

from tests.api.hostile.case import Case, accepted, get, refused

LISTS = ("/api/v1/files", "/api/v1/chat/sessions")
LIMITS = (
    "0", "101", "-1", "-0", "+1", "abc", "1e1", "1.0", "1.5", "0x10", "", "%20", "1%20", "%00", "1%00", "1,2", "[]", "null", "9" * 5000, "%D9%A1",
    "%EF%BC%91", "NaN", "Infinity", "1;drop%20table%20files", "1%0a",
)  # fmt: skip


def packed(value: object) -> str:
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(value)).rstrip(b"=").decode()


CURSORS = (
    "x", "%00", "%20", "....", "a" * 1023, "a" * 5000, "%E2%82%AC", "%ff", "!!!!", "kaR0ZXN0", "=", "==", "AA=A", "null", "../../x", "file_x",
    packed([b"", ""]), packed([b"123456", "file_x"]), packed([b"123456", "\0"]), packed({"list": b"", "after": ""}), packed("x"), packed([1, 2]),
    packed([b"123456", "x", "y"]), "wcHBwcHB", "3f____8", "kg" * 400,
)  # fmt: skip


def pages() -> Iterator[Case]:
    for path in LISTS:
        for limit in LIMITS:
            yield refused(f"{path}?limit={limit[:30]}", get(f"{path}?limit={limit}"), "limit")
        for cursor in CURSORS:
            yield refused(f"{path}?cursor={cursor[:30]}", get(f"{path}?cursor={cursor}"), "cursor")
        yield refused(f"{path} with two limits", get(f"{path}?limit=0&limit=101"), "limit")
        yield accepted(
            f"{path} with 10,000 unknown fields",
            get(f"{path}?" + "&".join(f"x{n}" for n in range(10_000))),
            object="list",
        )


CASES = [*pages()]
