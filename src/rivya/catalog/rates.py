"""What makes a call of one model dearer or cheaper than its base credits."""

from __future__ import annotations

from typing import Literal

from rivya.catalog.shape import Number, Struct


class Multiplier(Struct, frozen=True):
    """The price is multiplied by ``factor`` when ``param`` has this ``value``."""

    param: str
    value: str
    factor: Number


class Scale(Struct, frozen=True):
    """The price grows with ``param``, a number or a select of numbers: it is multiplied by value / ``per``."""

    param: str
    per: Number


class Meter(Struct, frozen=True):
    """A METERED model costs its base credits for every ``size`` (or part of it) of ``unit``.

    ``characters`` counts the prompt, or the texts of the array ``param``; ``seconds`` reads the number ``param``,
    or without one the measured length of the references.
    """

    unit: Literal["characters", "seconds"]
    size: Number
    param: str | None = None


class TokenRates(Struct, frozen=True):
    """A TOKEN_BASED model costs its base credits for ``size`` tokens; one of output counts as ``output_factor``."""

    size: int = 1000
    output_factor: Number = 1
