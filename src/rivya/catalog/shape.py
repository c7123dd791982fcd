"""What all parts of a model file have in common."""

from __future__ import annotations

from typing import Literal

import msgspec

Category = Literal["image", "video", "audio", "chat"]
MediaKind = Literal["image", "video", "audio"]
Number = int | float


class Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of a model file: what is not named in it is refused when a file is loaded."""
