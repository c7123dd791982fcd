"""/settings/api-keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from litestar import Response, get, post

from rivya.accounts import audit
from rivya.errors import NotFound, PublicError, ValidationFailed
from rivya.http import Call
from rivya.keys import service as keys
from rivya.keys.model import LIFETIMES_DAYS, MOST_GRACE_DAYS, SCOPES, IssuedKey, KnownKey
from rivya.kit.clock import utc_now
from rivya.web.accounts.forms import Fields, Shown, one, told, wrong
from rivya.web.csrf import checked_form
from rivya.web.page import render
from rivya.web.visitor import Visitor, device, signed_in

_PATH = "/settings/api-keys"
_MOST_NAME = 100
_FIELDS = ("name", "scopes", "expiry", "requests_a_minute", "credits_a_month")


@get(_PATH)
async def keys_page(request: Call) -> Response[Any]:
    """Show the keys, and the form for another one."""
    return await _page(request, await signed_in(request))


@post(_PATH)
async def create_key(request: Call) -> Response[Any]:
    """Make a key; its secret is on this one page, and nowhere after."""
    who = await signed_in(request)
    form = await checked_form(request, who)
    try:
        made = await keys.issue(
            request.app.state.pool,
            account=who.account,
            name=_name(one(form, "name")),
            scopes=form.get("scopes", []),
            expires_at=_expiry(one(form, "expiry")),
            credits_a_month=_limit(form, "credits_a_month"),
            requests_a_minute=_limit(form, "requests_a_minute"),
        )
    except PublicError as error:
        return await _page(request, who, wrong(form, error, fields=_FIELDS), chosen=form, status=error.status)
    await _note(request, who, "key.create", made.id)
    return await _page(request, who, made=made)


@post(f"{_PATH}/rotate")
async def rotate_key(request: Call) -> Response[Any]:
    """Make a key in the place of another, which lives on for the chosen grace."""
    who = await signed_in(request)
    form = await checked_form(request, who)
    key = await _own(request, who, one(form, "key"))
    try:
        grace = timedelta(days=_grace(one(form, "grace_days")))
        made = await keys.rotate(request.app.state.pool, key=key.id, grace=grace)
    except PublicError as error:
        return await _page(request, who, wrong(form, error, fields=()), status=error.status)
    await _note(request, who, "key.rotate", key.id)
    return await _page(request, who, made=made)


@post(f"{_PATH}/revoke")
async def revoke_key(request: Call) -> Response[Any]:
    """Revoke a key, for good."""
    who = await signed_in(request)
    form = await checked_form(request, who)
    key = await _own(request, who, one(form, "key"))
    await keys.revoke(request.app.state.pool, key=key.id)
    await _note(request, who, "key.revoke", key.id)
    return told(request, _PATH, f"{key.name} is revoked: every process refuses it by now.")


async def _own(request: Call, who: Visitor, key: str) -> KnownKey:
    for known in await keys.list_keys(request.app.state.pool, account=who.account):
        if known.id == key:
            return known
    raise NotFound


async def _note(request: Call, who: Visitor, action: str, key: str) -> None:
    await audit.note(
        request.app.state.pool,
        account=who.account,
        actor=who.account,
        action=action,
        details={"key": key},
        address=device(request).address,
    )


async def _page(
    request: Call,
    who: Visitor,
    form: Shown | None = None,
    *,
    chosen: Fields | None = None,
    made: IssuedKey | None = None,
    status: int = 200,
) -> Response[str]:
    now = utc_now()
    known = await keys.list_keys(request.app.state.pool, account=who.account)
    return await render(
        request,
        "settings/keys.html",
        visitor=who,
        status=status,
        keys=[(key, key.state(now)) for key in known],
        made=made,
        form=form or Shown({"expiry": "none"}),
        scopes=SCOPES,
        chosen_scopes=SCOPES if chosen is None else chosen.get("scopes", []),
        lifetimes=[("none", "never"), *((days, f"in {days} days") for days in LIFETIMES_DAYS)],
        most_grace=MOST_GRACE_DAYS,
        base_url=request.app.state.settings.base_url,
    )


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > _MOST_NAME or not name.isprintable():
        raise ValidationFailed(f"Give the key a name of 1 to {_MOST_NAME} characters.", param="name")
    return name


def _expiry(text: str) -> Any:
    if text in ("", "none"):
        return None
    if text not in {str(days) for days in LIFETIMES_DAYS}:
        raise ValidationFailed("Choose when the key expires.", param="expiry")
    return utc_now() + timedelta(days=int(text))


def _limit(form: Fields, name: str) -> int | None:
    text = one(form, name).strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise ValidationFailed("Give a whole number, or leave it empty for no limit.", param=name)
    return int(text)


def _grace(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 2:
        raise ValidationFailed(f"The grace is 0 to {MOST_GRACE_DAYS} days.", param="grace_days")
    return int(text)
