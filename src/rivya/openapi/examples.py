"""An example of whatever a schema describes: the values that it names, else the smallest that it allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rivya.openapi.schema import Schema


def example_of(schema: Schema, components: Mapping[str, Schema]) -> Any:
    """Return a value that is valid for a schema; its references lead to ``components``.

    What may be null is null, and what may be missing is missing.
    """
    if "examples" in schema:
        return schema["examples"][0]
    if "$ref" in schema:
        return example_of(components[schema["$ref"].rsplit("/", 1)[1]], components)
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    for key in ("oneOf", "anyOf"):
        if key in schema:
            options: list[Schema] = schema[key]
            return None if {"type": "null"} in options else example_of(options[0], components)
    return _of_type(schema, components)


def _of_type(schema: Schema, components: Mapping[str, Schema]) -> Any:
    kind = schema.get("type")
    if isinstance(kind, list):
        return None
    match kind:
        case "object":
            fields = schema.get("properties", {})
            return {name: example_of(fields[name], components) for name in schema.get("required", ())}
        case "array":
            return [example_of(schema["items"], components)] if "items" in schema else []
        case "string":
            return "text"
        case "boolean":
            return False
        case _:
            return schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
