"""The request for a chat turn: one schema and one example for each model."""

from __future__ import annotations

from collections.abc import Iterable

from rivya.catalog.model import ChatCapabilities, Model
from rivya.openapi.schema import Schema, described, ref, text

_MOST_MESSAGE = 20_000
_MOST_ATTACHMENTS = 8
_MESSAGE = "What is the capital of France?"


def chat_schemas(name: str, request: Schema, models: Iterable[Model]) -> dict[str, Schema]:
    """Return the component ``name``, one of whose variants a request is; ``request`` is what they have in common."""
    variants = {model.id: (f"{name}.{model.id}", model, model.chat) for model in models if model.chat is not None}
    return {
        name: {
            "description": "An option that a model does not have is refused unless it is left at its default.",
            "oneOf": [ref(variant) for variant, _, _ in variants.values()],
            "discriminator": {
                "propertyName": "model",
                "mapping": {id: ref(variant)["$ref"] for id, (variant, _, _) in variants.items()},
            },
        },
        **{variant: _request(request, model, chat) for variant, model, chat in variants.values()},
    }


def example_turn(model: Model) -> Schema:
    """Return a request that the model accepts."""
    return {"model": model.id, "message": _MESSAGE}


def _request(request: Schema, model: Model, chat: ChatCapabilities) -> Schema:
    most = min(_MOST_MESSAGE, model.max_prompt_length or _MOST_MESSAGE)
    own = dict(request["properties"])
    own["model"] = described({"const": model.id}, own["model"])
    own["message"] = described(text(most=most, blank=False), own["message"])
    own["attachments"] = {**own["attachments"], "maxItems": _MOST_ATTACHMENTS if chat.image_attachments else 0}
    own["reasoning_effort"] = {**own["reasoning_effort"], "enum": ["default", *chat.reasoning_efforts]}
    if not chat.web_search:
        own["enable_web_search"] = {**own["enable_web_search"], "const": False}
    if not chat.thoughts:
        own["thinking"] = described({"enum": [False, None], "default": None}, own["thinking"])
    return {**request, "title": model.display_name, "properties": own}
