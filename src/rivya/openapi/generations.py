"""The request for a generation: one schema and one example for each model."""

from __future__ import annotations

from collections.abc import Iterable

from rivya.catalog.example import example_params, example_prompt
from rivya.catalog.model import Model
from rivya.catalog.validate import REFERENCES
from rivya.openapi.params import PLAIN_VALUE, fields, plain_value
from rivya.openapi.references import example_reference, reference_schemas, references_schema
from rivya.openapi.schema import Schema, described, nullable, ref, text


def request_schemas(name: str, request: Schema, models: Iterable[Model]) -> dict[str, Schema]:
    """Return the component ``name``, one of whose variants a request is, and all that these are made of.

    ``request`` is what they have in common.
    """
    common = request["properties"]
    variants = {model.id: (f"{name}.{model.id}", _request(model, common)) for model in models if model.is_async}
    return {
        name: {
            "description": "What is accepted depends on the model: each has its own params.",
            "oneOf": [ref(variant) for variant, _ in variants.values()],
            "discriminator": {
                "propertyName": "model",
                "mapping": {model: ref(variant)["$ref"] for model, (variant, _) in variants.items()},
            },
        },
        **dict(variants.values()),
        **reference_schemas(),
        PLAIN_VALUE: plain_value(),
    }


def example_request(model: Model, *, media_url: str) -> Schema:
    """Return a request that the model accepts; the references that it needs are links below ``media_url``."""
    params = example_params(model.params)
    if (rule := model.reference_media) is not None and rule.min_files:
        params[REFERENCES] = [example_reference(rule.kinds[0], media_url=media_url)] * rule.min_files
    prompt = example_prompt(model)
    return {"model": model.id, **({"prompt": prompt} if prompt is not None else {}), "params": params}


def _request(model: Model, common: Schema) -> Schema:
    params = fields(model.params)
    if (rule := model.reference_media) is not None:
        params["properties"][REFERENCES] = references_schema(rule)
        if rule.min_files:
            params.setdefault("required", []).append(REFERENCES)
    needed = {"prompt": model.prompt == "required", "params": bool(params.get("required"))}
    return {
        "type": "object",
        "title": model.display_name,
        "description": _in_words(model),
        "properties": {
            "model": described({"const": model.id}, common["model"]),
            "prompt": described(_prompt(model), common["prompt"]),
            "params": described(params, common["params"]),
            "client_request_id": common["client_request_id"],
        },
        "required": ["model", *(name for name, is_needed in needed.items() if is_needed)],
        "additionalProperties": False,
    }


def _prompt(model: Model) -> Schema:
    schema = text(most=model.max_prompt_length, blank=model.prompt != "required")
    return schema if model.prompt == "required" else nullable(schema)


def _in_words(model: Model) -> str:
    notices = " ".join(notice.message for notice in model.notices)
    return f"{model.display_name}: {model.category}, from {model.base_credits} credits. {notices}".strip()
