"""The prompt of a call: sent as one, or made from the texts of an array."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from rivya.catalog.model import Model
from rivya.errors import ValidationFailed


def check_prompt(model: Model, prompt: str | None) -> str:
    """Return the prompt, empty if there is none. Raises ValidationFailed naming ``prompt``."""
    if prompt is None or (not prompt.strip() and model.prompt == "required"):
        if model.prompt == "required":
            raise ValidationFailed(f"{model.id} needs a prompt.", param="prompt")
        return prompt or ""
    if "\x00" in prompt:
        raise ValidationFailed("prompt must not contain NUL characters.", param="prompt")
    _check_length(model, prompt, "prompt")
    return prompt


def made_prompt(model: Model, prompt: str, params: Mapping[str, object]) -> str:
    """Return the prompt to work from, given the checked prompt and params.

    It is the one that was sent, except for a model with ``prompt_from``: there it is the array's texts, a line each,
    whatever was sent beside them. Raises ValidationFailed naming the array when they are too long together.
    """
    if model.prompt_from is None:
        return prompt
    made = "\n".join(texts(model, params, model.prompt_from))
    _check_length(model, made, f"params.{model.prompt_from}")
    return made


def texts(model: Model, params: Mapping[str, object], key: str) -> list[str]:
    """Return the texts in the entries of a checked array, in their order."""
    fields = [field for param in model.params if param.key == key for field in param.items or ()]
    words = [field.key for field in fields if field.type == "text"]
    entries = cast("list[dict[str, object]]", params.get(key, []))
    return [str(entry[word]) for entry in entries for word in words if word in entry]


def _check_length(model: Model, text: str, param: str) -> None:
    limit = model.max_prompt_length
    if limit is not None and len(text) > limit:
        raise ValidationFailed(f"{param} has {len(text)} characters; {model.id} accepts at most {limit}.", param=param)
