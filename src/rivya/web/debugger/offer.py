"""Which models the debugger offers, and what its form begins with."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

import msgspec

from rivya.catalog.example import example_params, example_prompt
from rivya.catalog.schemas import ModelObject
from rivya.web.catalog import CATEGORIES, Listed


class Offered(msgspec.Struct, frozen=True):
    """A model of the selector. ``examples`` has a value for each param."""

    model: ModelObject
    prompt: str | None
    examples: dict[str, object]

    @property
    def works(self) -> bool:
        return self.model.api_status == "available"


def offered(models: Iterable[Listed]) -> list[Offered]:
    """Return the models that are called through /generations and need no upload.

    Those that work now come first, and of these the ones that are what they are called.
    """
    usable = [
        one for one in models if one.model.is_async and not one.model.studio_only and not one.shown.requires_files_api
    ]
    usable.sort(key=lambda one: (not one.available, CATEGORIES.index(one.model.category), one.stands_in, one.model.id))
    return [Offered(one.shown, example_prompt(one.model), example_params(one.model.params)) for one in usable]


def grouped(offers: Iterable[Offered]) -> list[tuple[str, list[Offered]]]:
    """Return the offers in groups as the selector shows them, each with its name."""

    def group(one: Offered) -> str:
        name = one.model.category.capitalize()
        return name if one.works else f"{name}, cannot be called here yet"

    return [(name, list(members)) for name, members in groupby(offers, key=group)]


def as_data_block(offers: list[Offered]) -> str:
    """Return the offers as JSON that may stand in a script element: nothing in it ends the element."""
    return msgspec.json.encode(offers).decode().replace("<", "\\u003c")
