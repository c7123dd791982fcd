"""Who looks at a page: the session that the browser's cookie is of, read once a call."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from litestar import Response
from litestar.datastructures import Cookie

from rivya.accounts import sessions
from rivya.accounts.model import Device, SessionId
from rivya.errors import ApiKeyMissing, NotFound
from rivya.http import Call, envelope
from rivya.kit.ids import AccountId

_STATE = "rivya_visitor"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in."""

    account: AccountId
    email: str
    name: str
    is_operator: bool
    session_id: SessionId


class SignInFirst(Exception):
    """This page is for people who are signed in."""


def cookie_name(request: Call) -> str:
    """Return the name of the session's cookie; with https one that no other host and no http page can set."""
    return "__Host-rivya_session" if is_secure(request) else "rivya_session"


async def visitor(request: Call) -> Visitor | None:
    """Return who is signed in, or None."""
    state = request.scope["state"]
    if _STATE not in state:
        state[_STATE] = await _read(request)
    return state[_STATE]


async def signed_in(request: Call) -> Visitor:
    """Return who is signed in. Raises SignInFirst."""
    found = await visitor(request)
    if found is None:
        raise SignInFirst
    return found


async def operator(request: Call) -> Visitor:
    """Return the operator who is signed in. Raises SignInFirst; for anybody else there is nothing here: NotFound."""
    found = await signed_in(request)
    if not found.is_operator:
        raise NotFound("There is nothing at this path.")
    return found


def device(request: Call) -> Device:
    """Return what is kept of where a call came from."""
    return Device(request.headers.get("user-agent", ""), _network(request.client.host if request.client else ""))


def signed_in_cookie(request: Call, token: str) -> Cookie:
    """Return the cookie that signs a browser in."""
    return Cookie(
        key=cookie_name(request),
        value=token,
        path="/",
        httponly=True,
        secure=is_secure(request),
        samesite="lax",
        max_age=int(sessions.LIVES.total_seconds()),
    )


def signed_out_cookie(request: Call) -> Cookie:
    """Return the cookie that signs a browser out."""
    return Cookie(
        key=cookie_name(request),
        value="",
        path="/",
        httponly=True,
        secure=is_secure(request),
        samesite="lax",
        max_age=0,
    )


def answer_sign_in_first(request: Call, _error: SignInFirst) -> Response[bytes] | Response[None]:
    """Send a person to the sign-in page and back; a script hears 401."""
    if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        # Not the request's URL: that is made with the Host header, which may be anything.
        query = request.scope["query_string"].decode("latin-1")
        path = request.scope["path"] + (f"?{query}" if query else "")
        return Response(None, status_code=303, headers={"Location": f"/sign-in?next={quote(path)}"})
    body = envelope(request.scope, ApiKeyMissing("You are signed out. Sign in and try again."))
    return Response(body, status_code=401, media_type="application/json")


def next_page(text: str | None, *, otherwise: str = "/dashboard") -> str:
    """Return a path of ours to go on to: never another host, whatever the text says."""
    if not text or not text.startswith("/") or text[1:2] in ("/", "\\") or any(c < " " or c == "\\" for c in text):
        return otherwise
    parts = urlsplit(text)
    return otherwise if parts.scheme or parts.netloc else text


async def _read(request: Call) -> Visitor | None:
    token = request.cookies.get(cookie_name(request))
    if not token:
        return None
    session = await sessions.find(request.app.state.pool, token=token)
    if session is None:
        return None
    return Visitor(session.account, session.email, session.name, session.is_operator, session.id)


def is_secure(request: Call) -> bool:
    """Return True if this site is reached by https, so that its cookies can be for https alone."""
    return request.app.state.settings.base_url.startswith("https://")


def _network(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    bits = 24 if found.version == 4 else 48
    return str(ipaddress.ip_network((found, bits), strict=False).network_address)
