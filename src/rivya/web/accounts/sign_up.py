"""/sign-up and /confirm."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from rivya.accounts import sign_up
from rivya.accounts.model import CREDITS
from rivya.errors import NotFound, PublicError
from rivya.http import Call
from rivya.web.accounts import openid
from rivya.web.accounts.forms import Shown, one, see, unkept, wrong
from rivya.web.csrf import checked_form
from rivya.web.page import render
from rivya.web.visitor import device, signed_in_cookie, visitor


@get("/sign-up")
async def sign_up_page(request: Call) -> Response[Any]:
    """Show the form; who is signed in already goes on."""
    _unless_closed(request)
    if await visitor(request) is not None:
        return see("/dashboard")
    return await _page(request, Shown())


@post("/sign-up")
async def sign_up_form(request: Call) -> Response[Any]:
    """Have the mail sent that proves the address; the answer is the same if it has an account."""
    _unless_closed(request)
    form = await checked_form(request, None)
    state = request.app.state
    try:
        await sign_up.sign_up(
            state.pool,
            state.letters,
            email=one(form, "email"),
            password=one(form, "password"),
            name=one(form, "name"),
            device=device(request),
        )
    except PublicError as error:
        return await _page(request, wrong(form, error, fields=("email", "password", "name")), status=error.status)
    return await render(
        request, "accounts/look_at_mail.html", email=one(form, "email").strip(), delivers=state.letters.delivers
    )


@get("/confirm")
async def confirm_page(request: Call) -> Response[Any]:
    """Show a button: what looks at links in mails before people do must not use them up."""
    return await _confirm(request, request.query_params.get("token", ""))


@post("/confirm")
async def confirm_form(request: Call) -> Response[Any]:
    """Make the account, and sign in."""
    form = await checked_form(request, None)
    try:
        token = await sign_up.confirm(request.app.state.pool, token=one(form, "token"), device=device(request))
    except PublicError as error:
        return await _confirm(request, "", error=error.message, status=error.status)
    answer = see("/dashboard")
    answer.set_cookie(signed_in_cookie(request, token))
    return answer


async def _page(request: Call, form: Shown, *, status: int = 200) -> Response[str]:
    return await render(
        request,
        "accounts/sign_up.html",
        status=status,
        form=form,
        credits=CREDITS,
        offered=openid.offered(request),
    )


async def _confirm(request: Call, token: str, *, error: str | None = None, status: int = 200) -> Response[str]:
    return unkept(
        await render(request, "accounts/confirm.html", status=status, token=token, credits=CREDITS, error=error)
    )


def _unless_closed(request: Call) -> None:
    if request.app.state.settings.sign_up == "closed":
        raise NotFound("Nobody can sign up here: ask the operator for an account.")
