"""/api/v1/openapi.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Litestar, Response, get

from rivya.catalog.model import Model
from rivya.etag import etag, json_unless_known
from rivya.http import Call
from rivya.openapi.document import document
from rivya.operation import Operation


class OpenApiDocument(msgspec.Struct):
    """An OpenAPI 3.1 document."""

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]
    components: dict[str, Any]


class Document:
    """The document as it is sent. Remembered until the catalog changes."""

    def __init__(self, app: Litestar, models: Mapping[str, Model], base_url: str) -> None:
        self._app = app
        self._models = models
        self._base_url = base_url
        self._made_of: tuple[Model, ...] | None = None
        self._body = b""
        self._tag = ""

    def __call__(self) -> tuple[bytes, str]:
        """Return the document's bytes and their ETag."""
        models = tuple(sorted(self._models.values(), key=lambda model: model.id))
        if self._made_of is None or not _same(models, self._made_of):
            made = document(self._app.routes, models=models, base_url=self._base_url)
            self._body = msgspec.json.encode(made)
            self._tag = etag(self._body)
            self._made_of = models
        return self._body, self._tag


@get(
    "/api/v1/openapi.json",
    operation=Operation(
        "getOpenapi", "API", "Read this document", scope=None, answer=OpenApiDocument, revalidates=True
    ),
)
async def openapi(request: Call) -> Response[bytes]:
    """Return the description of this API, with the models of this installation."""
    state = request.app.state
    if "openapi" not in state:
        state.openapi = Document(request.app, state.models, state.settings.base_url)
    made: Document = state.openapi
    body, tag = made()
    return json_unless_known(request, body, tag)


def _same(models: tuple[Model, ...], others: tuple[Model, ...]) -> bool:
    return len(models) == len(others) and all(one is other for one, other in zip(models, others, strict=True))
