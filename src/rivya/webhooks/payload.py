"""What an endpoint is sent, and what ``GET /webhook-events`` shows: the same object, made by the same code.

It is made anew for every attempt, so that the links in it live from then on.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from rivya.files.links import MediaLinks
from rivya.generations.failure import task_error
from rivya.generations.model import TaskState
from rivya.generations.schemas import TaskObject, task_object
from rivya.generations.states import FAILED
from rivya.kit.clock import iso
from rivya.kit.ids import TaskId
from rivya.kit.wire import id_of
from rivya.webhooks.model import API_VERSION, Event, EventType

_encode = msgspec.json.Encoder().encode

_NO_TASK = TaskId("task_00000000000000000000000000")
_SAMPLE = "This is a sample, sent because you asked for a test: no task stands behind it."


class EventObject(msgspec.Struct, frozen=True):
    """An event, exactly as endpoints are sent it."""

    id: Annotated[str, id_of("evt")]
    """The same in every delivery of this event, as `webhook-id`: what was handled before can be told by it."""
    type: EventType
    """What happened."""
    api_version: str
    """The version of this form."""
    created_at: str
    data: TaskObject
    """The task as it ended. In a `webhook.test` a sample whose `error.message` says that it is one."""


def event_object(event: Event, task: TaskState | None, links: MediaLinks) -> EventObject:
    """Return an event for the wire; ``task`` is how its task stands, None for a test, which is of no task."""
    return EventObject(
        id=event.id,
        type=event.type,
        api_version=API_VERSION,
        created_at=iso(event.created_at),
        data=task_object(task if task is not None else _sample(event), links.sign),
    )


def payload(event: Event, task: TaskState | None, links: MediaLinks) -> bytes:
    """Return the body of a delivery."""
    return _encode(event_object(event, task, links))


def _sample(event: Event) -> TaskState:
    """Return a task-shaped sample, so that what reads tasks reads a test too. A failed one: it needs no media."""
    return TaskState(
        id=_NO_TASK,
        status=FAILED,
        model="sample",
        client_request_id=event.type,
        reserved_credits=0,
        created_at=event.created_at,
        updated_at=event.created_at,
        error=task_error("upstream_error", _SAMPLE),
    )
