"""Answers that a client may keep, and ask whether they still hold (RFC 9110, 13.1.2)."""

from __future__ import annotations

import hashlib

from litestar import Response

from rivya.http import Call, json_response


def etag(body: bytes) -> str:
    """Return what names this body, and changes with it."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def json_unless_known(request: Call, body: bytes, tag: str) -> Response[bytes]:
    """Answer with JSON, or with 304 when ``If-None-Match`` names it."""
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    known = {given.strip().removeprefix("W/") for given in request.headers.get("if-none-match", "").split(",")}
    if known & {tag, "*"}:
        return Response(b"", status_code=304, headers=headers)
    return json_response(body, headers=headers)
