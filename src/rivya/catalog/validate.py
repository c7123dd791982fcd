"""Check a request's params against its model: nothing unknown passes, nothing is silently dropped."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from rivya.catalog.model import Model, Param
from rivya.catalog.price import exact
from rivya.catalog.prompt import check_prompt
from rivya.errors import ValidationFailed

__all__ = ["REFERENCES", "check_params", "check_prompt", "expected", "fits"]

REFERENCES = "referenceMediaItems"
"""The one param that every model with reference media takes beside its own."""

MOST_EXACT = 2**53
"""Beyond it JSON readers disagree about integers (RFC 7493), so no number there can be on or off a step."""

_DEEPEST = 32


def check_params(model: Model, params: Mapping[str, object]) -> dict[str, object]:
    """Return the model's params with defaults filled in, without references.

    Raises ValidationFailed with the path of the first param that is unknown, missing, of the wrong type, or
    outside its options or range.
    """
    own = {key: value for key, value in params.items() if key != REFERENCES or model.reference_media is None}
    return _check(model.params, own, "params", model.id)


def fits(param: Param, value: object) -> bool:
    """Return True if a value is one that a select, a number or a text takes."""
    match param.type:
        case "select":
            return isinstance(value, str) and value in (param.options or ())
        case "text":
            if not isinstance(value, str) or "\x00" in value or (param.required and not value.strip()):
                return False
            return len(value) <= param.max_length
        case "number":
            return isinstance(value, (int, float)) and not isinstance(value, bool) and _in_range(param, value)
        case "array":
            return isinstance(value, list) and _is_plain(cast("list[object]", value))


def expected(param: Param) -> str:
    """Return in words what a param takes."""
    match param.type:
        case "select":
            return "one of the strings " + ", ".join(param.options or ())
        case "text":
            return f"a string of {'1 to' if param.required else 'at most'} {param.max_length} characters"
        case "array":
            what = "objects" if param.items is not None else "values"
            return f"an array of {param.min_items} to {param.max_items} {what}"
        case "number":
            words = "a number"
            if param.min is not None and param.max is not None:
                words += f" from {param.min} to {param.max}"
            elif param.min is not None:
                words += f" of at least {param.min}"
            elif param.max is not None:
                words += f" of at most {param.max}"
            return words + (f" in steps of {param.step}" if param.step is not None else "")


def _check(known: Sequence[Param], given: Mapping[str, object], path: str, owner: str) -> dict[str, object]:
    keys = [param.key for param in known]
    for key in given:
        if key not in keys:
            accepted = ", ".join(keys) or "none"
            raise ValidationFailed(
                f"{owner} has no param {key[:100]!r}; its params are: {accepted}.", param=f"{path}.{key[:100]}"
            )
    checked: dict[str, object] = {}
    for param in known:
        where = f"{path}.{param.key}"
        if param.key in given:
            checked[param.key] = _checked(param, given[param.key], where)
        elif param.required:
            raise ValidationFailed(f"{where} is required: {expected(param)}.", param=where)
        elif param.default is not None:
            checked[param.key] = param.default
    return checked


def _checked(param: Param, value: object, where: str) -> object:
    if param.type == "array" and isinstance(value, list):
        entries = cast("list[object]", value)
        if param.min_items <= len(entries) <= param.max_items:
            if param.items is not None:
                return [_entry(param.items, entry, f"{where}[{i}]") for i, entry in enumerate(entries)]
            if _is_plain(entries):
                return entries
    elif fits(param, value):
        return value
    raise ValidationFailed(f"{where} must be {expected(param)}.", param=where)


def _entry(fields: Sequence[Param], entry: object, where: str) -> dict[str, object]:
    if not isinstance(entry, dict):
        raise ValidationFailed(f"{where} must be an object.", param=where)
    return _check(fields, cast("dict[str, object]", entry), where, where)


def _in_range(param: Param, value: float) -> bool:
    try:
        if not math.isfinite(value):
            return False
    except OverflowError:  # an integer beyond what a double holds
        return False
    if (param.min is not None and value < param.min) or (param.max is not None and value > param.max):
        return False
    if param.step is None:
        return True
    # In decimals: 0.15 is a multiple of 0.05, which binary fractions would deny.
    return abs(value) <= MOST_EXACT and (exact(value) - exact(param.min or 0)) % exact(param.step) == 0


def _is_plain(entries: list[object]) -> bool:
    """Return True if an array is not too deep and no text in it holds a NUL, which a database cannot keep."""
    level: list[object] = entries
    for _ in range(_DEEPEST):
        if any("\x00" in value for value in level if isinstance(value, str)):
            return False
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return True
    return False


def _inside(value: object) -> Iterator[object]:
    if isinstance(value, list):
        yield from cast("list[object]", value)
    elif isinstance(value, dict):
        for key, inner in cast("dict[object, object]", value).items():
            yield key
            yield inner
