"""What the calls about webhooks have in common."""

from __future__ import annotations

from typing import TypeVar

from litestar import Response

from rivya.errors import ValidationFailed
from rivya.http import Call, json_response
from rivya.webhooks.model import DeliveryStatus, EndpointStatus, EventType
from rivya.webhooks.once import Answer

Word = TypeVar("Word", EndpointStatus, DeliveryStatus, EventType)

SCOPE = "webhooks:manage"


def answered(answer: Answer, *, status: int, headers: dict[str, str] | None = None) -> Response[bytes]:
    """Return an answer that says whether it is that of an earlier call."""
    replayed = {"Idempotent-Replayed": "true"} if answer.replayed else {}
    return json_response(answer.body, status=status, headers={**(headers or {}), **replayed})


def one_of(request: Call, name: str, words: tuple[Word, ...]) -> Word | None:
    """Return the word that ``?name=`` is, None if it is not there. Raises ValidationFailed if it is another."""
    given = request.query_params.get(name)
    if given is None:
        return None
    for word in words:
        if word == given:
            return word
    raise ValidationFailed(f"{name} must be one of {', '.join(words)}.", param=name)
