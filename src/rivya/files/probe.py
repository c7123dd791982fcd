"""Look into a media file by decoding it: what it is, not what it says it is."""

from __future__ import annotations

from pathlib import Path

import av
from av.error import FFmpegError
from PIL import Image, UnidentifiedImageError

from rivya.files.formats import Format, mime_of, sniff
from rivya.files.media import Media, NotMedia

__all__ = ["Media", "NotMedia", "mime_of", "picture", "probe"]

MOST_PIXELS = 100_000_000
Image.MAX_IMAGE_PIXELS = None  # ours, below, is the limit that counts


def probe(path: Path) -> Media:
    """Return what a file is. Decodes a picture whole, and the first frame of video or sound. Raises NotMedia.

    Blocking, and only for files that an engine or provider of ours made; what users upload is looked into
    in a process of its own (``measure.py``).
    """
    found = sniff(path)
    if found is None:
        raise NotMedia("not a type that we keep")
    return picture(path, found) if found.kind == "image" else _stream(path, found)


def picture(path: Path, format: Format) -> Media:
    """Return what a picture is, once it has been decoded whole. Raises NotMedia."""
    try:
        with Image.open(path, formats=[format.reader]) as image:
            width, height = image.size
            if width * height > MOST_PIXELS:
                raise NotMedia(f"a picture of {width} by {height} pixels; at most {MOST_PIXELS} are accepted")
            # JPEG decodes to an eighth of the size from the same bytes: as strict, in a fraction of the memory.
            image.draft(None, (width // 8 or 1, height // 8 or 1))
            image.load()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise NotMedia(type(error).__name__) from error
    return Media("image", format.mime_type, format.extension, path.stat().st_size, width, height)


def _stream(path: Path, format: Format) -> Media:
    kind = "video" if format.kind == "video" else "audio"
    try:
        with av.open(str(path), format=format.reader) as container:
            stream = container.streams.best(kind)
            if stream is None:
                raise NotMedia(f"no {kind} stream")
            next(container.decode(stream))
            duration = container.duration / av.time_base if container.duration else None
            codec = stream.codec_context
            width = getattr(codec, "width", None) or None
            height = getattr(codec, "height", None) or None
            size = path.stat().st_size
            return Media(kind, format.mime_type, format.extension, size, width, height, duration)
    except (FFmpegError, StopIteration, ValueError) as error:
        raise NotMedia(type(error).__name__) from error
