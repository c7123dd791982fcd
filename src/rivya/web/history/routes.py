"""/history: the pages of what was made and said."""

from __future__ import annotations

from litestar import Response, Router, get, post
from litestar.response import Redirect

from rivya.chat.sessions import Sessions
from rivya.errors import NotFound
from rivya.generations.states import STATUSES
from rivya.http import Call
from rivya.web.csrf import checked_form
from rivya.web.history.asking import asked_for
from rivya.web.history.model import SOURCES
from rivya.web.history.records import Records
from rivya.web.history.shown import Shower, params_json
from rivya.web.page import render
from rivya.web.visitor import signed_in

_GENERATIONS = "/history/generations"
_CHATS = "/history/chats"


@get("/generations")
async def generations(request: Call) -> Response[str]:
    """Show the account's tasks, newest first."""
    who = await signed_in(request)
    asked = asked_for(_GENERATIONS, request.query_params)
    found = await Records(request.app.state.pool).generations(who.account, asked.page, asked.filters)
    shower = _shower(request)
    models = sorted((one.display_name, one.id) for one in request.app.state.models.values() if one.is_async)
    return await render(
        request,
        "history/generations.html",
        visitor=who,
        asked=asked,
        rows=[shower.generation(row) for row in found.rows],
        older=asked.older(found.after),
        models=[(id, name) for name, id in models],
        sources=SOURCES,
        statuses=[(status, status.capitalize()) for status in STATUSES],
    )


@get("/generations/{task:str}")
async def generation(request: Call, task: str) -> Response[str]:
    """Show one task with all that is known of it."""
    who = await signed_in(request)
    detail = await Records(request.app.state.pool).generation(who.account, task)
    shower = _shower(request)
    return await render(
        request,
        "history/generation.html",
        visitor=who,
        detail=detail,
        shown=shower.generation(detail.generation),
        params=params_json(detail),
        inputs=[(stored, shower.link(stored.key)) for stored in detail.inputs],
    )


@get("/chats")
async def chats(request: Call) -> Response[str]:
    """Show the account's chat sessions, newest first."""
    who = await signed_in(request)
    asked = asked_for(_CHATS, request.query_params)
    found = await Records(request.app.state.pool).chats(who.account, asked.page, asked.filters)
    shower = _shower(request)
    return await render(
        request,
        "history/chats.html",
        visitor=who,
        asked=asked,
        rows=[(row, shower.model_name(row.model)) for row in found.rows],
        older=asked.older(found.after),
        sources=SOURCES,
    )


@get("/chats/{session:str}")
async def chat(request: Call, session: str) -> Response[str]:
    """Show what was said in a session."""
    who = await signed_in(request)
    source = await Records(request.app.state.pool).chat_source(who.account, session)
    sessions: Sessions = request.app.state.chat.sessions
    found, shower = await sessions.find(who.account, session, source=source), _shower(request)
    if found is None:
        raise NotFound
    messages = await sessions.newest(found, who.account)
    return await render(
        request,
        "history/chat.html",
        visitor=who,
        session=found,
        source=source,
        model_name=shower.model_name(found.model),
        messages=[(message, [shower.link(image.key) for image in message.images]) for message in messages],
    )


@post("/chats/{session:str}/delete")
async def delete_chat(request: Call, session: str) -> Redirect:
    """Delete a session with all that was said in it."""
    who = await signed_in(request)
    await checked_form(request, who)
    source = await Records(request.app.state.pool).chat_source(who.account, session)
    sessions: Sessions = request.app.state.chat.sessions
    await sessions.delete(who.account, session, source=source)
    return Redirect(_CHATS, status_code=303)


def _shower(request: Call) -> Shower:
    return Shower(request.app.state.links, request.app.state.models)


router = Router("/history", route_handlers=[generations, generation, chats, chat, delete_chat])
