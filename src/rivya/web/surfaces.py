"""What this installation serves, read from what it serves: its routes, its models, its switch. Nothing is promised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from litestar import Litestar

from rivya.catalog.model import Category
from rivya.openapi.operations import endpoints
from rivya.web.catalog import CATEGORIES, Listed

State = Literal["live", "off", "absent"]
_TAGS = {"Chat": "Chat API", "Files": "Files API", "Webhooks": "User webhooks"}
_NO_CHAT_MODEL = "It is served, but no chat model works on this installation now."
_OFF = "The operator has switched the public API off."
_ABSENT = "This installation does not serve it."


@dataclass(frozen=True, slots=True)
class Surface:
    """A part of the API. ``paths`` are its endpoints; ``why`` says what is in the way, if it is not live."""

    name: str
    state: State
    paths: Sequence[str]
    why: str


@dataclass(frozen=True, slots=True)
class Supply:
    """How many models of a category there are, and how many of them work now."""

    category: Category
    working: int
    all: int


def surfaces(app: Litestar, models: Sequence[Listed], *, api_is_on: bool) -> list[Surface]:
    """Return the state of each part of the API that is told of on the landing."""
    found: dict[str, list[str]] = {}
    for endpoint in endpoints(app.routes):
        call = f"{endpoint.method.upper()} {endpoint.path}"
        found.setdefault(endpoint.operation.tag, []).append(call)
    chat_works = any(one.available for one in models if one.model.category == "chat")
    return [
        _surface(name, found.get(tag, []), api_is_on=api_is_on, works=tag != "Chat" or chat_works)
        for tag, name in _TAGS.items()
    ]


def supplies(models: Sequence[Listed]) -> list[Supply]:
    """Return how many models of each category can be called."""
    return [
        Supply(
            category,
            working=sum(one.available for one in models if one.model.category == category),
            all=sum(one.model.category == category for one in models),
        )
        for category in CATEGORIES
        if any(one.model.category == category for one in models)
    ]


def _surface(name: str, paths: Sequence[str], *, api_is_on: bool, works: bool) -> Surface:
    if not paths:
        return Surface(name, "absent", paths, _ABSENT)
    if not api_is_on:
        return Surface(name, "off", paths, _OFF)
    if not works:
        return Surface(name, "off", paths, _NO_CHAT_MODEL)
    return Surface(name, "live", paths, "")
