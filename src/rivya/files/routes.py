"""/api/v1/files, and /media: what signed links lead to, with range requests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

import msgspec
from litestar import HttpMethod, Response, Router, delete, get, post, route
from litestar.response import Stream

from rivya.catalog.model import MediaLimit, Model
from rivya.catalog.references import USUAL_LIMITS
from rivya.catalog.shape import MediaKind
from rivya.errors import FileTooLarge, FileTypeRejected, IdempotencyConflict, NotFound, ValidationFailed
from rivya.files.form import Incoming
from rivya.files.formats import mime_of
from rivya.files.limits import Limits
from rivya.files.links import MediaLinks
from rivya.files.schemas import FileObject, FileUpload
from rivya.files.service import Files
from rivya.files.store import NoSuchObject, ObjectStore, headers_of
from rivya.http import Call, asked_page, body_chunks, caller, idempotency_key, json_response
from rivya.kit.draining import Draining
from rivya.kit.pages import ListObject
from rivya.operation import PAGED, Operation

_encode = msgspec.json.Encoder().encode
_LONGEST_SIGNED_S = 3600
_RANGE = re.compile(r"^bytes=(\d{0,18})-(\d{0,18})$")
_GUARDS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",  # the link is the credential; no cookie counts here
}


@post(
    "/",
    status_code=201,
    request_max_body_size=None,
    middleware=[Draining],
    operation=Operation(
        "createFile",
        "Files",
        "Upload a file",
        scope="files:create",
        form=FileUpload,
        answer=FileObject,
        errors=(FileTooLarge, FileTypeRejected, IdempotencyConflict),
        idempotent=True,
    ),
)
async def upload(request: Call) -> Response[bytes]:
    """Upload a file. Its body is read as it arrives, and never held whole."""
    key = await caller(request)
    answer = await _service(request).upload(
        Incoming(request.headers.get("content-type", ""), request.content_length, body_chunks(request)),
        account=key.account,
        limits=request.app.state.upload_limits,
        idempotency_key=idempotency_key(request),
    )
    headers = {"Location": f"/api/v1/files/{msgspec.json.decode(answer.body, type=_Id).id}"}
    if answer.replayed:
        headers["Idempotent-Replayed"] = "true"
    return json_response(answer.body, status=201, headers=headers)


@get(
    "/",
    operation=Operation(
        "listFiles",
        "Files",
        "List files",
        scope="files:read",
        answer=ListObject[FileObject],
        query=PAGED,
        errors=(ValidationFailed,),
    ),
)
async def list_files(request: Call) -> Response[bytes]:
    """Return the account's files, newest first."""
    key = await caller(request)
    wanted = asked_page(request, of="files")
    return json_response(_encode(await _service(request).list(account=key.account, page=wanted)))


@get(
    "/{file_id:str}",
    operation=Operation("getFile", "Files", "Read a file", scope="files:read", answer=FileObject, errors=(NotFound,)),
)
async def read(request: Call, file_id: str) -> Response[bytes]:
    """Return a file."""
    key = await caller(request)
    return json_response(_encode(await _service(request).read(account=key.account, file=file_id)))


@delete(
    "/{file_id:str}",
    status_code=204,
    operation=Operation("deleteFile", "Files", "Delete a file", scope="files:create", errors=(NotFound,)),
)
async def remove(request: Call, file_id: str) -> None:
    """Delete a file for good."""
    key = await caller(request)
    await _service(request).delete(account=key.account, file=file_id)


router = Router("/api/v1/files", route_handlers=[upload, list_files, read, remove])


def limits(models: Mapping[str, Model]) -> Limits:
    """Return what uploads may be: the usual limits, or those of the model that they are meant for."""

    def of(kind: str, model: str | None) -> MediaLimit:
        if model is None:
            return USUAL_LIMITS[_kind(kind)]
        if (found := models.get(model)) is None:
            raise ValidationFailed(f"There is no model {model[:100]!r}.", param="model")
        own = _own_limits(found)
        if kind not in own:
            takes = f"files of kind {', '.join(own)}" if own else "no files"
            raise ValidationFailed(f"{found.id} takes {takes}.", param="kind")
        return own[_kind(kind)]

    def widest(kind: str | None) -> int:
        all_limits = (USUAL_LIMITS, *(_own_limits(model) for model in models.values()))
        return max(limit.max_bytes for own in all_limits for of, limit in own.items() if kind in (None, of))

    return Limits(of, widest)


def _own_limits(model: Model) -> Mapping[MediaKind, MediaLimit]:
    if model.reference_media is not None:
        return {kind: model.reference_media.limit(kind) for kind in model.reference_media.kinds}
    if model.chat is not None and model.chat.image_attachments:
        return {"image": USUAL_LIMITS["image"]}
    return {}


def _kind(kind: str) -> MediaKind:
    return msgspec.convert(kind, MediaKind)


class _Id(msgspec.Struct):
    id: str


def _service(request: Call) -> Files:
    return request.app.state.files


@route("/media/{key:path}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def media(request: Call, key: str) -> Response[bytes] | Stream:
    """Lead on to the object in its store, or return it, or the stretch of it that ``Range`` asks for."""
    key = key.removeprefix("/")
    links: MediaLinks = request.app.state.links
    store: ObjectStore = request.app.state.store
    query = request.query_params
    left_s = links.left_s(key, expires=query.get("expires", ""), signature=query.get("signature", ""))
    if left_s <= 0:
        raise NotFound("This link is not valid, or not any more.")
    try:
        size = await store.size(key)
    except NoSuchObject:
        raise NotFound("This file is no longer kept.") from None
    if request.app.state.settings.media_redirect and request.method == HttpMethod.GET:
        lives = timedelta(seconds=max(1, min(int(left_s), _LONGEST_SIGNED_S)))
        if (url := await store.signed_url(key, lives=lives)) is not None:
            return _elsewhere(url, lives)
    wanted = wanted_range(request.headers.get("range"), size)
    if wanted is None:
        return Response(b"", status_code=416, headers={"Content-Range": f"bytes */{size}"})
    start, end = wanted
    headers = {
        **headers_of(key),
        **_GUARDS,
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


def _elsewhere(url: str, lives: timedelta) -> Response[bytes]:
    """Send the caller on. It may come here again less often than the URL lives: seeking in a film asks often."""
    max_age_s = int(lives.total_seconds()) // 2
    headers = {"Location": url, "Cache-Control": f"private, max-age={max_age_s}", **_GUARDS}
    return Response(b"", status_code=302, headers=headers)
