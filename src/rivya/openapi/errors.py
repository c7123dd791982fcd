"""The error table as responses: for each status of a route, the codes that it may carry."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from rivya import errors
from rivya.errors import PublicError
from rivya.kit.wire import id_pattern
from rivya.openapi.headers import error_headers
from rivya.openapi.schema import Schema, prose, ref
from rivya.operation import Operation

ERROR = "Error"
_REQUEST_ID = "req_01jtxk8w0v6m2c9r4e7h5n3q1z"

Errors = frozenset[type[PublicError]]


def error_table() -> list[type[PublicError]]:
    """Return every error that there is, by status and code."""
    found = (value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, PublicError))
    return sorted((kind for kind in found if kind is not PublicError), key=lambda kind: (kind.status, kind.code))


def errors_of(operation: Operation) -> Errors:
    """Return all that a route may answer beside its success."""
    found: set[type[PublicError]] = {errors.InternalError, *operation.errors}
    if operation.scope is not None:
        found |= {errors.ApiKeyMissing, errors.ApiKeyInvalid, errors.ApiKeyRevoked, errors.ApiKeyExpired}
        found |= {errors.ApiScopeDenied, errors.RateLimited, errors.PublicApiDisabled}
    if operation.idempotent:
        found.add(errors.IdempotencyConflict)
    if operation.body or operation.form or operation.query or operation.idempotent:
        found.add(errors.ValidationFailed)
    return frozenset(found)


class ErrorResponses:
    """Makes the responses as components, each once for the routes that share it."""

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {}

    def __call__(self, operation: Operation) -> dict[str, Schema]:
        """Return the error responses of a route by status."""
        found = sorted(errors_of(operation), key=lambda kind: (kind.status, kind.code))
        return {
            str(status): self._response(status, list(kinds))
            for status, kinds in groupby(found, key=lambda kind: kind.status)
        }

    def _response(self, status: int, kinds: list[type[PublicError]]) -> Schema:
        name = ".".join([str(status), *(kind.code for kind in kinds)])
        self.components[name] = {
            "description": "\n".join(f"- `{kind.code}`: {_message(kind)}" for kind in kinds),
            "headers": error_headers(status),
            "content": {
                "application/json": {
                    "schema": {
                        **ref(ERROR),
                        "properties": {"error": {"properties": {"code": {"enum": [kind.code for kind in kinds]}}}},
                    },
                    "examples": {kind.code: {"value": _example(kind)} for kind in kinds},
                }
            },
        }
        return ref(name, of="responses")


def error_schema(kinds: Iterable[type[PublicError]]) -> Schema:
    """Return the component of the error envelope."""
    return {
        "type": "object",
        "description": "What every refused call is answered.",
        "properties": {
            "error": {
                "type": "object",
                "description": "What was wrong.",
                "properties": {
                    "code": {"enum": [kind.code for kind in kinds], "description": "For programs."},
                    "message": {"type": "string", "description": "For people: what was wrong, and what is accepted."},
                    "requestId": {
                        "type": "string",
                        "pattern": id_pattern("req"),
                        "description": "The answer's `X-Request-Id`: name it when you ask for help.",
                    },
                    "param": {
                        "type": "string",
                        "description": "The path of the field that was refused, such as `params.aspect_ratio`.",
                    },
                },
                "required": ["code", "message", "requestId"],
            }
        },
        "required": ["error"],
    }


def _example(kind: type[PublicError]) -> Schema:
    param = {"param": "params.aspect_ratio"} if kind is errors.ValidationFailed else {}
    return {"error": {"code": kind.code, "message": _message(kind), "requestId": _REQUEST_ID, **param}}


def _message(kind: type[PublicError]) -> str:
    return prose(kind.__doc__ or "")
