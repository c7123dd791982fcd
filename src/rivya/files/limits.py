"""What an upload may be. The numbers come from the catalog; here is only what is done with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from rivya.errors import FileTooLarge, FileTypeRejected, ValidationFailed
from rivya.files.media import Media


class Limit(Protocol):
    """What holds for files of one kind."""

    @property
    def max_bytes(self) -> int: ...

    @property
    def mime_types(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """``of`` takes a kind, and the id of the model that the file is meant for or None.

    It raises ValidationFailed for an unknown model, or one that takes no files of the kind. ``widest`` is the most
    bytes that any model takes, of one kind or of any: it holds while the fields that tell have not arrived yet.
    """

    of: Callable[[str, str | None], Limit]
    widest: Callable[[str | None], int]


def too_large(max_bytes: int) -> FileTooLarge:
    return FileTooLarge(f"The file must be at most {max_bytes} bytes.", param="file")


def fits(media: Media, *, kind: str, limit: Limit) -> bool:
    """Return True if a file is of the kind, and of a type that is accepted."""
    names = {media.mime_type, *_ALSO_CALLED.get(media.mime_type, ())}
    return media.kind == kind and not names.isdisjoint(limit.mime_types)


def check_media(media: Media, *, kind: str, limit: Limit) -> None:
    """Raise FileTooLarge or FileTypeRejected unless a file is what it may be."""
    if media.size_bytes > limit.max_bytes:
        raise too_large(limit.max_bytes)
    if not fits(media, kind=kind, limit=limit):
        accepted = ", ".join(limit.mime_types)
        raise FileTypeRejected(f"The file is {media.mime_type}; as {kind}, {accepted} are accepted.", param="file")


def check_kind(kind: str) -> None:
    """Raise ValidationFailed unless it is one of the kinds that there are."""
    if kind not in ("image", "video", "audio"):
        raise ValidationFailed("kind must be one of image, video, audio.", param="kind")


_ALSO_CALLED = {"audio/wav": ("audio/x-wav",), "audio/aac": ("audio/x-aac",), "audio/mpeg": ("audio/mp3",)}
