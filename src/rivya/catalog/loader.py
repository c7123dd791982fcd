"""Read model files and say exactly what is wrong with one that is not right."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import msgspec

from rivya.catalog.model import Model


class BadCatalog(Exception):
    """A model file cannot be used: the message names the file, the key and what was expected."""


def load(*, folder: Path | None = None, with_scripted: bool = False) -> Mapping[str, Model]:
    """Return all models by id: those of the package, then those of ``folder``, which add or override.

    ``with_scripted`` adds the models that do what their params say (for tests). Raises BadCatalog.
    """
    package = resources.files("rivya.catalog")
    files: list[Traversable] = list(_toml(package.joinpath("models")))
    if with_scripted:
        files += _toml(package.joinpath("scripted"))
    if folder is not None:
        files += _toml(folder)
    models = [read(file.name, file.read_text("utf-8")) for file in files]
    return {model.id: model for model in models}


def read(name: str, text: str) -> Model:
    """Return the model that a file's text describes. Raises BadCatalog."""
    try:
        content: dict[str, Any] = tomllib.loads(text)
        model = msgspec.convert(content, Model)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadCatalog(f"{name}: {error}") from error
    if problem := _problem(model):
        raise BadCatalog(f"{name}: {problem}")
    return model


def _toml(folder: Traversable) -> Iterable[Traversable]:
    files = (file for file in folder.iterdir() if file.name.endswith(".toml"))
    return sorted(files, key=lambda file: file.name)


def _problem(model: Model) -> str | None:
    keys = [param.key for param in model.params]
    if len(set(keys)) != len(keys):
        return "params: a key is given twice"
    for param in model.params:
        where = f"params.{param.key}"
        if (param.type == "select") != (param.options is not None):
            return f"{where}: options belong to a select, and a select needs them"
        if param.options is not None and param.default is not None and param.default not in param.options:
            return f"{where}.default: {param.default!r} is not one of its options"
        if param.type == "number" and not isinstance(param.default, (int, float, type(None))):
            return f"{where}.default: expected a number"
    for multiplier in model.multipliers:
        if multiplier.param not in keys:
            return f"multipliers: there is no param {multiplier.param!r}"
        if multiplier.factor <= 0:
            return f"multipliers.{multiplier.param}: factor must be above 0"
    if (model.billing_type == "METERED") != (model.meter is not None):
        return "meter: belongs to a METERED model, and a METERED model needs it"
    if (model.category == "chat") != (model.chat is not None):
        return "chat: belongs to a chat model, and a chat model needs it"
    if model.base_credits < 1 or model.deadline_s < 1:
        return "base_credits and deadline_s must be at least 1"
    return None
