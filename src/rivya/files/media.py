"""What a file turned out to be. Apart from the decoders, so that a process that only asks does not load them."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec


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


class Found(msgspec.Struct, omit_defaults=True):
    """What the probe process answers for one file: what it is, or why it is refused.

    ``spent`` says that the process should look into no more files.
    """

    media: Media | None = None
    refused: str = ""
    spent: bool = False
