"""What a call costs: pure functions of the model and the checked request."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal

from rivya.catalog.model import Meter, Model


def price(model: Model, *, prompt: str, params: Mapping[str, object]) -> int:
    """Return the whole credits that a task reserves; never below 1.

    FIXED: base credits times the factor of each chosen param. METERED: that, for each unit that was begun.
    """
    credits = Decimal(model.base_credits)
    for multiplier in model.multipliers:
        if str(params.get(multiplier.param)) == multiplier.value:
            credits *= Decimal(str(multiplier.factor))
    if model.meter is not None:
        credits *= _units(model.meter, prompt, params)
    return max(1, int(credits.to_integral_value(ROUND_CEILING)))


def _units(meter: Meter, prompt: str, params: Mapping[str, object]) -> int:
    amount = Decimal(len(prompt))
    if meter.unit == "seconds":
        amount = Decimal(str(params.get(meter.param or "", 0)))
    return max(1, int((amount / Decimal(str(meter.size))).to_integral_value(ROUND_CEILING)))
