"""What a call costs: pure functions of the model and the checked request.

Everything is counted in fractions of the decimals that a file gives: nothing is rounded before the end, and then up.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import ceil

from rivya.catalog.model import Meter, Model, TokenRates
from rivya.catalog.prompt import texts


def price(model: Model, *, prompt: str, params: Mapping[str, object], reference_seconds: float | Fraction = 0) -> int:
    """Return the whole credits that a task reserves; never below 1.

    FIXED: base credits times the factor of each chosen param. METERED: that, for each unit that was begun.
    ``reference_seconds`` is the measured length of all references, for a model that is metered by it.
    """
    credits = Fraction(model.base_credits)
    for multiplier in model.multipliers:
        if _is(params.get(multiplier.param), multiplier.value):
            credits *= exact(multiplier.factor)
    for scale in model.scales:
        if (value := params.get(scale.param)) is not None:
            credits *= exact(value) / exact(scale.per)
    if model.meter is not None:
        credits *= _units(model, model.meter, prompt, params, exact(reference_seconds))
    return max(1, ceil(credits))


def token_price(model: Model, *, input_tokens: int, output_tokens: int) -> int:
    """Return the whole credits of one chat turn: what it reserves for the most tokens, or costs for those used."""
    rates = model.tokens or TokenRates()
    tokens = input_tokens + output_tokens * exact(rates.output_factor)
    return max(1, ceil(model.base_credits * tokens / rates.size))


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
