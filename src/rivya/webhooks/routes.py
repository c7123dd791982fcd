"""/api/v1/webhooks and /api/v1/webhook-events."""

from __future__ import annotations

from typing import get_args

import msgspec
from litestar import Response, Router, delete, get, patch, post

from rivya.errors import IdempotencyConflict, NotFound, WebhookUrlRejected
from rivya.http import Call, asked_page, caller, idempotency_key, json_response, read_json
from rivya.kit.pages import ListObject, listed
from rivya.operation import PAGED, Operation, Query
from rivya.webhooks.calls import SCOPE, answered, one_of
from rivya.webhooks.delivery_routes import list_deliveries, read_delivery, redeliver, replay, test
from rivya.webhooks.endpoints import ROUTE, Endpoints
from rivya.webhooks.events import Events
from rivya.webhooks.model import EVENTS, EndpointStatus
from rivya.webhooks.payload import EventObject
from rivya.webhooks.schemas import ChangeEndpoint, CreateEndpoint, EndpointObject, endpoint_object

_STATUSES: tuple[EndpointStatus, ...] = get_args(EndpointStatus)
_encode = msgspec.json.Encoder().encode


@post(
    "/",
    status_code=201,
    operation=Operation(
        "createWebhook",
        "Webhooks",
        "Make an endpoint",
        scope=SCOPE,
        body=CreateEndpoint,
        answer=EndpointObject,
        errors=(WebhookUrlRejected, IdempotencyConflict),
        idempotent=True,
    ),
)
async def create(request: Call) -> Response[bytes]:
    """Make an endpoint. Its `signing_secret` is in this answer only; keep it."""
    key = await caller(request)
    wanted = await read_json(request, CreateEndpoint)
    answer = await _endpoints(request).create(wanted, account=key.account, idempotency_key=idempotency_key(request))
    location = f"{ROUTE}/{msgspec.json.decode(answer.body, type=_Id).id}"
    return answered(answer, status=201, headers={"Location": location})


@get(
    "/",
    operation=Operation(
        "listWebhooks",
        "Webhooks",
        "List endpoints",
        scope=SCOPE,
        answer=ListObject[EndpointObject],
        query=(*PAGED, Query("status", {"type": "string", "enum": list(_STATUSES)}, "Only endpoints in this state.")),
    ),
)
async def list_endpoints(request: Call) -> Response[bytes]:
    """Return the account's endpoints, newest first; revoked ones too."""
    key = await caller(request)
    status = one_of(request, "status", _STATUSES)
    wanted = asked_page(request, of="webhooks")
    rows = await _endpoints(request).list(account=key.account, page=wanted, status=status)
    return json_response(_encode(listed(rows, wanted, id_of=lambda one: one.id, show=endpoint_object)))


@get(
    "/{endpoint_id:str}",
    operation=Operation(
        "getWebhook", "Webhooks", "Read an endpoint", scope=SCOPE, answer=EndpointObject, errors=(NotFound,)
    ),
)
async def read(request: Call, endpoint_id: str) -> Response[bytes]:
    """Return an endpoint, without its secret."""
    key = await caller(request)
    found = await _endpoints(request).read(account=key.account, endpoint=endpoint_id)
    return json_response(_encode(endpoint_object(found)))


@patch(
    "/{endpoint_id:str}",
    operation=Operation(
        "changeWebhook",
        "Webhooks",
        "Change an endpoint",
        scope=SCOPE,
        body=ChangeEndpoint,
        answer=EndpointObject,
        errors=(NotFound, WebhookUrlRejected),
    ),
)
async def change(request: Call, endpoint_id: str) -> Response[bytes]:
    """Change an endpoint's name, URL, event types or status. A revoked one is `not_found` here."""
    key = await caller(request)
    wanted = await read_json(request, ChangeEndpoint)
    changed = await _endpoints(request).change(wanted, account=key.account, endpoint=endpoint_id)
    return json_response(_encode(endpoint_object(changed)))


@delete(
    "/{endpoint_id:str}",
    status_code=200,
    operation=Operation(
        "deleteWebhook", "Webhooks", "Revoke an endpoint", scope=SCOPE, answer=EndpointObject, errors=(NotFound,)
    ),
)
async def revoke(request: Call, endpoint_id: str) -> Response[bytes]:
    """Revoke an endpoint, for good, and return it as it is from now on."""
    key = await caller(request)
    revoked = await _endpoints(request).revoke(account=key.account, endpoint=endpoint_id)
    return json_response(_encode(endpoint_object(revoked)))


@post(
    "/{endpoint_id:str}/rotate-secret",
    status_code=200,
    operation=Operation(
        "rotateWebhookSecret",
        "Webhooks",
        "Change an endpoint's secret",
        scope=SCOPE,
        answer=EndpointObject,
        errors=(NotFound, IdempotencyConflict),
        idempotent=True,
    ),
)
async def rotate_secret(request: Call, endpoint_id: str) -> Response[bytes]:
    """Make a new `signing_secret`, in this answer only. For 24 hours deliveries are signed with the old one too."""
    key = await caller(request)
    answer = await _endpoints(request).rotate_secret(
        account=key.account, endpoint=endpoint_id, idempotency_key=idempotency_key(request)
    )
    return answered(answer, status=200)


@get(
    "/",
    operation=Operation(
        "listWebhookEvents",
        "Webhooks",
        "List events",
        scope=SCOPE,
        answer=ListObject[EventObject],
        query=(*PAGED, Query("type", {"type": "string", "enum": list(EVENTS)}, "Only events of this type.")),
    ),
)
async def list_events(request: Call) -> Response[bytes]:
    """Return what happened in the account, newest first, as endpoints are sent it."""
    key = await caller(request)
    type = one_of(request, "type", EVENTS)
    wanted = asked_page(request, of="webhook events")
    rows = await _events(request).list(account=key.account, page=wanted, type=type)
    return json_response(_encode(listed(rows, wanted, id_of=lambda one: one.id, show=lambda one: one)))


@get(
    "/{event_id:str}",
    operation=Operation(
        "getWebhookEvent", "Webhooks", "Read an event", scope=SCOPE, answer=EventObject, errors=(NotFound,)
    ),
)
async def read_event(request: Call, event_id: str) -> Response[bytes]:
    """Return an event as endpoints are sent it; the links in it live from now on."""
    key = await caller(request)
    return json_response(_encode(await _events(request).read(account=key.account, event=event_id)))


router = Router(
    ROUTE,
    route_handlers=[
        create,
        list_endpoints,
        read,
        change,
        revoke,
        rotate_secret,
        test,
        list_deliveries,
        read_delivery,
        redeliver,
        replay,
    ],
)
events_router = Router("/api/v1/webhook-events", route_handlers=[list_events, read_event])


class _Id(msgspec.Struct):
    id: str


def _endpoints(request: Call) -> Endpoints:
    return request.app.state.webhook_endpoints


def _events(request: Call) -> Events:
    return request.app.state.webhook_events
