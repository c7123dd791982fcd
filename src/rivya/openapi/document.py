"""Puts the document together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from litestar.routes import BaseRoute

import rivya
from rivya.catalog.model import Model
from rivya.catalog.schemas import model_object
from rivya.keys.model import SCOPES
from rivya.openapi.chat import chat_schemas, example_turn
from rivya.openapi.errors import ERROR, ErrorResponses, error_schema, error_table
from rivya.openapi.generations import example_request, request_schemas
from rivya.openapi.headers import request_headers, response_headers
from rivya.openapi.operations import SECURITY, Endpoint, Operations, endpoints
from rivya.openapi.schema import Schema
from rivya.openapi.structs import components
from rivya.openapi.uploads import upload_schemas

_ABOUT = """\
Image, video, audio and chat models behind one account, one key and one wallet of credits.

Every call but those for models and this document needs an API key: `Authorization: Bearer rvya_sk_...`. Every answer
has an `X-Request-Id`. An error is `{"error": {"code", "message", "requestId"}}`. A new model, optional field, optional
param or error code may come at any time; nothing else changes within v1."""

_TAGS = {
    "Models": "What can be called here, what each model takes, and what it costs.",
    "Generations": "Pictures, clips and sounds: start, follow, cancel.",
    "Files": "Media of yours, to be used as references.",
    "Credits": "The wallet that all keys of an account share.",
    "Chat": "Conversations with a model.",
    "Webhooks": "Be told when a generation ends.",
    "API": "This document.",
}

_BY_MODEL = {"CreateGeneration": request_schemas, "CreateCompletion": chat_schemas, "FileUpload": upload_schemas}
"""What is accepted depends on the model: these make a variant for each, of what the struct says of all."""


def document(routes: Iterable[BaseRoute], *, models: Sequence[Model], base_url: str) -> Schema:
    """Return the OpenAPI 3.1 document of an app with these routes and models, reached at ``base_url``."""
    all_endpoints = endpoints(routes)
    schemas = _schemas(all_endpoints, models)
    requests = _requests(models, base_url)
    errors = ErrorResponses()
    make = Operations(all_endpoints, errors=errors, schemas=schemas, requests=requests)
    paths: dict[str, Schema] = {}
    for endpoint in all_endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method] = make(endpoint)
    used = {endpoint.operation.tag for endpoint in all_endpoints}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Rivya API", "version": rivya.__version__, "description": _ABOUT},
        "servers": [{"url": base_url}],
        "tags": [{"name": name, "description": words} for name, words in _TAGS.items() if name in used],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": dict(sorted(errors.components.items())),
            "parameters": request_headers(),
            "headers": response_headers(),
            "examples": requests,
            "securitySchemes": {SECURITY: _security_scheme()},
        },
    }


def _schemas(all_endpoints: Sequence[Endpoint], models: Sequence[Model]) -> dict[str, Schema]:
    operations = [endpoint.operation for endpoint in all_endpoints]
    answers = [data for operation in operations for data in (operation.answer, *(of for _, of in operation.events))]
    bodies = [body for operation in operations for body in (operation.body, operation.form)]
    found = components(
        answers=[answer for answer in answers if answer is not None],
        bodies=[body for body in bodies if body is not None],
    )
    for name, variants in _BY_MODEL.items():
        if name in found:
            found |= variants(name, found[name], models)
    example = next((model for model in models if model.is_async), None)
    if "ModelObject" in found and example is not None:
        found["ModelObject"]["examples"] = [msgspec.to_builtins(model_object(example, available=True, stands_in=False))]
    found[ERROR] = error_schema(error_table())
    return dict(sorted(found.items()))


def _requests(models: Sequence[Model], base_url: str) -> dict[str, Schema]:
    """Return an example of a request for each model, named as its schema is."""
    return {
        f"CreateGeneration.{model.id}" if model.is_async else f"CreateCompletion.{model.id}": {
            "value": example_request(model, media_url=f"{base_url}/media/files")
            if model.is_async
            else example_turn(model)
        }
        for model in models
    }


def _security_scheme() -> Schema:
    scopes = ", ".join(f"`{scope}`" for scope in SCOPES)
    return {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "rvya_sk_...",
        "description": f"An API key. What it may do are its scopes: {scopes}.",
    }
