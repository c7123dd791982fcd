"""What a model's params look like in its file."""

from __future__ import annotations

from typing import Literal

from rivya.catalog.shape import Number, Struct


class Param(Struct, frozen=True):
    """One param, or one field of an array's entries.

    ``default`` is what an omitted param counts as; a ``required`` one must be sent all the same, and its default is
    what forms and examples begin with. ``items`` are the fields of each entry of an array; an array without them
    takes whatever it is sent.
    """

    key: str
    type: Literal["select", "number", "text", "array"]
    required: bool = False
    default: str | Number | None = None
    options: list[str] | None = None
    min: Number | None = None
    max: Number | None = None
    step: Number | None = None
    max_length: int = 5000
    items: list[Param] | None = None
    min_items: int = 0
    max_items: int = 100
    description: str = ""
