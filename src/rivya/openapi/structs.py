"""Structs as components: what msgspec says of them, and what their docstrings say to people."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

import msgspec
from msgspec import inspect as shapes

from rivya.openapi.schema import Schema, prose

_REF = "#/components/schemas/{name}"
_MOMENT = {
    "format": "date-time",
    "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$",
    "examples": ["2026-05-11T09:30:00.000Z"],
}
_LIST_OF = re.compile(r"ListObject_(\w+)_")
_COMMON = {
    "object": "What kind of thing this is.",
    "created_at": "When it was made.",
    "updated_at": "When it last changed.",
}
"""What a field of this name means wherever nothing else is said of it."""


def components(*, answers: Sequence[Any], bodies: Sequence[Any]) -> dict[str, Schema]:
    """Return the schemas of structs, and of all structs in them, by name.

    Of what is sent a field with a default may be missing; what is answered holds all its fields, unless they are
    UNSET or the struct omits its defaults.
    """
    found = msgspec.json.schema_components([*bodies, *answers], ref_template=_REF)[1]
    answered = {_name(struct) for struct in _structs_in(answers)}
    for struct in _structs_in([*bodies, *answers]):
        schema = found[_name(struct)]
        _describe(schema, _class_of(struct))
        if _name(struct) in answered:
            _say_what_is_always_there(schema, struct)
    return {_readable(name): _with_readable_refs(schema) for name, schema in sorted(found.items())}


def component_name(struct: Any) -> str:
    """Return the name of a struct's component; a page of X is an XList."""
    return _readable(_name(struct))


def field_descriptions(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Return the text that stands below each field of a struct, by the name that the field has on the wire."""
    wire = {field.name: field.encode_name for field in msgspec.structs.fields(struct)}
    found = {name: _COMMON[name] for name in wire.values() if name in _COMMON}
    for part in reversed(struct.__mro__):
        if issubclass(part, msgspec.Struct) and part is not msgspec.Struct:
            found |= _texts_below_fields(part, wire)
    return found


def _texts_below_fields(struct: type[msgspec.Struct], wire: Mapping[str, str]) -> dict[str, str]:
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(struct))).body
    assert isinstance(definition, ast.ClassDef)
    found: dict[str, str] = {}
    for field, below in zip(definition.body, definition.body[1:], strict=False):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[wire[name]] = prose(text)
            case _:
                pass
    return found


def _name(struct: Any) -> str:
    ((reference,), _) = msgspec.json.schema_components([struct], ref_template="{name}")
    return reference["$ref"]


def _class_of(struct: Any) -> type[msgspec.Struct]:
    return getattr(struct, "__origin__", struct)


def _readable(name: str) -> str:
    return _LIST_OF.sub(r"\1List", name)


def _structs_in(types: Iterable[Any]) -> Iterator[Any]:
    seen: set[Any] = set()
    waiting: list[shapes.Type] = [shapes.type_info(kind) for kind in types]
    while waiting:
        info = waiting.pop()
        if isinstance(info, shapes.StructType) and info.cls not in seen:
            seen.add(info.cls)
            yield info.cls
            waiting += [field.type for field in info.fields]
        inner = [getattr(info, name, None) for name in ("item_type", "key_type", "value_type", "type")]
        waiting += [kind for kind in (*inner, *getattr(info, "types", ())) if isinstance(kind, shapes.Type)]


def _describe(schema: Schema, struct: type[msgspec.Struct]) -> None:
    schema.pop("title", None)
    if "description" in schema:
        schema["description"] = prose(schema["description"])
    words = field_descriptions(struct)
    for name, field in schema["properties"].items():
        if name in words:
            field["description"] = words[name]
        if name == "object" and "default" in field:
            field["const"] = field["default"]
        if name.endswith("_at"):
            _say_that_it_is_a_moment(field)
        if field.pop("contentEncoding", None) is not None:  # a form carries its bytes as they are
            field |= {"format": "binary", "contentMediaType": "application/octet-stream"}


def _say_that_it_is_a_moment(field: Schema) -> None:
    for told in (field, *field.get("anyOf", ())):
        if told.get("type") == "string":
            told |= _MOMENT


def _say_what_is_always_there(schema: Schema, struct: Any) -> None:
    fields = shapes.type_info(struct)
    assert isinstance(fields, shapes.StructType)
    omits = _class_of(struct).__struct_config__.omit_defaults
    schema["required"] = [
        field.encode_name for field in fields.fields if field.required or (not omits and _has_default(field))
    ]
    for field in schema["properties"].values():
        field.pop("default", None)


def _has_default(field: shapes.Field) -> bool:
    """Return False for a field whose default is UNSET, too: msgspec tells no default of it."""
    return field.default is not msgspec.NODEFAULT or field.default_factory is not msgspec.NODEFAULT


def _with_readable_refs(schema: Any) -> Any:
    match schema:
        case {"$ref": str(reference)}:
            return {**schema, "$ref": _readable(reference)}
        case dict():
            return {key: _with_readable_refs(value) for key, value in cast("Schema", schema).items()}
        case list():
            return [_with_readable_refs(item) for item in cast("list[Any]", schema)]
        case _:
            return schema
