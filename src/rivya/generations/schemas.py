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
    prompt: str | None = None
    params: dict[str, Any] = {}
    client_request_id: Trace | None = None


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
    param: str | None
    value: str | int | float | None
    factor: Annotated[float, Meta(ge=0)]


class EstimateObject(msgspec.Struct, frozen=True):
    """What a request would reserve: the product of the factors, rounded up, at least 1."""

    model: str
    estimated_credits: Annotated[int, Meta(ge=1)]
    breakdown: list[EstimateFactor]


class TaskResult(msgspec.Struct, frozen=True):
    primary_url: str
    urls: list[str]


class TaskObject(msgspec.Struct, frozen=True):
    """The task as clients see it."""

    id: Annotated[str, id_of("task")]
    status: Status
    model: str
    reserved_credits: Whole
    final_credits: Whole
    created_at: str
    updated_at: str
    result: TaskResult | None
    error: TaskError | None
    client_request_id: Trace | None
    progress: Annotated[int, Meta(ge=0, le=100)] | None
    cancellation: Cancellation | None


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
