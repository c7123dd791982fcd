"""The routes of the app as operations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.routes import BaseRoute, HTTPRoute

from rivya.kit.wire import id_pattern
from rivya.openapi.errors import ERROR, ErrorResponses
from rivya.openapi.examples import example_of
from rivya.openapi.headers import request_headers_of, success_headers
from rivya.openapi.schema import Schema, prose, ref
from rivya.openapi.structs import component_name
from rivya.operation import Operation

SECURITY = "apiKey"

_PATH_PARAM = re.compile(r"\{(\w+)\}")
_PATH_IDS = {
    "task_id": ("task", "The id of a generation."),
    "file_id": ("file", "The id of a file."),
    "session_id": ("chat", "The id of a chat session."),
    "endpoint_id": ("whend", "The id of a webhook endpoint."),
    "delivery_id": ("whdel", "The id of a delivery."),
    "event_id": ("evt", "The id of an event."),
}
_SUCCESS = {
    200: "Done.",
    201: "Made.",
    202: "Accepted: the work goes on.",
    204: "Done; the answer has no body.",
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A route with its method."""

    method: str
    path: str
    status: int
    description: str
    operation: Operation


def endpoints(routes: Iterable[BaseRoute]) -> list[Endpoint]:
    """Return the routes that have an operation, in the order of their paths."""
    found: list[Endpoint] = []
    for route in routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler in cast("Sequence[HTTPRouteHandler]", route.route_handlers):
            if (operation := handler.opt.get("operation")) is None:
                continue
            description = prose(handler.fn.__doc__ or "")
            found += [
                Endpoint(method.lower(), route.path_format, handler.status_code, description, operation)
                for method in handler.http_methods
            ]
    return sorted(found, key=lambda endpoint: (endpoint.path, endpoint.method))


class Operations:
    """Makes operation objects.

    ``requests`` are the examples of JSON bodies, named as their schema's component or, with a dot, its variants.
    """

    def __init__(
        self,
        all: Sequence[Endpoint],
        *,
        errors: ErrorResponses,
        schemas: Mapping[str, Schema],
        requests: Mapping[str, Schema],
    ) -> None:
        self._all = all
        self._errors = errors
        self._schemas = schemas
        self._requests = requests

    def __call__(self, endpoint: Endpoint) -> Schema:
        """Return the operation object of an endpoint."""
        operation = endpoint.operation
        made: Schema = {
            "operationId": operation.id,
            "tags": [operation.tag],
            "summary": operation.summary,
            "description": endpoint.description,
            "security": _security(operation),
        }
        if parameters := [*_path(endpoint.path), *_query(operation), *request_headers_of(operation)]:
            made["parameters"] = parameters
        if (body := self._body(operation)) is not None:
            made["requestBody"] = {"required": True, "content": body}
        made["responses"] = {**self._success(endpoint), **self._errors(operation)}
        return made

    def _body(self, operation: Operation) -> Schema | None:
        if operation.form is not None:
            return {"multipart/form-data": {"schema": ref(component_name(operation.form))}}
        if operation.body is None:
            return None
        name = component_name(operation.body)
        own = [example for example in self._requests if example.startswith(f"{name}.")]
        examples = {example: ref(example, of="examples") for example in own}
        examples = examples or {"example": {"value": self._example(name)}}
        return {"application/json": {"schema": ref(name), "examples": examples}}

    def _success(self, endpoint: Endpoint) -> Schema:
        operation = endpoint.operation
        response: Schema = {
            "description": _SUCCESS[endpoint.status],
            "headers": success_headers(operation, endpoint.status),
        }
        if operation.events:
            response["content"] = {"text/event-stream": self._stream(operation)}
        elif operation.answer is not None:
            name = component_name(operation.answer)
            response["content"] = {"application/json": {"schema": ref(name), "example": self._example(name)}}
        if links := self._links(endpoint):
            response["links"] = links
        responses = {str(endpoint.status): response}
        if operation.revalidates:
            headers = success_headers(operation, 304)
            responses["304"] = {"description": "What you have still holds.", "headers": headers}
        return responses

    def _stream(self, operation: Operation) -> Schema:
        names = {name: component_name(data) if data is not None else ERROR for name, data in operation.events}
        return {
            "schema": {
                "description": "One event of the stream; the data of each is JSON.",
                "oneOf": [_event(name, data) for name, data in names.items()],
            },
            "examples": {
                name: {"value": {"event": name, "data": msgspec.json.encode(self._example(data)).decode()}}
                for name, data in names.items()
            },
        }

    def _links(self, endpoint: Endpoint) -> Schema:
        operation = endpoint.operation
        if any(query.name == "cursor" for query in operation.query):
            next_page = {"operationId": operation.id, "parameters": {"cursor": "$response.body#/next_cursor"}}
            return {
                "next": {**next_page, "description": "The next page, with the same limit and filters."},
                **self._of_one(endpoint, "$response.body#/data/0/id"),
            }
        if not (operation.idempotent and endpoint.status in (201, 202)):
            return {}
        return self._of_one(endpoint, "$response.body#/id")

    def _of_one(self, endpoint: Endpoint, id: str) -> Schema:
        """Return links to what can be done with one thing of a collection; ``id`` is where its id stands."""
        return {
            other.operation.id: {"operationId": other.operation.id, "parameters": {own: id}}
            for other in self._all
            if other.path.startswith(f"{endpoint.path}/{{") and len(names := _PATH_PARAM.findall(other.path)) == 1
            for own in names
        }

    def _example(self, name: str) -> Any:
        return example_of(self._schemas[name], self._schemas)


def _event(name: str, data: str) -> Schema:
    content = {"type": "string", "contentMediaType": "application/json", "contentSchema": ref(data)}
    return {
        "type": "object",
        "properties": {"event": {"const": name}, "data": content},
        "required": ["event", "data"],
    }


def _path(path: str) -> list[Schema]:
    return [{"name": name, "in": "path", "required": True, **_path_param(name)} for name in _PATH_PARAM.findall(path)]


def _path_param(name: str) -> Schema:
    if name == "model_id":
        return {"schema": {"type": "string", "minLength": 1}, "description": "The id of a model.", "example": "z-image"}
    prefix, description = _PATH_IDS[name]
    example = f"{prefix}_01jtxk8w0v6m2c9r4e7h5n3q1z"
    return {
        "schema": {"type": "string", "pattern": id_pattern(prefix)},
        "description": description,
        "example": example,
    }


def _query(operation: Operation) -> list[Schema]:
    return [
        {"name": query.name, "in": "query", "schema": query.schema, "description": query.description}
        for query in operation.query
    ]


def _security(operation: Operation) -> list[Schema]:
    if operation.scope is None:
        return []
    needed: Schema = {SECURITY: [operation.scope]}
    return [needed, {}] if operation.public else [needed]
