"""The models of this installation as pages show them: what each is, and whether it can be called now."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from rivya.catalog.model import Category, Model
from rivya.catalog.schemas import ModelObject, model_object
from rivya.catalog.validate import REFERENCES
from rivya.http import Call
from rivya.openapi.chat import example_turn
from rivya.openapi.generations import example_request
from rivya.providers.routing import Routing

CATEGORIES: tuple[Category, ...] = get_args(Category)
_FRESH_S = 1.0
_STATE = "web_catalog"


@dataclass(frozen=True, slots=True)
class Listed:
    model: Model
    shown: ModelObject
    stands_in: bool

    @property
    def available(self) -> bool:
        return self.shown.api_status == "available"


class WebCatalog:
    """Looks which models work once a second at most."""

    def __init__(self, models: Mapping[str, Model], routing: Routing) -> None:
        self._models = models
        self._routing = routing
        self._made: Sequence[Listed] = ()
        self._made_at = -_FRESH_S

    def __call__(self) -> Sequence[Listed]:
        if time.monotonic() - self._made_at >= _FRESH_S:
            order = sorted(self._models.values(), key=lambda model: (CATEGORIES.index(model.category), model.id))
            self._made = [self._listed(model) for model in order]
            self._made_at = time.monotonic()
        return self._made

    def _listed(self, model: Model) -> Listed:
        stands_in = self._routing.stands_in(model.id)
        shown = model_object(model, available=bool(self._routing.of(model.id)), stands_in=stands_in)
        return Listed(model, shown, stands_in)


def listed_models(request: Call) -> Sequence[Listed]:
    """Return the models by category and id."""
    state = request.app.state
    if _STATE not in state:
        state[_STATE] = WebCatalog(state.models, state.routing)
    made: WebCatalog = state[_STATE]
    return made()


def first_to_try(models: Sequence[Listed]) -> Listed | None:
    """Return the model that examples begin with: one that works now, needs no file, and is what it says it is."""
    working = [one for one in models if one.available and one.model.is_async and not one.shown.requires_files_api]
    return min(working, key=lambda one: (one.stands_in, CATEGORIES.index(one.model.category)), default=None)


def example_of(one: Listed, *, base_url: str) -> tuple[str, dict[str, object]]:
    """Return the path and the body of the smallest request that the model accepts: what may be left out is."""
    if not one.model.is_async:
        return "/api/v1/chat/completions", example_turn(one.model)
    body = example_request(one.model, media_url=f"{base_url}/media/files")
    needed = {param.key for param in one.model.params if param.required} | {REFERENCES}
    params = {key: value for key, value in body.pop("params").items() if key in needed}
    return "/api/v1/generations", {**body, "params": params} if params else body
