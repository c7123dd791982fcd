"""Headers of requests and of answers."""

from __future__ import annotations

from collections.abc import Sequence

from rivya.kit.wire import id_pattern
from rivya.openapi.schema import Schema, ref
from rivya.operation import Operation


def request_headers() -> dict[str, Schema]:
    """Return the components of the headers that calls may carry."""
    return {
        "IdempotencyKey": _parameter(
            "Idempotency-Key",
            # Blanks around a header's value are no part of it (RFC 9110, 5.5).
            {"type": "string", "maxLength": 255, "pattern": r"^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$"},
            "A key of yours for this call: sent again with the same body, the first answer comes again and nothing "
            "happens twice. Kept at least 24 hours.",
            "order-4711",
        ),
        "Prefer": _parameter(
            "Prefer",
            {"type": "string"},
            "`wait=N` holds the call until the task has ended or N seconds (1 to 60) have passed. Other preferences "
            "are left aside (RFC 7240).",
            "wait=10",
        ),
        "IfNoneMatch": _parameter(
            "If-None-Match",
            {"type": "string"},
            "The `ETag` of the answer that you have: while it still holds, 304 comes without a body.",
            '"1f0c5a4f9d6e4b7a8c2d3e5f60718293"',
        ),
    }


def response_headers() -> dict[str, Schema]:
    """Return the components of the headers that answers have."""
    return {name.replace("-", ""): {**header, "required": True} for name, header in _SENT.items()}


def request_headers_of(operation: Operation) -> list[Schema]:
    """Return the headers that a route takes."""
    names = {
        "IdempotencyKey": operation.idempotent,
        "Prefer": operation.waits,
        "IfNoneMatch": operation.revalidates,
    }
    return [ref(name, of="parameters") for name, taken in names.items() if taken]


def success_headers(operation: Operation, status: int) -> Schema:
    """Return the headers of a route's success."""
    always = ["X-Request-Id"]
    perhaps: list[str] = []
    if operation.scope is not None:
        (perhaps if operation.public else always).extend(_LIMITS)
    if operation.revalidates:
        always.append("ETag")
    if operation.idempotent:
        perhaps.append("Idempotent-Replayed")
        if status in (201, 202):
            always.append("Location")
    if operation.waits:
        perhaps.append("Preference-Applied")
    return _headers(always, perhaps)


def error_headers(status: int) -> Schema:
    """Return the headers of an error with this status."""
    match status:
        case 401 | 500:
            return _headers(["X-Request-Id"], [])
        case 503:
            return _headers(["X-Request-Id", "Retry-After"], [])
        case 429:
            return _headers(["X-Request-Id", "Retry-After"], _LIMITS)
        case 409:
            return _headers(["X-Request-Id"], ["Retry-After", *_LIMITS])
        case _:
            return _headers(["X-Request-Id"], _LIMITS)


_COUNT: Schema = {"type": "integer", "minimum": 0}
_LIMITS = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"]
_SENT: dict[str, Schema] = {
    "X-Request-Id": {
        "description": "The id of this call: the same in our logs.",
        "schema": {"type": "string", "pattern": id_pattern("req")},
    },
    "X-RateLimit-Limit": {"description": "How many requests may be sent in any 60 seconds.", "schema": _COUNT},
    "X-RateLimit-Remaining": {"description": "How many of them are left.", "schema": _COUNT},
    "X-RateLimit-Reset": {"description": "Seconds until all of them are back.", "schema": _COUNT},
    "Retry-After": {"description": "Seconds after which to try again.", "schema": _COUNT},
    "Location": {
        "description": "The path of what was made.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Idempotent-Replayed": {
        "description": "There when this is the answer of an earlier call with the same Idempotency-Key.",
        "schema": {"const": "true"},
    },
    "Preference-Applied": {
        "description": "The `Prefer` that was followed.",
        "schema": {"type": "string"},
    },
    "ETag": {"description": "Names this state of the answer, for `If-None-Match`.", "schema": {"type": "string"}},
}


def _headers(always: Sequence[str], perhaps: Sequence[str]) -> Schema:
    return {
        **{name: ref(name.replace("-", ""), of="headers") for name in always},
        **{name: _SENT[name] for name in perhaps},
    }


def _parameter(name: str, schema: Schema, description: str, example: str) -> Schema:
    return {"name": name, "in": "header", "schema": schema, "description": description, "example": example}
