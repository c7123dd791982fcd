"""The API reference, read out of our own OpenAPI document: what each operation takes, answers and refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rivya.openapi.operations import Endpoint
from rivya.openapi.schema import Schema
from rivya.web.docs.library import ROOT

REFERENCE = f"{ROOT}/reference"


@dataclass(frozen=True)
class Field:
    """A parameter, or a field of a body or an answer. ``depth`` says how deep in an object it stands."""

    name: str
    type: str
    required: bool
    description: str
    depth: int = 0
    place: str = ""


@dataclass(frozen=True)
class Answer:
    status: str
    description: str
    fields: Sequence[Field]
    examples: Sequence[tuple[str, str]]
    media_type: str


@dataclass(frozen=True)
class Described:
    """An operation as the reference shows it."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    scope: str | None
    parameters: Sequence[Field]
    body: Sequence[Field]
    body_type: str
    body_note: str
    request: str
    success: Sequence[Answer]
    refused: Sequence[Answer]


@dataclass(frozen=True)
class Tag:
    name: str
    description: str
    operations: Sequence[Described]

    @property
    def slug(self) -> str:
        return self.name.lower()

    @property
    def url(self) -> str:
        return f"{REFERENCE}/{self.slug}"


def operation_url(endpoint: Endpoint) -> str:
    """Return where an endpoint is described."""
    return f"{REFERENCE}/{endpoint.operation.tag.lower()}#{endpoint.operation.id}"


def described(document: Schema) -> list[Tag]:
    """Return the operations of a document by tag, in its order."""
    reader = Reader(document)
    tags: dict[str, list[Described]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            tags[operation["tags"][0]].append(reader.operation(method, path, operation))
    words = {tag["name"]: tag["description"] for tag in document["tags"]}
    return [Tag(name, words[name], operations) for name, operations in tags.items()]


class Reader:
    """Follows the references of one document."""

    def __init__(self, document: Schema) -> None:
        self._document = document

    def operation(self, method: str, path: str, operation: Schema) -> Described:
        body: Schema = operation.get("requestBody", {}).get("content", {})
        media_type, content = _first(body)
        schema, note = self._one_of(content.get("schema", {}))
        answers = {status: self._answer(status, self.at(answer)) for status, answer in operation["responses"].items()}
        security = operation.get("security", [])
        return Described(
            id=operation["operationId"],
            method=method.upper(),
            path=path,
            summary=operation["summary"],
            description=operation["description"],
            scope=next((scope for entry in security for scopes in entry.values() for scope in scopes), None)
            if {} not in security
            else None,
            parameters=[self._parameter(self.at(parameter)) for parameter in operation.get("parameters", [])],
            body=self.fields(schema),
            body_type=media_type,
            body_note=note,
            request=self._example(content),
            success=[answer for status, answer in answers.items() if status < "400"],
            refused=[answer for status, answer in answers.items() if status >= "400"],
        )

    def at(self, value: Any) -> Any:
        """Return what a reference leads to; anything else as it is."""
        while isinstance(value, dict) and "$ref" in value:
            found: Any = self._document
            for part in str(value["$ref"]).removeprefix("#/").split("/"):  # pyright: ignore[reportUnknownArgumentType]
                found = found[part]
            value = found
        return value  # pyright: ignore[reportUnknownVariableType]

    def fields(self, schema: Any, depth: int = 0, seen: tuple[int, ...] = ()) -> list[Field]:
        """Return the fields of an object, and below each those of the objects in it, two levels deep."""
        schema = self._inner(schema)
        if depth > 2 or id(schema) in seen:
            return []
        found: list[Field] = []
        for name, of in schema.get("properties", {}).items():
            field = self.at(of)
            required = name in schema.get("required", ())
            found.append(Field(name, self.type_of(field), required, self._words(of, field), depth))
            found += self.fields(field, depth + 1, (*seen, id(schema)))
        return found

    def type_of(self, schema: Any) -> str:
        """Return the type of a schema in a word or two."""
        schema = self.at(schema)
        if "const" in schema:
            return json.dumps(schema["const"])
        if "enum" in schema:
            return " | ".join(json.dumps(value) for value in schema["enum"])
        for key in ("anyOf", "oneOf"):
            if key in schema:
                return " | ".join(dict.fromkeys(self.type_of(option) for option in schema[key][:4]))
        kind = schema.get("type", "any")
        if isinstance(kind, list):
            return " | ".join(str(one) for one in kind)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        if kind == "array" and "items" in schema:
            return f"array of {self.type_of(schema['items'])}"
        return str(kind)

    def _inner(self, schema: Any) -> Schema:
        """Return the object that a schema is about: of null or an object the object, of an array its entries."""
        schema = self.at(schema)
        for key in ("anyOf", "oneOf"):
            if key in schema:
                objects = [self.at(option) for option in schema[key]]
                return next((one for one in objects if "properties" in one), Schema())
        return self._inner(schema["items"]) if "items" in schema else schema

    def _one_of(self, schema: Any) -> tuple[Schema, str]:
        """Return one variant of a body that depends on the model, and what to say of that."""
        schema = self.at(schema)
        variants = schema.get("oneOf")
        if not variants or "discriminator" not in schema:
            return schema, ""
        one = self.at(variants[0])
        common = {name: field for name, field in one["properties"].items() if name != "params"}
        shown: Mapping[str, Any] = {
            name: {"type": "object", "description": "The model's own params."}
            if name == "params"
            else {"type": "string", "description": "The id of a model."}
            if name == "model"
            else common[name]
            for name in one["properties"]
        }
        required = [name for name in one.get("required", ()) if name != "params"]
        return {"type": "object", "properties": shown, "required": required}, schema.get("description", "")

    def _parameter(self, parameter: Schema) -> Field:
        return Field(
            parameter["name"],
            self.type_of(parameter["schema"]),
            parameter.get("required", False),
            parameter.get("description", ""),
            place=parameter["in"],
        )

    def _answer(self, status: str, answer: Schema) -> Answer:
        media_type, content = _first(answer.get("content", {}))
        schema = content.get("schema", {})
        return Answer(
            status,
            answer.get("description", ""),
            self.fields(schema) if media_type == "application/json" and status < "400" else [],
            self._examples(content, media_type),
            media_type,
        )

    def _examples(self, content: Schema, media_type: str = "application/json") -> list[tuple[str, str]]:
        if "example" in content:
            return [("", _pretty(content["example"]))]
        shown = _event if media_type == "text/event-stream" else _pretty
        return [(name, shown(self.at(one)["value"])) for name, one in content.get("examples", {}).items()]

    def _example(self, content: Schema) -> str:
        examples = self._examples(content)
        return examples[0][1] if examples else ""

    @staticmethod
    def _words(of: Any, field: Any) -> str:
        return str(of.get("description") or field.get("description") or "")


def _first(content: Schema) -> tuple[str, Schema]:
    """Return the media type of a body and what is said of it; nothing of no body."""
    return next(iter(content.items()), ("", Schema()))


def _event(value: Any) -> str:
    """Return an event of a stream as it goes over the wire."""
    return f"event: {value['event']}\ndata: {value['data']}"


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
