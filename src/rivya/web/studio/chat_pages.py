"""The Studio's chat as a page."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from litestar import Response, get

from rivya.chat.model import Session
from rivya.chat.service import Chat
from rivya.errors import NotFound
from rivya.http import Call
from rivya.keys.caller import Person
from rivya.wallet import service as wallet
from rivya.web.page import render
from rivya.web.studio.forms import reference_rule
from rivya.web.studio.offers import chosen, offers
from rivya.web.studio.person import reader
from rivya.web.studio.pieces import piece
from rivya.web.studio.transcript import Spoken, Transcripts
from rivya.web.studio.views import path_of
from rivya.web.visitor import visitor

_SHOWN = 30


@get("/chat")
async def new_chat(request: Call) -> Response[str]:
    """Show an empty conversation with the model ``?model=``, or the first that can be asked."""
    return await _page(request, await reader(request), None)


@get("/chat/list")
async def list_chats(request: Call) -> Response[str]:
    """Return the list of chats; ``?current=`` is the one that is open."""
    who = await reader(request)
    sessions, more = await _transcripts(request).sessions(who.account, after=None, most=_SHOWN)
    return piece("studio/sessions.html", sessions=sessions, more=more, current=request.query_params.get("current"))


@get("/chat/{session_id:str}")
async def chat(request: Call, session_id: str) -> Response[str]:
    """Show a conversation that was begun here."""
    who = await reader(request)
    service: Chat = request.app.state.chat
    session = await service.sessions.find(who.account, session_id, source="studio")
    if session is None:
        raise NotFound("There is nothing at this path.")
    return await _page(request, who, session)


async def _page(request: Call, who: Person, session: Session | None) -> Response[str]:
    state, transcripts = request.app.state, _transcripts(request)
    found = offers(state.models, state.routing, "chat")
    offer = chosen(found, request.query_params.get("model"))
    spoken: Sequence[Spoken] = ()
    if session is not None:
        offer = next((one for one in found if one.model.id == session.model), None)
        spoken = await transcripts.messages(who.account, session.id)
    sessions, more = await transcripts.sessions(who.account, after=None, most=_SHOWN)
    rule = reference_rule(offer.model) if offer is not None else None
    return await render(
        request,
        "studio/chat.html",
        visitor=await visitor(request),
        session=session,
        messages=[(one, _pictures(request, one)) for one in spoken],
        sessions=sessions,
        more=more,
        current=session.id if session is not None else None,
        offer=offer,
        offers=found,
        rule_json=msgspec.json.encode(rule).decode(),
        available=(await wallet.balance(state.pool, account=who.account)).available,
    )


def _pictures(request: Call, spoken: Spoken) -> list[str]:
    sign = request.app.state.links.sign
    return [path_of(sign(image.key)) for image in spoken.message.images]


def _transcripts(request: Call) -> Transcripts:
    return Transcripts(request.app.state.pool)
