"""An example request for a model, made from its file: for the docs, the debugger and the tests."""

from __future__ import annotations

from collections.abc import Sequence

from rivya.catalog.model import Model, Param

PROMPT = "A lighthouse at dusk, seen from the sea"
TEXT = "text"


def example_prompt(model: Model) -> str | None:
    """Return a prompt within the model's length; None for a model that needs none."""
    return PROMPT[: model.max_prompt_length] if model.prompt == "required" else None


def example_params(params: Sequence[Param]) -> dict[str, object]:
    """Return a value for every param: its default, else its least, else a placeholder."""
    return {param.key: _example(param) for param in params}


def _example(param: Param) -> object:
    if param.default is not None:
        return param.default
    match param.type:
        case "select":
            return (param.options or [""])[0]
        case "number":
            return param.min if param.min is not None else min(0, param.max or 0)
        case "text":
            return TEXT[: param.max_length]
        case "array":
            entry = example_params(param.items) if param.items is not None else TEXT
            return [entry] * max(1, param.min_items)
