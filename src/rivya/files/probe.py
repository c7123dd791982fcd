"""Look into a media file by decoding it: what it is, not what it says it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import av
import filetype  # pyright: ignore[reportMissingTypeStubs]
from av.error import FFmpegError
from PIL import Image, UnidentifiedImageError

_MOST_PIXELS = 100_000_000

_TYPES = {
    "image/png": ("image", "png"),
    "image/jpeg": ("image", "jpg"),
    "image/webp": ("image", "webp"),
    "video/mp4": ("video", "mp4"),
    "video/webm": ("video", "webm"),
    "video/quicktime": ("video", "mov"),
    "audio/mpeg": ("audio", "mp3"),
    "audio/x-wav": ("audio", "wav"),
    "audio/ogg": ("audio", "ogg"),
    "audio/mp4": ("audio", "m4a"),
    "audio/x-flac": ("audio", "flac"),
}
"""What we store, by the type that its first bytes show: the kind and the extension."""

_SERVED = {extension: mime for mime, (_, extension) in _TYPES.items()} | {"wav": "audio/wav"}


class NotMedia(Exception):
    """The file is not a picture, video or sound of a type that we keep, or it does not decode."""


@dataclass(frozen=True, slots=True)
class Media:
    kind: str
    mime_type: str
    extension: str
    size_bytes: int
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None


def mime_of(key: str) -> str:
    """Return the type to serve an object as, by the extension that we gave it when it was stored."""
    return _SERVED.get(key.rsplit(".", 1)[-1], "application/octet-stream")


def probe(path: Path) -> Media:
    """Return what a file is. Decodes a picture whole, and the first frame of video or sound. Raises NotMedia.

    Blocking, and only for files that an engine or provider of ours made; what users upload is looked into
    in a process of its own.
    """
    guess = cast(str | None, filetype.guess_mime(str(path)))  # pyright: ignore[reportUnknownMemberType]
    if guess not in _TYPES:
        raise NotMedia(f"type {guess}")
    kind, extension = _TYPES[guess]
    size = path.stat().st_size
    mime = _SERVED[extension]
    if kind == "image":
        width, height = _image_size(path)
        return Media(kind, mime, extension, size, width, height)
    return _stream(path, "video" if kind == "video" else "audio", mime, extension, size)


def _image_size(path: Path) -> tuple[int, int]:
    try:
        with Image.open(path) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise NotMedia(f"{image.width} by {image.height} pixels")
            image.load()
            return image.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise NotMedia(type(error).__name__) from error


def _stream(path: Path, kind: Literal["video", "audio"], mime: str, extension: str, size: int) -> Media:
    try:
        with av.open(str(path)) as container:
            stream = container.streams.best(kind)
            if stream is None:
                raise NotMedia(f"no {kind} stream")
            next(container.decode(stream))
            duration = container.duration / av.time_base if container.duration else None
            codec = stream.codec_context
            width = getattr(codec, "width", None) or None
            height = getattr(codec, "height", None) or None
            return Media(kind, mime, extension, size, width, height, duration)
    except (FFmpegError, StopIteration, ValueError) as error:
        raise NotMedia(type(error).__name__) from error
