"""What goes over the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from rivya.kit.clock import iso
from rivya.kit.wire import Whole, id_of, url_like
from rivya.webhooks.model import (
    Attempt,
    Delivery,
    DeliveryStatus,
    DisabledReason,
    Endpoint,
    EndpointStatus,
    EventType,
    TaskEventType,
)

Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\u0000]*$")]
Url = Annotated[str, url_like("https://app.example.com/rivya"), Meta(min_length=1, max_length=4096)]
EventTypes = Annotated[list[TaskEventType], Meta(min_length=1, max_length=10)]
Moment = Annotated[datetime, Meta(tz=True, examples=["2026-05-11T09:30:00.000Z"])]


class CreateEndpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /webhooks."""

    name: Name
    """A name to tell endpoints apart."""
    url: Url
    """Where events go: https, and a public host."""
    event_types: EventTypes
    """Which events it hears of."""


class ChangeEndpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of PATCH /webhooks/{endpointId}: what is not in it stays as it is."""

    name: Name | UnsetType = UNSET
    """Another name."""
    url: Url | UnsetType = UNSET
    """Another address: https, and a public host."""
    event_types: EventTypes | UnsetType = UNSET
    """Which events it hears of from now on."""
    status: Literal["active", "disabled"] | UnsetType = UNSET
    """`active` also puts an endpoint to use again that was disabled for its failures."""


class StartReplay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /webhooks/{endpointId}/replay."""

    since: Moment
    """Events from this moment on."""
    status: Literal["failed", "all"]
    """`failed`: what the endpoint did not get. `all`: also what it got."""
    until: Moment | None = None
    """Events before this moment; without it, all until now."""


class EndpointObject(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook endpoint."""

    id: Annotated[str, id_of("whend")]
    """The id of the endpoint."""
    object: str = "webhook_endpoint"
    name: str
    """Its name."""
    url: str
    """Where events go."""
    event_types: list[TaskEventType]
    """Which events it hears of."""
    status: EndpointStatus
    """Whether it is used."""
    secret_preview: str
    """What may be shown of the signing secret again."""
    signing_secret: str | UnsetType = UNSET
    """Shown once: when the endpoint is made, and when its secret is changed."""
    last_success_at: str | None
    """When it last took an event."""
    last_failure_at: str | None
    """When an attempt last failed."""
    failure_count: Whole
    """How many attempts failed since the last success."""
    disabled_reason: DisabledReason | None
    """`owner`: you did it. `gone`: it answered 410. `failing`: it has only failed for 5 days."""
    created_at: str
    updated_at: str
    disabled_at: str | None
    """When it was disabled; null unless it is."""
    revoked_at: str | None
    """When it was deleted; null unless it is."""


class AttemptObject(msgspec.Struct, frozen=True):
    """One request that was sent to an endpoint, and what came of it."""

    at: Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
    """When it was sent."""
    response_status: int | None
    """What was answered; null when nothing was."""
    response_body: str | None
    """At most its first 4 KB."""
    error: str | None
    """Why there was no answer."""
    duration_ms: Whole
    """How long the answer took."""


class DeliveryObject(msgspec.Struct, frozen=True, kw_only=True):
    """One event on its way to one endpoint."""

    id: Annotated[str, id_of("whdel")]
    """The id of the delivery."""
    object: str = "webhook_delivery"
    endpoint_id: Annotated[str, id_of("whend")]
    """Where it goes."""
    event_id: Annotated[str, id_of("evt")]
    """Which event it carries: the `webhook-id` of each attempt."""
    event_type: EventType
    """What the event says."""
    status: DeliveryStatus
    """Whether it got there."""
    attempts: list[AttemptObject]
    """The newest 20, oldest first."""
    next_attempt_at: str | None
    """When it is tried next; null when it is not."""
    created_at: str


class ReplayObject(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay put on its way."""

    object: str = "webhook_replay"
    endpoint_id: Annotated[str, id_of("whend")]
    """Where they go."""
    status: Literal["failed", "all"]
    """Which were asked for."""
    count: Whole
    """How many events are on their way, at most 10,000."""
    has_more: bool
    """Whether there are more than these."""
    next_since_at: str | None
    """Where to go on, as `since`, when there are more."""


def endpoint_object(endpoint: Endpoint, *, secret: str | None = None) -> EndpointObject:
    """Return an endpoint for the wire, with its secret only when that is new."""
    return EndpointObject(
        id=endpoint.id,
        name=endpoint.name,
        url=endpoint.url,
        event_types=list(endpoint.event_types),
        status=endpoint.status,
        secret_preview=endpoint.secret_preview,
        signing_secret=secret if secret is not None else UNSET,
        last_success_at=_iso(endpoint.last_success_at),
        last_failure_at=_iso(endpoint.last_failure_at),
        failure_count=endpoint.failure_count,
        disabled_reason=endpoint.disabled_reason,
        created_at=iso(endpoint.created_at),
        updated_at=iso(endpoint.updated_at),
        disabled_at=_iso(endpoint.disabled_at),
        revoked_at=_iso(endpoint.revoked_at),
    )


def delivery_object(delivery: Delivery, attempts: Sequence[Attempt]) -> DeliveryObject:
    """Return a delivery for the wire."""
    return DeliveryObject(
        id=delivery.id,
        endpoint_id=delivery.endpoint,
        event_id=delivery.event,
        event_type=delivery.event_type,
        status=delivery.status,
        attempts=[
            AttemptObject(iso(one.at), one.response_status, one.response_body, one.error, one.duration_ms)
            for one in attempts
        ],
        next_attempt_at=_iso(delivery.next_attempt_at),
        created_at=iso(delivery.created_at),
    )


def _iso(moment: datetime | None) -> str | None:
    return iso(moment) if moment is not None else None
