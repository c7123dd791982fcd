"""Small words of JSON Schema (2020-12) that the whole document is written in."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

NO_NUL = r"^[^\u0000]*$"
"""A database cannot keep a NUL."""

_BLANK = r"\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
NOT_BLANK = rf"^[^\u0000]*[^\u0000{_BLANK}][^\u0000]*$"
"""Something that is not white space (as Python has it), and no NUL."""


def ref(name: str, *, of: str = "schemas") -> Schema:
    """Return a reference to a component."""
    return {"$ref": f"#/components/{of}/{name}"}


def text(*, most: int | None, blank: bool = True) -> Schema:
    """Return the schema of a text of at most so many characters, which may be ``blank`` or not."""
    longest: Schema = {} if most is None else {"maxLength": most}
    if blank:
        return {"type": "string", **longest, "pattern": NO_NUL}
    return {"type": "string", "minLength": 1, **longest, "pattern": NOT_BLANK}


def nullable(schema: Schema) -> Schema:
    """Return a schema that takes null as well."""
    return {**schema, "type": [schema["type"], "null"]}


def described(schema: Schema, common: Schema) -> Schema:
    """Return a schema with the words of the one that it takes the place of."""
    return {**schema, "description": common["description"]}


def prose(text: str) -> str:
    """Return a docstring as Markdown: each paragraph on one line, code in single backticks."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.replace("``", "`").strip().split("\n\n"))
