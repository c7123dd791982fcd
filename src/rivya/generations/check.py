"""Check a request for a generation against its model, as far as that needs nobody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from rivya.catalog.model import Model
from rivya.catalog.price import Factor, factors
from rivya.catalog.prompt import made_prompt
from rivya.catalog.reference_rules import check_references
from rivya.catalog.validate import REFERENCES, check_params, check_prompt
from rivya.errors import ValidationFailed
from rivya.files.references import MOST_URL, Reference
from rivya.generations.schemas import CreateGeneration, ReferenceMediaItem
from rivya.generations.states import STATUSES

REFERENCES_PATH = f"params.{REFERENCES}"
_MOST_TRACE = 128


@dataclass(frozen=True, slots=True)
class Checked:
    """A request that its model takes, once its references are what they should be."""

    model: Model
    prompt: str
    params: dict[str, object]
    references: Sequence[ReferenceMediaItem]
    client_request_id: str | None

    def factors(self, references: Sequence[Reference]) -> list[Factor]:
        """Return what the price is made of, given those references that last some time."""
        seconds = sum(one.duration_s or 0 for one in references)
        return factors(self.model, prompt=self.prompt, params=self.params, reference_seconds=seconds)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which tasks of a list are wanted; None: all."""

    status: str | None = None
    model: str | None = None
    client_request_id: str | None = None


def check(models: Mapping[str, Model], request: CreateGeneration) -> Checked:
    """Return the request as its model takes it, defaults filled in. Raises ValidationFailed."""
    model = models.get(request.model)
    if model is None or not model.is_async:
        raise ValidationFailed(f"There is no model {request.model[:100]!r} for generations.", param="model")
    check_trace(request.client_request_id)
    prompt = check_prompt(model, request.prompt)
    params = check_params(model, request.params)
    prompt = made_prompt(model, prompt, params)
    try:
        items = msgspec.convert(request.params.get(REFERENCES, []), list[ReferenceMediaItem])
    except msgspec.ValidationError as error:
        raise ValidationFailed(f"{REFERENCES_PATH}: {error}", param=REFERENCES_PATH) from error
    check_references(model, [item.kind for item in items])
    for number, item in enumerate(items):
        if not 1 <= len(item.url) <= MOST_URL:
            where = f"{REFERENCES_PATH}[{number}].url"
            raise ValidationFailed(f"{where} must have 1 to {MOST_URL} characters.", param=where)
    return Checked(model, prompt, params, items, request.client_request_id)


def check_trace(trace: str | None) -> None:
    """Raise ValidationFailed unless this may be a ``client_request_id``."""
    if trace is not None and (len(trace) > _MOST_TRACE or "\x00" in trace):
        raise ValidationFailed(
            f"client_request_id must be at most {_MOST_TRACE} characters.", param="client_request_id"
        )


def check_filters(given: Mapping[str, str]) -> Filters:
    """Return what a list's query asks for. Raises ValidationFailed."""
    status = given.get("status")
    if status is not None and status not in STATUSES:
        raise ValidationFailed(f"status must be one of {', '.join(STATUSES)}.", param="status")
    model = given.get("model")
    if model is not None and (len(model) > _MOST_TRACE or "\x00" in model):
        raise ValidationFailed("model must be the id of a model.", param="model")
    check_trace(given.get("client_request_id"))
    return Filters(status, model, given.get("client_request_id"))
