"""/api/v1/openapi.json."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get

from rivya.etag import json_unless_known
from rivya.http import Call
from rivya.openapi.sent import Document
from rivya.operation import Operation


class OpenApiDocument(msgspec.Struct):
    """An OpenAPI 3.1 document."""

    openapi: str
    """The version of OpenAPI."""
    info: dict[str, Any]
    """What this API is."""
    paths: dict[str, Any]
    """Its operations."""
    components: dict[str, Any]
    """What they take and answer."""


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
