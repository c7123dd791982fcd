"""/media: what signed links lead to, with range requests."""

from __future__ import annotations

import re

from litestar import HttpMethod, Response, route
from litestar.response import Stream

from rivya.errors import NotFound
from rivya.files.links import MediaLinks
from rivya.files.probe import mime_of
from rivya.files.store import NoSuchObject, ObjectStore
from rivya.http import Call

_RANGE = re.compile(r"^bytes=(\d{0,18})-(\d{0,18})$")


@route("/media/{key:path}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def media(request: Call, key: str) -> Response[bytes] | Stream:
    """Return an object, or the stretch of it that ``Range`` asks for."""
    key = key.removeprefix("/")
    links: MediaLinks = request.app.state.links
    store: ObjectStore = request.app.state.store
    query = request.query_params
    if not links.check(key, expires=query.get("expires", ""), signature=query.get("signature", "")):
        raise NotFound("This link is not valid, or not any more.")
    try:
        size = await store.size(key)
    except NoSuchObject:
        raise NotFound("This file is no longer kept.") from None
    wanted = wanted_range(request.headers.get("range"), size)
    if wanted is None:
        return Response(b"", status_code=416, headers={"Content-Range": f"bytes */{size}"})
    start, end = wanted
    headers = {
        **_headers(mime_of(key)),
        "Accept-Ranges": "bytes",
        "Content-Length": str(end - start),
        "ETag": f'"{key.rsplit("/", 1)[-1]}-{size}"',
    }
    whole = (start, end) == (0, size)
    if not whole:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    if start == end or request.method == HttpMethod.HEAD:
        return Response(b"", headers=headers, media_type=mime_of(key))
    chunks = await store.read(key, start=start, end=end)
    return Stream(chunks, status_code=200 if whole else 206, headers=headers, media_type=mime_of(key))


def wanted_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return the bytes that a Range header asks for as (start, end exclusive), None if there are none such.

    A header of a form that we do not serve (several ranges, other units) asks for the whole: RFC 9110, 14.2.
    """
    match = _RANGE.match(header) if header is not None else None
    if match is None or match.groups() == ("", ""):
        return 0, size
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        if last and int(last) < int(first):
            return 0, size
        start, end = int(first), min(size, int(last) + 1 if last else size)
    return (start, end) if start < end else None


def _headers(mime_type: str) -> dict[str, str]:
    shown = mime_type.split("/")[0] in ("image", "video", "audio")
    return {
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Content-Disposition": "inline" if shown else "attachment",
        "Cache-Control": "private, max-age=3600",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
