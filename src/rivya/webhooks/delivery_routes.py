"""The routes below an endpoint: what is sent to it, and what is to be sent again."""

from __future__ import annotations

from typing import get_args

import msgspec
from litestar import Response, get, post

from rivya.errors import IdempotencyConflict, NotFound, WebhookEndpointDisabled
from rivya.http import Call, asked_page, caller, idempotency_key, json_response, read_json
from rivya.kit.pages import ListObject, listed
from rivya.operation import PAGED, Operation, Query
from rivya.webhooks.calls import SCOPE, answered, one_of
from rivya.webhooks.endpoints import ROUTE
from rivya.webhooks.model import EVENTS, DeliveryStatus
from rivya.webhooks.replay import Deliveries
from rivya.webhooks.schemas import DeliveryObject, ReplayObject, StartReplay

_DELIVERY_STATUSES: tuple[DeliveryStatus, ...] = get_args(DeliveryStatus)
_encode = msgspec.json.Encoder().encode


@post(
    "/{endpoint_id:str}/test",
    status_code=202,
    operation=Operation(
        "testWebhook",
        "Webhooks",
        "Send a test",
        scope=SCOPE,
        answer=DeliveryObject,
        errors=(NotFound, WebhookEndpointDisabled, IdempotencyConflict),
        idempotent=True,
    ),
)
async def test(request: Call, endpoint_id: str) -> Response[bytes]:
    """Send an event of the type `webhook.test`, whatever types the endpoint asks for."""
    key = await caller(request)
    answer = await _deliveries(request).test(
        account=key.account, endpoint=endpoint_id, idempotency_key=idempotency_key(request)
    )
    delivery = msgspec.json.decode(answer.body, type=_Id).id
    return answered(answer, status=202, headers={"Location": _path(endpoint_id, delivery)})


@get(
    "/{endpoint_id:str}/deliveries",
    operation=Operation(
        "listWebhookDeliveries",
        "Webhooks",
        "List deliveries",
        scope=SCOPE,
        answer=ListObject[DeliveryObject],
        query=(
            *PAGED,
            Query("status", {"type": "string", "enum": list(_DELIVERY_STATUSES)}, "Only deliveries in this state."),
            Query("event_type", {"type": "string", "enum": list(EVENTS)}, "Only deliveries of events of this type."),
        ),
        errors=(NotFound,),
    ),
)
async def list_deliveries(request: Call, endpoint_id: str) -> Response[bytes]:
    """Return what was sent to an endpoint, newest first, with its attempts."""
    key = await caller(request)
    status = one_of(request, "status", _DELIVERY_STATUSES)
    event_type = one_of(request, "event_type", EVENTS)
    wanted = asked_page(request, of="webhook deliveries")
    rows = await _deliveries(request).list(
        account=key.account, endpoint=endpoint_id, page=wanted, status=status, event_type=event_type
    )
    return json_response(_encode(listed(rows, wanted, id_of=lambda one: one.id, show=lambda one: one)))


@get(
    "/{endpoint_id:str}/deliveries/{delivery_id:str}",
    operation=Operation(
        "getWebhookDelivery", "Webhooks", "Read a delivery", scope=SCOPE, answer=DeliveryObject, errors=(NotFound,)
    ),
)
async def read_delivery(request: Call, endpoint_id: str, delivery_id: str) -> Response[bytes]:
    """Return a delivery with its attempts."""
    key = await caller(request)
    return json_response(
        await _deliveries(request).read(account=key.account, endpoint=endpoint_id, delivery=delivery_id)
    )


@post(
    "/{endpoint_id:str}/deliveries/{delivery_id:str}/redeliver",
    status_code=202,
    operation=Operation(
        "redeliverWebhook",
        "Webhooks",
        "Send a delivery again",
        scope=SCOPE,
        answer=DeliveryObject,
        errors=(NotFound, WebhookEndpointDisabled, IdempotencyConflict),
        idempotent=True,
    ),
)
async def redeliver(request: Call, endpoint_id: str, delivery_id: str) -> Response[bytes]:
    """Send a delivery again, however it ended: now, and then by the whole schedule. Its event id stays the same."""
    key = await caller(request)
    answer = await _deliveries(request).redeliver(
        account=key.account, endpoint=endpoint_id, delivery=delivery_id, idempotency_key=idempotency_key(request)
    )
    return answered(answer, status=202, headers={"Location": _path(endpoint_id, delivery_id)})


@post(
    "/{endpoint_id:str}/replay",
    status_code=202,
    operation=Operation(
        "replayWebhook",
        "Webhooks",
        "Send missed events again",
        scope=SCOPE,
        body=StartReplay,
        answer=ReplayObject,
        errors=(NotFound, WebhookEndpointDisabled, IdempotencyConflict),
        idempotent=True,
    ),
)
async def replay(request: Call, endpoint_id: str) -> Response[bytes]:
    """Send again what happened in a stretch of time, of the types that the endpoint asks for, at most 10,000 events.

    `failed` is all that it did not get: what failed for good, and what happened while it was disabled or not yet there.
    What is on its way is left alone.
    """
    key = await caller(request)
    wanted = await read_json(request, StartReplay)
    answer = await _deliveries(request).replay(
        wanted, account=key.account, endpoint=endpoint_id, idempotency_key=idempotency_key(request)
    )
    return answered(answer, status=202, headers={"Location": _path(endpoint_id)})


class _Id(msgspec.Struct):
    id: str


def _path(endpoint: str, *delivery: str) -> str:
    """Return where a delivery can be read; without one, where all of an endpoint can."""
    return "/".join((ROUTE, endpoint, "deliveries", *delivery))


def _deliveries(request: Call) -> Deliveries:
    return request.app.state.webhook_deliveries
