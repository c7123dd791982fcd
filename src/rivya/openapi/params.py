"""A model's params as JSON Schema: they accept what ``catalog.validate`` accepts, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from rivya.catalog.model import Param
from rivya.catalog.price import exact
from rivya.catalog.shape import Number
from rivya.catalog.validate import MOST_EXACT
from rivya.openapi.schema import NO_NUL, Schema, ref, text

PLAIN_VALUE = "PlainValue"
_MOST_VALUES = 1000


def fields(params: Sequence[Param]) -> Schema:
    """Return an object of these params and no others."""
    required = [param.key for param in params if param.required]
    return {
        "type": "object",
        "properties": {param.key: _described(param) for param in params},
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def plain_value() -> Schema:
    """Return the component of what an array without named fields takes."""
    own = ref(PLAIN_VALUE)
    return {
        "description": "Any value, at most 32 levels deep, without NUL characters.",
        "anyOf": [
            {"type": "string", "pattern": NO_NUL},
            {"type": ["number", "boolean", "null"]},
            {"type": "array", "items": own},
            {"type": "object", "propertyNames": {"pattern": NO_NUL}, "additionalProperties": own},
        ],
    }


def _described(param: Param) -> Schema:
    schema = _schema(param)
    if param.default is not None:
        # The default of a required param is what forms begin with: it does not stand in for a missing one.
        schema |= {"examples": [param.default]} if param.required else {"default": param.default}
    if param.description:
        schema["description"] = param.description
    return schema


def _schema(param: Param) -> Schema:
    match param.type:
        case "select":
            return {"type": "string", "enum": list(param.options or ())}
        case "text":
            return text(most=param.max_length, blank=not param.required)
        case "number":
            return _number(param)
        case "array":
            items = fields(param.items) if param.items is not None else ref(PLAIN_VALUE)
            return {"type": "array", "items": items, "minItems": param.min_items, "maxItems": param.max_items}


def _number(param: Param) -> Schema:
    least, most = param.min, param.max
    if param.step is None:
        bounds = {"minimum": least, "maximum": most}
        return {"type": "number", **{name: bound for name, bound in bounds.items() if bound is not None}}
    bounds: Schema = {
        "minimum": least if least is not None else -MOST_EXACT,
        "maximum": most if most is not None else MOST_EXACT,
    }
    step, start = exact(param.step), exact(least or 0)
    if start % step != 0:  # steps are counted from the least value, which multipleOf cannot say
        return {"type": "number", **bounds}
    if step == 1:
        return {"type": "integer", **bounds}
    if least is not None and most is not None and _is_inexact(step) and (most - least) / step < _MOST_VALUES:
        count = int((exact(most) - start) / step) + 1
        return {"type": "number", **bounds, "enum": [_plain(start + number * step) for number in range(count)]}
    return {"type": "number", **bounds, "multipleOf": param.step}


def _is_inexact(step: Fraction) -> bool:
    """Return True for a step such as 0.05, of which most validators say that 0.3 is no multiple."""
    return Fraction(float(step)) != step


def _plain(value: Fraction) -> Number:
    return int(value) if value.denominator == 1 else float(value)
