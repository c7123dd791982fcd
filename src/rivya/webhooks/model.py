"""Endpoints, events, deliveries and attempts as the database holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NewType

import asyncpg

from rivya.kit.ids import AccountId, TaskId

EndpointId = NewType("EndpointId", str)
EventId = NewType("EventId", str)
DeliveryId = NewType("DeliveryId", str)

EndpointStatus = Literal["active", "disabled", "revoked"]
DeliveryStatus = Literal["pending", "succeeded", "failed"]
DisabledReason = Literal["owner", "gone", "failing"]
TaskEventType = Literal["generation.succeeded", "generation.failed"]
EventType = Literal["generation.succeeded", "generation.failed", "webhook.test"]

TASK_EVENTS: tuple[TaskEventType, ...] = ("generation.succeeded", "generation.failed")
"""What an endpoint may ask to hear of; a test comes unasked."""

TEST: EventType = "webhook.test"
EVENTS: tuple[EventType, ...] = (*TASK_EVENTS, TEST)

API_VERSION = "2026-05-11"
"""The version of the payload, not of the program."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an account hears of its events. ``secret`` and ``old_secret`` are sealed (webhooks/sealed.py)."""

    account: AccountId
    id: EndpointId
    name: str
    url: str
    event_types: tuple[TaskEventType, ...]
    status: EndpointStatus
    secret: bytes
    secret_preview: str
    old_secret: bytes | None
    old_secret_until: datetime | None
    last_success_at: datetime | None
    last_failure_at: datetime | None
    failing_since: datetime | None
    failure_count: int
    disabled_reason: DisabledReason | None
    created_at: datetime
    updated_at: datetime
    disabled_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; ``task`` is None for a test."""

    account: AccountId
    id: EventId
    type: EventType
    task: TaskId | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request that was sent, and what came of it."""

    at: datetime
    response_status: int | None
    response_body: str | None
    error: str | None
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one endpoint. ``tries`` is its place in the schedule."""

    account: AccountId
    id: DeliveryId
    endpoint: EndpointId
    event: EventId
    event_type: EventType
    status: DeliveryStatus
    tries: int
    next_attempt_at: datetime | None
    created_at: datetime


Row = asyncpg.Record | Mapping[str, Any]


def endpoint_of(row: Row) -> Endpoint:
    """Return the endpoint of a row of ``webhook_endpoints``."""
    return Endpoint(
        account=AccountId(row["account_id"]),
        id=EndpointId(row["id"]),
        name=row["name"],
        url=row["url"],
        event_types=tuple(row["event_types"]),
        status=row["status"],
        secret=row["secret"],
        secret_preview=row["secret_preview"],
        old_secret=row["old_secret"],
        old_secret_until=row["old_secret_until"],
        last_success_at=row["last_success_at"],
        last_failure_at=row["last_failure_at"],
        failing_since=row["failing_since"],
        failure_count=row["failure_count"],
        disabled_reason=row["disabled_reason"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        disabled_at=row["disabled_at"],
        revoked_at=row["revoked_at"],
    )


def event_of(row: Row) -> Event:
    """Return the event of a row of ``events``."""
    task = row["task_id"]
    return Event(
        account=AccountId(row["account_id"]),
        id=EventId(row["id"]),
        type=row["type"],
        task=TaskId(task) if task is not None else None,
        created_at=row["created_at"],
    )


def delivery_of(row: Row) -> Delivery:
    """Return the delivery of a row of ``webhook_deliveries``."""
    return Delivery(
        account=AccountId(row["account_id"]),
        id=DeliveryId(row["id"]),
        endpoint=EndpointId(row["endpoint_id"]),
        event=EventId(row["event_id"]),
        event_type=row["event_type"],
        status=row["status"],
        tries=row["tries"],
        next_attempt_at=row["next_attempt_at"],
        created_at=row["created_at"],
    )
