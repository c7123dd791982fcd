"""/settings/profile and /settings/security."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from rivya.accounts import deletion, sessions, sign_in, sign_up
from rivya.errors import PublicError
from rivya.http import Call
from rivya.web.accounts import openid
from rivya.web.accounts.forms import Fields, Shown, one, told, wrong
from rivya.web.csrf import checked_form
from rivya.web.page import render
from rivya.web.visitor import Visitor, device, signed_in, signed_out_cookie


@get("/settings/profile")
async def profile_page(request: Call) -> Response[Any]:
    """Show who one is."""
    return await _profile(request, await signed_in(request))


@post("/settings/profile")
async def profile_form(request: Call) -> Response[Any]:
    """Change one's name."""
    who = await signed_in(request)
    form = await checked_form(request, who)
    try:
        name = sign_up.check_name(one(form, "name"))
        await sign_in.change_name(request.app.state.pool, account=who.account, name=name)
    except PublicError as error:
        return await _profile(request, who, wrong(form, error, fields=("name",)), status=error.status)
    return told(request, "/settings/profile", "Saved.")


@get("/settings/security")
async def security_page(request: Call) -> Response[Any]:
    """Show the password's form, the browsers that are signed in, and the way out."""
    return await _security(request, await signed_in(request))


@post("/settings/security/password")
async def password_form(request: Call) -> Response[Any]:
    """Choose another password."""
    who = await signed_in(request)
    form = await checked_form(request, who)
    try:
        await sign_in.change_password(
            request.app.state.pool,
            account=who.account,
            email=who.email,
            old=one(form, "old_password"),
            new=one(form, "new_password"),
            session=who.session_id,
            device=device(request),
        )
    except PublicError as error:
        return await _refused(request, who, form, error, "old_password", "new_password")
    return told(request, "/settings/security", "Your password is changed. All other browsers are signed out.")


@post("/settings/security/sessions/end")
async def end_session(request: Call) -> Response[Any]:
    """Sign another browser out, or all others."""
    who = await signed_in(request)
    form = await checked_form(request, who)
    pool = request.app.state.pool
    if one(form, "session") == "others":
        await sessions.end_all(pool, account=who.account, but=who.session_id)
        return told(request, "/settings/security", "All other browsers are signed out.")
    await sessions.end(pool, account=who.account, session=one(form, "session"))
    return told(request, "/settings/security", "That browser is signed out.")


@post("/settings/security/delete")
async def delete_account(request: Call) -> Response[Any]:
    """Delete the account, once its password and its address were given."""
    who = await signed_in(request)
    form = await checked_form(request, who)
    pool = request.app.state.pool
    try:
        if (await sign_in.person(pool, account=who.account)).has_password:
            await sign_in.check_password(
                pool, account=who.account, password=one(form, "password"), device=device(request), param="password"
            )
        else:
            await sign_in.check_fresh(pool, account=who.account, session=who.session_id)
        sign_in.check_same_email(one(form, "email"), who.email)
    except PublicError as error:
        return await _refused(request, who, form, error, "password", "email")
    await deletion.delete(pool, account=who.account, device=device(request))
    answer = told(request, "/sign-in", "Your account is deleted.")
    answer.set_cookie(signed_out_cookie(request))
    return answer


async def _refused(request: Call, who: Visitor, form: Fields, error: PublicError, *fields: str) -> Response[str]:
    return await _security(request, who, wrong(form, error, fields=fields), status=error.status)


async def _profile(request: Call, who: Visitor, form: Shown | None = None, *, status: int = 200) -> Response[str]:
    person = await sign_in.person(request.app.state.pool, account=who.account)
    return await render(
        request,
        "settings/profile.html",
        visitor=who,
        status=status,
        person=person,
        form=form or Shown({"name": person.name}),
    )


async def _security(request: Call, who: Visitor, form: Shown | None = None, *, status: int = 200) -> Response[str]:
    pool = request.app.state.pool
    return await render(
        request,
        "settings/security.html",
        visitor=who,
        status=status,
        person=await sign_in.person(pool, account=who.account),
        sessions=await sessions.of_account(pool, account=who.account),
        ways_in=await openid.ways_in(request, who),
        form=form or Shown(),
    )
