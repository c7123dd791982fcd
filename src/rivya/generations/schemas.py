"""What goes over the wire."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from rivya.catalog.price import Factor, total
from rivya.generations.failure import TaskError
from rivya.generations.model import Cancellation, TaskState
from rivya.generations.states import Status
from rivya.kit.clock import iso
from rivya.kit.wire import Trace, Whole, id_of


class CreateGeneration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /generations."""

    model: str
    """Which model makes it."""
    prompt: str | None = None
    """What is to be made, in words. Whether it is needed depends on the model."""
    params: dict[str, Any] = {}
    """The model's own params; those that are left out count as their defaults."""
    client_request_id: Trace | None = None
    """A trace of yours: the task carries it, and lists can be filtered by it."""


class ReferenceMediaItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """One entry of ``params.referenceMediaItems``."""

    url: str
    kind: str
    name: str | None = None
    mime_type: str | None = None
    duration_seconds: float | None = None
    duration_token: str | None = None


class EstimateFactor(msgspec.Struct, frozen=True):
    """One factor of a price: ``base`` credits, that of a chosen ``param``, or the ``units`` that were begun."""

    of: Literal["base", "param", "units"]
    """Where it comes from: the `base` price, a `param`, or `units` that are begun."""
    param: str | None
    """Which param."""
    value: str | int | float | None
    """The value that was chosen, or how much is counted."""
    factor: Annotated[float, Meta(ge=0)]
    """What the price is multiplied by."""


class EstimateObject(msgspec.Struct, frozen=True):
    """What a request would reserve: the product of the factors, rounded up, at least 1."""

    model: str
    """Which model."""
    estimated_credits: Annotated[int, Meta(ge=1)]
    """What the request would set aside now."""
    breakdown: list[EstimateFactor]
    """What the price is made of."""


class TaskResult(msgspec.Struct, frozen=True):
    primary_url: str
    """A link to the first result."""
    urls: list[str]
    """Links to all results, signed and made anew at each read: each is good for a while."""


class TaskObject(msgspec.Struct, frozen=True):
    """The task as clients see it."""

    id: Annotated[str, id_of("task")]
    """The id of the task."""
    status: Status
    """`queued`, `processing`, and in the end `succeeded` or `failed`."""
    model: str
    """Which model makes it."""
    reserved_credits: Whole
    """What was set aside when it was accepted."""
    final_credits: Whole
    """What it cost: 0 until it has succeeded, and for good if it failed."""
    created_at: str
    updated_at: str
    result: TaskResult | None
    """What was made; null until it has succeeded."""
    error: TaskError | None
    """Why it failed; null unless it did."""
    client_request_id: Trace | None
    """The trace that you sent."""
    progress: Annotated[int, Meta(ge=0, le=100)] | None
    """How far it is, in percent, if its provider tells."""
    cancellation: Cancellation | None
    """What became of a wish to cancel it; null when nobody wished to."""


def estimate_object(model: str, found: Sequence[Factor]) -> EstimateObject:
    """Return an estimate for the wire; factors are shown to six digits."""
    shown = [EstimateFactor(one.of, one.param, one.value, round(float(one.factor), 6)) for one in found]
    return EstimateObject(model, total(found), shown)


def task_object(task: TaskState, sign: Callable[[str], str]) -> TaskObject:
    """Return a task for the wire; ``sign`` turns an object's key into a link that lives from now on."""
    result = None
    if task.result is not None:
        urls = [sign(media.key) for media in task.result.media]
        result = TaskResult(primary_url=urls[0], urls=urls)
    return TaskObject(
        id=task.id,
        status=task.status,
        model=task.model,
        reserved_credits=task.reserved_credits,
        final_credits=task.final_credits,
        created_at=iso(task.created_at),
        updated_at=iso(task.updated_at),
        result=result,
        error=task.error,
        client_request_id=task.client_request_id,
        progress=task.progress,
        cancellation=task.cancellation,
    )
