"""Check a request against its model: nothing unknown passes, nothing is silently dropped."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from rivya.catalog.model import Model, Param
from rivya.errors import ValidationFailed

REFERENCES = "referenceMediaItems"
"""The one param that every model with reference media takes beside its own."""


def check_prompt(model: Model, prompt: str | None) -> str:
    """Return the prompt, empty if there is none. Raises ValidationFailed naming ``prompt``."""
    if prompt is None or (not prompt.strip() and model.prompt == "required"):
        if model.prompt == "required":
            raise ValidationFailed(f"{model.id} needs a prompt.", param="prompt")
        return prompt or ""
    if "\x00" in prompt:
        raise ValidationFailed("prompt must not contain NUL characters.", param="prompt")
    limit = model.max_prompt_length
    if limit is not None and len(prompt) > limit:
        raise ValidationFailed(
            f"prompt has {len(prompt)} characters; {model.id} accepts at most {limit}.", param="prompt"
        )
    return prompt


def check_params(model: Model, params: Mapping[str, object]) -> dict[str, object]:
    """Return the model's params with defaults filled in, without references.

    Raises ValidationFailed with the path of the first param that is unknown, missing, of the wrong type, or
    outside its options or range.
    """
    known = {param.key: param for param in model.params}
    for key in params:
        if key not in known and not (key == REFERENCES and model.reference_media is not None):
            accepted = ", ".join(known) or "none"
            raise ValidationFailed(
                f"{model.id} has no param {key[:100]!r}; its params are: {accepted}.",
                param=f"params.{key[:100]}",
            )
    checked: dict[str, object] = {}
    for key, param in known.items():
        value = params.get(key, param.default)
        if value is None:
            if param.required or key in params:
                raise ValidationFailed(f"params.{key} must be {_expected(param)}.", param=f"params.{key}")
            continue
        if not _fits(param, value):
            raise ValidationFailed(f"params.{key} must be {_expected(param)}.", param=f"params.{key}")
        checked[key] = value
    return checked


def _fits(param: Param, value: object) -> bool:
    match param.type:
        case "select":
            return isinstance(value, str) and value in (param.options or ())
        case "text":
            return isinstance(value, str) and len(value) <= param.max_length and "\x00" not in value
        case "array":
            return isinstance(value, list)
        case "number":
            return isinstance(value, (int, float)) and not isinstance(value, bool) and _in_range(param, value)


def _in_range(param: Param, value: float) -> bool:
    if (param.min is not None and value < param.min) or (param.max is not None and value > param.max):
        return False
    if param.step is None:
        return True
    # In decimals: 0.15 is a multiple of 0.05, which binary fractions would deny.
    offset = Decimal(str(value)) - Decimal(str(param.min or 0))
    return offset % Decimal(str(param.step)) == 0


def _expected(param: Param) -> str:
    match param.type:
        case "select":
            return "one of the strings " + ", ".join(param.options or ())
        case "text":
            return f"a string of at most {param.max_length} characters"
        case "array":
            return "an array"
        case "number":
            words = "a number"
            if param.min is not None and param.max is not None:
                words += f" from {param.min:g} to {param.max:g}"
            elif param.min is not None:
                words += f" of at least {param.min:g}"
            elif param.max is not None:
                words += f" of at most {param.max:g}"
            return words + (f" in steps of {param.step:g}" if param.step is not None else "")
