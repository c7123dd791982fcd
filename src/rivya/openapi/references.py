"""Reference media as JSON Schema: how many, of which kinds, and in which mix."""

from __future__ import annotations

from typing import get_args

from rivya.catalog.references import ReferenceMedia
from rivya.catalog.shape import MediaKind
from rivya.openapi.schema import Schema, ref

_MOST_URL = 4096
_MEBIBYTE = 1024 * 1024
_ARTICLE: dict[MediaKind, str] = {"image": "an image", "video": "a video", "audio": "an audio file"}


def references_schema(rule: ReferenceMedia) -> Schema:
    """Return what a model's ``referenceMediaItems`` are."""
    items = [ref(_name(kind)) for kind in rule.kinds]
    schema: Schema = {
        "type": "array",
        "minItems": rule.min_files,
        "maxItems": rule.max_files,
        "items": {"oneOf": items} if len(items) > 1 else items[0],
        "description": " ".join([rule.rule, *(_limit_in_words(rule, kind) for kind in rule.kinds)]).strip(),
    }
    if rule.mixes:
        mixes = [{"allOf": [_at_most(mix.get(kind, 0), kind) for kind in rule.kinds]} for mix in rule.mixes]
        schema |= {"anyOf": mixes} if len(mixes) > 1 else mixes[0]
    return schema


def reference_schemas() -> dict[str, Schema]:
    """Return the components that references are made of, one for each kind."""
    return {_name(kind): _reference(kind) for kind in get_args(MediaKind)}


def example_reference(kind: MediaKind, *, media_url: str) -> Schema:
    """Return a reference of a kind, as it is written."""
    token = {} if kind == "image" else {"durationToken": "rvdt_4000_1781136000_0Jx6cS0JmCwq1bnqWqWlU3f9yVYh2k7T"}
    extension = {"image": "png", "video": "mp4", "audio": "mp3"}[kind]
    return {"url": f"{media_url}/photo.{extension}", "kind": kind, **token}


def _reference(kind: MediaKind) -> Schema:
    token = "Images have none." if kind == "image" else f"The `duration_token` of an uploaded {kind}: it is required."
    return {
        "type": "object",
        "properties": {
            "url": {
                "type": "string",
                "minLength": 1,
                "maxLength": _MOST_URL,
                "description": f"The `url` or the id of {_ARTICLE[kind]} of yours, uploaded or made here.",
            },
            "kind": {"const": kind, "description": "What it is."},
            "name": {"type": ["string", "null"], "description": "Its name; it changes nothing."},
            "mimeType": {
                "type": ["string", "null"],
                "description": "Its type; what was found in its content counts.",
            },
            "durationSeconds": {
                "type": ["number", "null"],
                "description": "How long it lasts; what was measured counts.",
            },
            "durationToken": {"type": ["string", "null"], "description": token},
        },
        "required": ["url", "kind"],
        "additionalProperties": False,
    }


def _name(kind: MediaKind) -> str:
    return f"{kind.capitalize()}Reference"


def _at_most(count: int, kind: MediaKind) -> Schema:
    return {"contains": {"properties": {"kind": {"const": kind}}}, "minContains": 0, "maxContains": count}


def _limit_in_words(rule: ReferenceMedia, kind: MediaKind) -> str:
    limit = rule.limit(kind)
    what, size = _ARTICLE[kind].capitalize(), f"{limit.max_bytes / _MEBIBYTE:g} MiB"
    return f"{what} has at most {size} and is {', '.join(limit.mime_types)}."
