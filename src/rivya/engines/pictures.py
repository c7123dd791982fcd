"""A reference picture off the disk: upright, eight bits a channel, and no larger than an engine can bear."""

from __future__ import annotations

import io
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
from PIL import Image, ImageCms, ImageOps

from rivya.engines.base import InvalidInput, Reference
from rivya.engines.references import FIELD

MOST_PIXELS = 100_000_000
"""As many as an upload may have."""

_READABLE = ("PNG", "JPEG", "WEBP")
_SRGB = ImageCms.ImageCmsProfile(cast(Any, ImageCms).createProfile("sRGB"))
Image.MAX_IMAGE_PIXELS = None  # MOST_PIXELS is the limit that counts


def shrunk(given: Reference, *, side: int) -> Image.Image:
    """Return the picture as RGB in sRGB, made to fit into a square of ``side``; what shines through is white.

    Raises InvalidInput when it cannot be read or has more than ``MOST_PIXELS``.
    """
    with _opened(given) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise InvalidInput(f"{FIELD}: the picture may have at most {MOST_PIXELS:,} pixels")
        plain = _in_full_colours(picture)
        plain.thumbnail((side, side))
        return on_white(ImageOps.exif_transpose(_in_srgb(plain)))


def whole(given: Reference, *, most_side: int) -> Image.Image:
    """Return the picture in its own size, as RGB or RGBA; ``info["icc_profile"]`` says in which colours, if any.

    Raises InvalidInput when it cannot be read or a side is longer than ``most_side``.
    """
    with _opened(given) as picture:
        if max(picture.size) > most_side:
            raise InvalidInput(f"{FIELD}: the picture may be at most {most_side} by {most_side} pixels")
        plain = _in_full_colours(picture)
        if plain.mode not in ("RGB", "RGBA"):
            transparent = plain.has_transparency_data
            plain = _in_srgb(plain).convert("RGBA" if transparent else "RGB")
        return ImageOps.exif_transpose(plain)


def on_white(picture: Image.Image) -> Image.Image:
    """Return the picture as RGB, on white where it is transparent."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    seen = picture.convert("RGBA")
    white = Image.new("RGB", seen.size, "white")
    white.paste(seen, mask=seen.getchannel("A"))
    return white


@contextmanager
def _opened(given: Reference) -> Generator[Image.Image]:
    try:
        with Image.open(given.path, formats=_READABLE) as picture:
            yield picture
    except (OSError, ValueError, SyntaxError) as error:
        raise InvalidInput(f"{FIELD}: the picture cannot be read") from error


def _in_full_colours(picture: Image.Image) -> Image.Image:
    """Return the picture in a mode that can be resized, with all of its tones; not a copy if it is in one already."""
    if picture.mode in ("1", "P", "PA"):
        return picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    if picture.mode.startswith("I"):
        # Pillow would cut 16 bits off at 255 instead of scaling them.
        made = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
        made.info = picture.info
        return made
    return picture


def _in_srgb(picture: Image.Image) -> Image.Image:
    """Return the picture in sRGB colours; as it is if it names no colours of its own."""
    profile = picture.info.pop("icc_profile", None)
    if profile is None:
        return picture
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        made = ImageCms.profileToProfile(picture, own, _SRGB, outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture  # a damaged profile, or one for another mode: the picture is shown as if it had none
    assert made is not None  # it is only for in-place work that there is none
    return made
