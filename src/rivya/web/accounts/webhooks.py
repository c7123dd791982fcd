"""/settings/webhooks: the same verbs as the API's, for the account that is signed in."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get, post

from rivya.errors import NotFound, PublicError, ValidationFailed
from rivya.http import Call, invalid
from rivya.kit.pages import page
from rivya.web.accounts.forms import Fields, Shown, one, told, wrong
from rivya.web.csrf import checked_form
from rivya.web.page import render
from rivya.web.visitor import Visitor, signed_in
from rivya.webhooks.model import TASK_EVENTS
from rivya.webhooks.schemas import ChangeEndpoint, CreateEndpoint, EndpointObject

_PATH = "/settings/webhooks"
_FIELDS = ("name", "url", "event_types")
_MOST_SHOWN = "100"


@get(_PATH)
async def webhooks_page(request: Call) -> Response[Any]:
    """Show the endpoints, and the form for another one."""
    return await _page(request, await signed_in(request))


@post(_PATH)
async def create_webhook(request: Call) -> Response[Any]:
    """Make an endpoint; its secret is on this one page, and nowhere after."""
    who = await signed_in(request)
    form = await checked_form(request, who)
    try:
        wanted = _converted(form)
        answer = await request.app.state.webhook_endpoints.create(wanted, account=who.account, idempotency_key=None)
    except PublicError as error:
        return await _page(request, who, wrong(form, error, fields=_FIELDS), chosen=form, status=error.status)
    return await _page(request, who, made=msgspec.json.decode(answer.body, type=EndpointObject))


@get(_PATH + "/{endpoint:str}")
async def webhook_page(request: Call, endpoint: str) -> Response[Any]:
    """Show one endpoint with its deliveries and every attempt."""
    return await _one(request, await signed_in(request), endpoint)


@post(_PATH + "/{endpoint:str}")
async def change_webhook(request: Call, endpoint: str) -> Response[Any]:
    """Do to an endpoint what the button says."""
    who = await signed_in(request)
    form = await checked_form(request, who)
    state, account = request.app.state, who.account
    here = f"{_PATH}/{endpoint}"
    try:
        match one(form, "act"):
            case "test":
                await state.webhook_deliveries.test(account=account, endpoint=endpoint, idempotency_key=None)
                return told(request, here, "A test is on its way: it is in the list below.")
            case "redeliver":
                await state.webhook_deliveries.redeliver(
                    account=account, endpoint=endpoint, delivery=one(form, "delivery"), idempotency_key=None
                )
                return told(request, here, "The delivery has begun anew.")
            case "rotate":
                answer = await state.webhook_endpoints.rotate_secret(
                    account=account, endpoint=endpoint, idempotency_key=None
                )
                return await _one(request, who, endpoint, made=msgspec.json.decode(answer.body, type=EndpointObject))
            case "enable" | "disable" as act:
                change = ChangeEndpoint(status="active" if act == "enable" else "disabled")
                await state.webhook_endpoints.change(change, account=account, endpoint=endpoint)
                return told(request, here, "Saved.")
            case "revoke":
                await state.webhook_endpoints.revoke(account=account, endpoint=endpoint)
                return told(request, _PATH, "The endpoint is deleted: nothing is sent there any more.")
            case _:
                raise ValidationFailed("There is no such act.")
    except NotFound:
        raise
    except PublicError as error:
        return await _one(request, who, endpoint, form=wrong(form, error, fields=()), status=error.status)


async def _page(
    request: Call,
    who: Visitor,
    form: Shown | None = None,
    *,
    chosen: Fields | None = None,
    made: EndpointObject | None = None,
    status: int = 200,
) -> Response[str]:
    whole = page(_MOST_SHOWN, None, of="webhooks")
    found = await request.app.state.webhook_endpoints.list(account=who.account, page=whole, status=None)
    return await render(
        request,
        "settings/webhooks.html",
        visitor=who,
        status=status,
        endpoints=[endpoint for endpoint in found if endpoint.status != "revoked"],
        made=made,
        form=form or Shown(),
        types=TASK_EVENTS,
        chosen_types=TASK_EVENTS if chosen is None else chosen.get("event_types", []),
    )


async def _one(
    request: Call,
    who: Visitor,
    endpoint: str,
    *,
    form: Shown | None = None,
    made: EndpointObject | None = None,
    status: int = 200,
) -> Response[str]:
    state = request.app.state
    found = await state.webhook_endpoints.read(account=who.account, endpoint=endpoint)
    deliveries = await state.webhook_deliveries.list(
        account=who.account,
        endpoint=endpoint,
        page=page("50", None, of=f"deliveries of {endpoint}"),
        status=None,
        event_type=None,
    )
    return await render(
        request,
        "settings/webhook.html",
        visitor=who,
        status=status,
        endpoint=found,
        deliveries=deliveries[:50],
        made=made,
        form=form or Shown(),
    )


def _converted(form: Fields) -> CreateEndpoint:
    fields = {
        "name": one(form, "name").strip(),
        "url": one(form, "url").strip(),
        "event_types": list(form.get("event_types", [])),
    }
    try:
        return msgspec.convert(fields, CreateEndpoint)
    except msgspec.ValidationError as error:
        raise invalid(error) from error
