"""Shapes that many objects on the wire share, said exactly: this is how OpenAPI tells them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

Whole = Annotated[int, Meta(ge=0)]
"""A count, such as one of credits."""

Trace = Annotated[str, Meta(extra_json_schema={"maxLength": 128, "pattern": r"^[^\u0000]*$"})]
"""A ``client_request_id``. This tells what it may be; whoever takes one checks it."""


def id_of(prefix: str) -> Meta:
    """Return what is true of the ids that ``new_id(prefix)`` makes."""
    return Meta(pattern=id_pattern(prefix), examples=[f"{prefix}_01jtxk8w0v6m2c9r4e7h5n3q1z"])


def id_pattern(prefix: str) -> str:
    """Return the pattern of an id: the prefix, then 26 digits of Crockford's base32."""
    return f"^{prefix}_[0-9a-hjkmnp-tv-z]{{26}}$"


def url_like(example: str) -> Meta:
    """Return what is true of an absolute URL such as this one."""
    return Meta(examples=[example], extra_json_schema={"format": "uri"})


def one_of(*values: str) -> Meta:
    """Return what is true of a text that is one of these, where its type does not say so."""
    return Meta(extra_json_schema={"enum": list(values)})
