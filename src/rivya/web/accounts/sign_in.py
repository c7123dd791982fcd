"""/sign-in, /sign-out, /forgot-password, /reset-password."""

from __future__ import annotations

from typing import Any

import structlog
from litestar import Response, get, post

from rivya.accounts import sessions, sign_in
from rivya.errors import PublicError
from rivya.http import Call
from rivya.web.accounts import openid
from rivya.web.accounts.forms import Shown, one, see, told, unkept, wrong
from rivya.web.csrf import checked_form
from rivya.web.page import render
from rivya.web.visitor import device, next_page, signed_in_cookie, signed_out_cookie, visitor

log = structlog.get_logger()


@get("/sign-in")
async def sign_in_page(request: Call) -> Response[Any]:
    """Show the form; who is signed in already goes on."""
    going_to = next_page(request.query_params.get("next"))
    if await visitor(request) is not None:
        return see(going_to)
    return await _sign_in_page(request, Shown(), next=going_to)


@post("/sign-in")
async def sign_in_form(request: Call) -> Response[Any]:
    """Sign in and go on to the page that was asked for."""
    form = await checked_form(request, None)
    going_to = next_page(one(form, "next"))
    try:
        token = await sign_in.sign_in(
            request.app.state.pool, email=one(form, "email"), password=one(form, "password"), device=device(request)
        )
    except PublicError as error:
        return await _sign_in_page(
            request, wrong(form, error, fields=("email", "password")), next=going_to, status=error.status
        )
    answer = see(going_to)
    answer.set_cookie(signed_in_cookie(request, token))
    return answer


@post("/sign-out")
async def sign_out(request: Call) -> Response[Any]:
    """Sign this browser out."""
    who = await visitor(request)
    await checked_form(request, who)
    if who is not None:
        await sessions.end(request.app.state.pool, account=who.account, session=who.session_id)
    answer = told(request, "/sign-in", "You are signed out.")
    answer.set_cookie(signed_out_cookie(request))
    return answer


@get("/forgot-password")
async def forgot_page(request: Call) -> Response[Any]:
    """Show the form that asks for a mail."""
    return await render(request, "accounts/forgot.html", form=Shown(), sent=False)


@post("/forgot-password")
async def forgot_form(request: Call) -> Response[Any]:
    """Have the mail sent, if the address is known; the answer is the same if it is not."""
    form = await checked_form(request, None)
    state = request.app.state
    try:
        await sign_in.ask_for_reset(
            state.pool,
            state.letters,
            email=one(form, "email"),
            device=device(request),
        )
    except PublicError as error:
        shown = wrong(form, error, fields=("email",))
        return await render(request, "accounts/forgot.html", status=error.status, form=shown, sent=False)
    return await render(request, "accounts/forgot.html", form=Shown(), sent=True, delivers=state.letters.delivers)


@get("/reset-password")
async def reset_page(request: Call) -> Response[Any]:
    """Show the form that the mail leads to."""
    return await _reset_page(request, request.query_params.get("token", ""), Shown())


@post("/reset-password")
async def reset_form(request: Call) -> Response[Any]:
    """Change the password, and sign in."""
    form = await checked_form(request, None)
    try:
        token = await sign_in.reset_password(
            request.app.state.pool, token=one(form, "token"), new=one(form, "new_password"), device=device(request)
        )
    except PublicError as error:
        return await _reset_page(
            request, one(form, "token"), wrong(form, error, fields=("new_password",)), status=error.status
        )
    answer = see("/dashboard")
    answer.set_cookie(signed_in_cookie(request, token))
    return answer


async def _sign_in_page(request: Call, form: Shown, *, next: str, status: int = 200) -> Response[str]:
    can_sign_up = request.app.state.settings.sign_up == "open"
    return await render(
        request,
        "accounts/sign_in.html",
        status=status,
        form=form,
        next=next,
        can_sign_up=can_sign_up,
        offered=openid.offered(request),
    )


async def _reset_page(request: Call, token: str, form: Shown, *, status: int = 200) -> Response[str]:
    return unkept(await render(request, "accounts/reset.html", status=status, form=form, token=token))
