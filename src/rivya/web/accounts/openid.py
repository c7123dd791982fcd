"""/sign-in/with/{name} and /sign-in/return: through somebody who vouches, and back. Ways in, in the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import Cookie

from rivya.accounts.openid import identities, service
from rivya.accounts.openid.file import Provider
from rivya.accounts.openid.identities import Identity
from rivya.errors import NotFound, PublicError
from rivya.http import Call
from rivya.web.accounts.forms import Shown, one, see, told, unkept
from rivya.web.csrf import ForeignForm, checked_form
from rivya.web.page import render
from rivya.web.visitor import Visitor, device, is_secure, next_page, signed_in, signed_in_cookie, visitor

_SECURITY = "/settings/security"


@dataclass(frozen=True, slots=True)
class Way:
    """One way into an account, as the settings show it."""

    title: str
    identity: Identity


@dataclass(frozen=True, slots=True)
class WaysIn:
    ways: Sequence[Way]
    others: Sequence[Provider]
    """Those that could be connected."""


def offered(request: Call) -> Sequence[Provider]:
    """Return who may sign people in here."""
    return _openid(request).offered


async def ways_in(request: Call, who: Visitor) -> WaysIn:
    """Return how somebody gets in, beside their password."""
    found = await identities.of_account(request.app.state.pool, account=who.account)
    openid = _openid(request)
    used = {one.issuer for one in found}
    return WaysIn(
        [Way(openid.title_of(one.issuer), one) for one in found],
        [provider for provider in openid.offered if provider.issuer not in used],
    )


@get("/sign-in/with/{name:str}")
async def sign_in_with(request: Call, name: str) -> Response[Any]:
    """Send the browser to somebody who vouches. A link, not a form: our pages' forms lead nowhere but here."""
    going_to = next_page(request.query_params.get("next"))
    if await visitor(request) is not None:
        return see(going_to)
    try:
        begun = await _openid(request).begin(name, going_to=going_to, account=None, device=device(request))
    except PublicError as error:
        if isinstance(error, NotFound):
            raise
        return await _failed(request, error, next=going_to)
    return _sent(request, begun)


@get("/settings/security/connect/{name:str}")
async def connect(request: Call, name: str) -> Response[Any]:
    """Send somebody who is signed in to one who vouches, to make that a way in. Only from a page of ours."""
    who = await signed_in(request)
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise ForeignForm
    try:
        begun = await _openid(request).begin(name, going_to=_SECURITY, account=who.account, device=device(request))
    except PublicError as error:
        if isinstance(error, NotFound):
            raise
        return await _failed(request, error, next=_SECURITY)
    return _sent(request, begun)


@get("/sign-in/return")
async def returned(request: Call) -> Response[Any]:
    """Sign in who comes back."""
    who, query, openid = await visitor(request), dict(request.query_params.items()), _openid(request)
    going_to = "/dashboard"
    try:
        flow = await openid.take(query, browser=request.cookies.get(_cookie_name(request), ""))
        going_to = flow.going_to
        account = who.account if who is not None else None
        token = await openid.end(flow, query, account=account, device=device(request))
    except PublicError as error:
        return await _failed(request, error, next=going_to)
    answer = see(going_to) if token is not None else told(request, going_to, "Connected: you can sign in that way now.")
    if token is not None:
        answer.set_cookie(signed_in_cookie(request, token))
    answer.set_cookie(_cookie(request, "", lives_s=0))
    return answer


@post("/settings/security/disconnect")
async def disconnect(request: Call) -> Response[Any]:
    """Take a way in away."""
    who = await signed_in(request)
    form = await checked_form(request, who)
    try:
        await identities.disconnect(
            request.app.state.pool,
            account=who.account,
            issuer=one(form, "issuer"),
            subject=one(form, "subject"),
            device=device(request),
        )
    except identities.NotLetIn as error:
        return told(request, _SECURITY, error.message)
    return told(request, _SECURITY, "Disconnected.")


async def _failed(request: Call, error: PublicError, *, next: str) -> Response[str]:
    page = await render(
        request,
        "accounts/not_let_in.html",
        status=error.status,
        visitor=await visitor(request),
        form=Shown({}, {"": error.message}),
        offered=offered(request),
        next=next,
    )
    page.set_cookie(_cookie(request, "", lives_s=0))
    return unkept(page)


def _sent(request: Call, begun: service.Begun) -> Response[None]:
    answer = see(begun.address)
    answer.set_cookie(_cookie(request, begun.browser, lives_s=int(service.LIVES.total_seconds())))
    return answer


def _cookie_name(request: Call) -> str:
    return "__Host-rivya_openid" if is_secure(request) else "rivya_openid"


def _cookie(request: Call, value: str, *, lives_s: int) -> Cookie:
    # Lax, not strict: the way back begins on the issuer's page.
    return Cookie(
        key=_cookie_name(request),
        value=value,
        path="/",
        httponly=True,
        secure=is_secure(request),
        samesite="lax",
        max_age=lives_s,
    )


def _openid(request: Call) -> service.OpenID:
    return request.app.state.openid
