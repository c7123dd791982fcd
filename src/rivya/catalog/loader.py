"""Read model files and say exactly what is wrong with those that are not right."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import msgspec

from rivya.catalog.model import Model
from rivya.catalog.problems import rule_problems, shape_problems
from rivya.kit.operator_error import OperatorError


class BadCatalog(OperatorError):
    """Model files cannot be used: a line for each problem names the file, the key and what was expected."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


def load(*, folder: Path | None = None, with_scripted: bool = False) -> Mapping[str, Model]:
    """Return all models by id: those of the package, then those of ``folder``, which add or override.

    ``with_scripted`` adds the models that do what their params say (for tests). Raises BadCatalog with the problems
    of all files.
    """
    package = resources.files("rivya.catalog")
    folders = [package.joinpath("models"), *([package.joinpath("scripted")] if with_scripted else [])]
    models: dict[str, Model] = {}
    problems: list[str] = []
    for source in (*folders, *([folder] if folder is not None else [])):
        try:
            models |= read_folder(source)
        except BadCatalog as error:
            problems += error.problems
    if problems:
        raise BadCatalog(problems)
    return models


def read_folder(folder: Traversable) -> dict[str, Model]:
    """Return the models of one folder by id. Raises BadCatalog with the problems of all its files."""
    if not folder.is_dir():
        raise BadCatalog([f"{folder}: there is no such folder"])
    models: dict[str, Model] = {}
    file_of: dict[str, str] = {}
    problems: list[str] = []
    for file in _toml(folder):
        try:
            model = read(file.name, file.read_text("utf-8"))
        except BadCatalog as error:
            problems += error.problems
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{file.name}: cannot be read: {error}")
        else:
            if model.id in models:
                problems.append(f"{file.name}: id: {model.id!r} is that of {file_of[model.id]} too")
            models[model.id] = model
            file_of[model.id] = file.name
    if problems:
        raise BadCatalog(problems)
    return models


def read(name: str, text: str) -> Model:
    """Return the model that a file's text describes. Raises BadCatalog with all that is wrong with it."""
    try:
        content: dict[str, Any] = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadCatalog([f"{name}: {error}"]) from error
    try:
        model = msgspec.convert(content, Model)
    except msgspec.ValidationError as error:  # the first of perhaps many
        problems = list(shape_problems(content)) or [str(error)]
    else:
        problems = list(rule_problems(model))
        if not problems:
            return model
    raise BadCatalog([f"{name}: {problem}" for problem in problems])


def _toml(folder: Traversable) -> Iterable[Traversable]:
    files = (file for file in folder.iterdir() if file.name.endswith(".toml"))
    return sorted(files, key=lambda file: file.name)
