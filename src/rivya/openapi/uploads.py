"""The form of an upload, one for each kind: which models a file of that kind may be meant for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from rivya.catalog.inputs import file_kinds
from rivya.catalog.model import Model
from rivya.catalog.shape import MediaKind
from rivya.openapi.schema import Schema, described, ref


def upload_schemas(name: str, form: Schema, models: Iterable[Model]) -> dict[str, Schema]:
    """Return the component ``name``, one of whose variants an upload is; ``form`` is what they have in common."""
    takers = {model.id: file_kinds(model) for model in models}
    names = {kind: f"{name}.{kind}" for kind in get_args(MediaKind)}
    variants = {
        names[kind]: _of_kind(form, kind, sorted(id for id, kinds in takers.items() if kind in kinds))
        for kind in get_args(MediaKind)
    }
    return {
        name: {
            "description": form["description"],
            "oneOf": [ref(variant) for variant in variants],
            "discriminator": {
                "propertyName": "kind",
                "mapping": {kind: ref(variant)["$ref"] for kind, variant in names.items()},
            },
        },
        **variants,
    }


def _of_kind(form: Schema, kind: MediaKind, models: list[str]) -> Schema:
    properties = form["properties"]
    model = {**properties["model"], "enum": models} if models else False
    return {
        **form,
        "title": f"{kind.capitalize()}",
        "properties": {**properties, "kind": described({"const": kind}, properties["kind"]), "model": model},
    }
