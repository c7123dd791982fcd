"""/api/v1/models."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import get_args

import msgspec
from litestar import Response, Router, get

from rivya.catalog.model import Category, Model
from rivya.catalog.schemas import ModelList, ModelObject, model_object
from rivya.errors import NotFound
from rivya.etag import etag, json_unless_known
from rivya.http import Call, caller
from rivya.operation import Operation
from rivya.providers.routing import Routing

_encode = msgspec.json.Encoder().encode
_FRESH_S = 1.0
_ORDER: tuple[Category, ...] = get_args(Category)


@get(
    "/",
    operation=Operation(
        "listModels", "Models", "List models", scope="models:read", answer=ModelList, public=True, revalidates=True
    ),
)
async def list_models(request: Call) -> Response[bytes]:
    """Return all models, those that cannot be called yet among them."""
    await _welcome(request)
    return _answer(request, _encode(ModelList(data=list(_shown(request).values()))))


@get(
    "/{model_id:str}",
    operation=Operation(
        "getModel",
        "Models",
        "Read a model",
        scope="models:read",
        answer=ModelObject,
        errors=(NotFound,),
        public=True,
        revalidates=True,
    ),
)
async def read(request: Call, model_id: str) -> Response[bytes]:
    """Return one model."""
    await _welcome(request)
    model = _shown(request).get(model_id)
    if model is None:
        raise NotFound(f"There is no model {model_id[:100]!r}.")
    return _answer(request, _encode(model))


router = Router("/api/v1/models", route_handlers=[list_models, read])


class Shown:
    """The models as they are shown. Remembered for a moment: to look which engines are installed costs time."""

    def __init__(self, models: Mapping[str, Model], routing: Routing) -> None:
        self._models = models
        self._routing = routing
        self._made: dict[str, ModelObject] = {}
        self._made_at = -_FRESH_S

    def __call__(self) -> dict[str, ModelObject]:
        """Return the models by id, in the order of their categories and ids."""
        if time.monotonic() - self._made_at >= _FRESH_S:
            order = sorted(self._models.values(), key=lambda model: (_ORDER.index(model.category), model.id))
            self._made = {model.id: self._show(model) for model in order}
            self._made_at = time.monotonic()
        return self._made

    def _show(self, model: Model) -> ModelObject:
        return model_object(
            model,
            available=bool(self._routing.of(model.id)),
            stands_in=self._routing.stands_in(model.id),
        )


async def _welcome(request: Call) -> None:
    """Let in who sends no key. Raises what authentication raises for a key that is sent."""
    if request.headers.get("authorization"):
        await caller(request)


def _shown(request: Call) -> dict[str, ModelObject]:
    state = request.app.state
    if "shown_models" not in state:
        state.shown_models = Shown(state.models, state.routing)
    return state.shown_models()


def _answer(request: Call, body: bytes) -> Response[bytes]:
    return json_unless_known(request, body, etag(body))
