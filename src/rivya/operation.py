"""What a route of the public API is to those who call it: from this come its scope and its page in OpenAPI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from rivya.errors import PublicError


@dataclass(frozen=True, slots=True)
class Query:
    """One ``?name=`` of a route, with its JSON schema."""

    name: str
    schema: dict[str, Any]
    description: str


@dataclass(frozen=True, slots=True)
class Operation:
    """Stands beside each handler under /api/v1, as ``operation=``; the handler's docstring describes it further.

    ``errors`` are those of this route alone: what every call may answer (no key, a wrong key, too many calls,
    a fault of ours), and that a body, a query or an Idempotency-Key may be refused, is known. ``idempotent`` routes
    take an Idempotency-Key. ``scope`` None: no key is asked for. ``public`` routes may be called without a key; one
    that is sent must be good for their scope.
    """

    id: str
    tag: Literal["Models", "Generations", "Files", "Credits", "Chat", "Webhooks", "API"]
    summary: str
    scope: str | None
    answer: Any = None
    """What a success carries: a struct, or None for no body."""
    body: Any = None
    """The JSON body that it takes, as a struct."""
    errors: tuple[type[PublicError], ...] = ()
    query: tuple[Query, ...] = ()
    idempotent: bool = False
    public: bool = False
    form: Any = None
    """The multipart/form-data body that it takes, as a struct; a part of type ``bytes`` is a file."""
    events: tuple[tuple[str, Any], ...] = ()
    """A success is a text/event-stream of these: the name of each event, and its data as a struct; None: an error."""
    waits: bool = False
    """It takes ``Prefer: wait=N``."""
    revalidates: bool = False
    """A success has an ETag, and ``If-None-Match`` is answered 304."""


PAGED = (
    Query("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}, "How many entries a page has."),
    Query(
        "cursor",
        {"type": "string", "maxLength": 1024, "pattern": "^[A-Za-z0-9_-]*$"},
        "The `next_cursor` of the page before: opaque, and good for the same list only.",
    ),
)
"""What every list takes."""
