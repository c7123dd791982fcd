"""What a call costs: pure functions of the model and the checked request.

Everything is counted in fractions of the decimals that a file gives: nothing is rounded before the end, and then up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, prod
from typing import Literal

from rivya.catalog.model import Meter, Model
from rivya.catalog.prompt import texts


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor of a price, and what it is of: the base credits, a chosen param, or the units that were begun."""

    of: Literal["base", "param", "units"]
    factor: Fraction
    param: str | None = None
    value: str | int | float | None = None


def price(model: Model, *, prompt: str, params: Mapping[str, object], reference_seconds: float | Fraction = 0) -> int:
    """Return the whole credits that a task reserves; never below 1.

    FIXED: base credits times the factor of each chosen param. METERED: that, for each unit that was begun.
    ``reference_seconds`` is the measured length of all references, for a model that is metered by it.
    """
    return total(factors(model, prompt=prompt, params=params, reference_seconds=reference_seconds))


def factors(
    model: Model, *, prompt: str, params: Mapping[str, object], reference_seconds: float | Fraction = 0
) -> list[Factor]:
    """Return what a price is made of; ``total`` makes it."""
    found = [Factor("base", Fraction(model.base_credits))]
    for multiplier in model.multipliers:
        if _is(params.get(multiplier.param), multiplier.value):
            found.append(Factor("param", exact(multiplier.factor), multiplier.param, multiplier.value))
    for scale in model.scales:
        value = params.get(scale.param)
        if isinstance(value, (str, int, float)):
            found.append(Factor("param", exact(value) / exact(scale.per), scale.param, value))
    if model.meter is not None:
        units = _units(model, model.meter, prompt, params, exact(reference_seconds))
        found.append(Factor("units", Fraction(units), model.meter.param, model.meter.unit))
    return found


def total(found: Iterable[Factor]) -> int:
    """Return the product of the factors in whole credits: rounded up, never below 1."""
    return max(1, ceil(prod((one.factor for one in found), start=Fraction(1))))


def exact(number: object) -> Fraction:
    """Return a number, or the text of one, as the decimal that people read: 0.05 is a twentieth."""
    return number if isinstance(number, Fraction) else Fraction(str(number))


def _is(given: object, value: str) -> bool:
    if isinstance(given, (int, float)):
        return exact(given) == exact(value)
    return given == value


def _units(model: Model, meter: Meter, prompt: str, params: Mapping[str, object], reference_seconds: Fraction) -> int:
    amount = reference_seconds if meter.unit == "seconds" else Fraction(len(prompt))
    if meter.param is not None:
        given = params.get(meter.param) or 0
        amount = exact(given) if meter.unit == "seconds" else Fraction(len("".join(texts(model, params, meter.param))))
    return max(1, ceil(amount / exact(meter.size)))
