"""Read a multipart upload as it arrives (RFC 7578): the fields into memory, the file into a spool.

Everything is bounded: the body, the parts, their headers, the fields, and how long the body may keep us waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import ClassVar, cast

from multipart import (  # pyright: ignore[reportMissingTypeStubs]
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    parse_options_header,  # pyright: ignore[reportUnknownVariableType]
)

from rivya.errors import ValidationFailed
from rivya.files.limits import Limits, check_kind, too_large
from rivya.files.spool import Spool

_MOST_HEADER_BYTES = 2048
_MOST_HEADERS = 8
_MOST_PARTS = 8
_MOST_FIELD_BYTES = 1024
_MOST_BESIDE_BYTES = 64 * 1024  # boundaries, headers and fields: the body's size beside the file's
_MOST_BOUNDARY = 70  # RFC 2046, 5.1.1
_MOST_TRACE = 128
_SILENCE_S = 30.0
_WHOLE_S = 900.0


@dataclass(frozen=True, slots=True)
class Incoming:
    """An upload that has not been read yet. ``length`` is what the client says, if it says it."""

    content_type: str
    length: int | None
    chunks: AsyncGenerator[bytes]


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of an upload; its file is in the spool."""

    kind: str
    model: str | None
    client_request_id: str | None
    file_name: str | None


async def receive(incoming: Incoming, spool: Spool, limits: Limits) -> Form:
    """Read the body. Raises ValidationFailed, or FileTooLarge as soon as the file is beyond its limit."""
    reader = _Reader(spool, limits)
    if incoming.length is not None:
        reader.arriving(incoming.length)
    boundary = _boundary(incoming.content_type)
    try:
        async with asyncio.timeout(_WHOLE_S):
            await _parse(boundary, incoming.chunks, reader)
    except MultipartError as error:
        raise ValidationFailed("The body is not multipart/form-data, or it ended before it was whole.") from error
    except TimeoutError as error:
        raise ValidationFailed("The body took too long to arrive.") from error
    await spool.flush()
    return reader.form()


class _Reader:
    """Takes the parser's events in."""

    fields: ClassVar = ("kind", "model", "client_request_id")

    def __init__(self, spool: Spool, limits: Limits) -> None:
        self._spool = spool
        self._limits = limits
        self._seen: set[str] = set()
        self._values: dict[str, bytearray] = {}
        self._now: str | None = None
        self._file_name: str | None = None
        self._received = 0
        self._most_bytes = limits.widest(None)

    def arriving(self, length: int) -> None:
        """Check how long the body is, or has become so far."""
        if length > self._most_bytes + _MOST_BESIDE_BYTES:
            raise too_large(self._most_bytes)

    def arrived(self, count: int) -> None:
        self._received += count
        self.arriving(self._received)

    def begin(self, part: MultipartSegment) -> None:
        name = part.name or ""
        if name != "file" and name not in self.fields:
            shown = name[:100] if name and name.isprintable() else "part"
            raise ValidationFailed(f"There is no field {shown!r}: file, {', '.join(self.fields)}.", param=shown)
        if name in self._seen:
            raise ValidationFailed(f"{name} must be given once.", param=name)
        self._seen.add(name)
        self._now = name
        if name == "file":
            self._file_name = part.filename
            self._most_bytes = self._most_so_far()
        else:
            self._values[name] = bytearray()

    async def take(self, content: bytes) -> None:
        if self._now == "file":
            if self._spool.size + len(content) > self._most_bytes:
                raise too_large(self._most_bytes)
            await self._spool.write(content)
        elif self._now is not None:
            value = self._values[self._now]
            if len(value) + len(content) > _MOST_FIELD_BYTES:
                raise ValidationFailed(f"{self._now} is too long.", param=self._now)
            value += content

    def form(self) -> Form:
        """Return what was read, checked. Raises ValidationFailed or FileTooLarge."""
        kind = self._text("kind")
        if kind is None:
            raise ValidationFailed("kind is missing: image, video or audio.", param="kind")
        check_kind(kind)
        model = self._text("model") or None
        limit = self._limits.of(kind, model)
        trace = self._text("client_request_id")
        if trace is not None and (len(trace) > _MOST_TRACE or "\x00" in trace):
            raise ValidationFailed(
                f"client_request_id must be at most {_MOST_TRACE} characters.", param="client_request_id"
            )
        if "file" not in self._seen:
            raise ValidationFailed("file is missing.", param="file")
        if self._spool.size > limit.max_bytes:
            raise too_large(limit.max_bytes)
        return Form(kind, model, trace, self._file_name)

    def _most_so_far(self) -> int:
        """Return the limit by the fields that came before the file; a wider one as far as they do not tell."""
        kind, model = self._text("kind"), self._text("model") or None
        if kind is None:
            return self._limits.widest(None)
        check_kind(kind)
        return self._limits.of(kind, model).max_bytes if model is not None else self._limits.widest(kind)

    def _text(self, name: str) -> str | None:
        value = self._values.get(name)
        try:
            return value.decode() if value is not None else None
        except UnicodeDecodeError as error:
            raise ValidationFailed(f"{name} must be text in UTF-8.", param=name) from error


async def _parse(boundary: str, chunks: AsyncGenerator[bytes], reader: _Reader) -> None:
    parser = PushMultipartParser(
        boundary,
        max_header_size=_MOST_HEADER_BYTES,
        max_header_count=_MOST_HEADERS,
        max_segment_count=_MOST_PARTS,
    )
    with parser:
        async for chunk in _in_time(chunks):
            reader.arrived(len(chunk))
            for event in parser.parse(chunk):
                if isinstance(event, MultipartSegment):
                    reader.begin(event)
                elif event:
                    await reader.take(event)


async def _in_time(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    while True:
        async with asyncio.timeout(_SILENCE_S):
            chunk = await anext(chunks, b"")
        if not chunk:
            return
        yield chunk


def _boundary(content_type: str) -> str:
    kind, options = cast("tuple[str, dict[str, str]]", parse_options_header(content_type))
    boundary = options.get("boundary", "")
    if kind != "multipart/form-data":
        raise ValidationFailed("The body must be multipart/form-data.", param="Content-Type")
    if not 1 <= len(boundary) <= _MOST_BOUNDARY or not boundary.isascii() or not boundary.isprintable():
        raise ValidationFailed("Content-Type must name a boundary of 1 to 70 characters.", param="Content-Type")
    return boundary
