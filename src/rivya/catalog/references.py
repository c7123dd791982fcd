"""What a model takes beside its prompt: pictures, videos and sounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import field

from rivya.catalog.shape import MediaKind, Struct

MEBIBYTE = 1024 * 1024


class MediaLimit(Struct, frozen=True):
    """The largest file of one kind, and the types it may have."""

    max_bytes: int
    mime_types: list[str]


USUAL_LIMITS: Mapping[MediaKind, MediaLimit] = {
    "image": MediaLimit(max_bytes=10 * MEBIBYTE, mime_types=["image/jpeg", "image/png", "image/webp"]),
    "video": MediaLimit(max_bytes=50 * MEBIBYTE, mime_types=["video/mp4", "video/quicktime", "video/webm"]),
    "audio": MediaLimit(
        max_bytes=10 * MEBIBYTE,
        mime_types=["audio/mpeg", "audio/mp4", "audio/wav", "audio/x-wav", "audio/aac", "audio/ogg"],
    ),
}
"""What holds where a model says nothing of its own (contract, section 6)."""

NEEDS_DURATION_TOKEN: frozenset[MediaKind] = frozenset({"video", "audio"})
"""References of these kinds go through the Files API, which measures them (contract, section 5)."""


class ReferenceMedia(Struct, frozen=True):
    """The references of one call.

    ``min_files`` above 0 says that the model cannot work without one. Where not every mix of kinds will do,
    ``mixes`` lists those that will, each with the most files of each kind. ``rule`` says all of it to people.
    """

    max_files: int
    kinds: list[MediaKind]
    min_files: int = 0
    rule: str = ""
    limits: dict[MediaKind, MediaLimit] = field(default_factory=dict[MediaKind, MediaLimit])
    mixes: Sequence[dict[MediaKind, int]] = ()

    def limit(self, kind: MediaKind) -> MediaLimit:
        """Return what holds for files of a kind: the model's own limit, else the usual one."""
        return self.limits.get(kind, USUAL_LIMITS[kind])

    @property
    def duration_token_required_for(self) -> list[MediaKind]:
        return [kind for kind in self.kinds if kind in NEEDS_DURATION_TOKEN]
