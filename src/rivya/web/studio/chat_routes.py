"""What the Studio's chat calls."""

from __future__ import annotations

import msgspec
from litestar import Response, delete, get, post
from litestar.types import ASGIApp

from rivya.chat.schemas import CreateCompletion
from rivya.chat.service import Chat, Replayed
from rivya.chat.stream import ReplayStream, TurnStream
from rivya.errors import PublicError
from rivya.http import Call, idempotency_key, json_response, read_json
from rivya.wallet import service as wallet
from rivya.web.studio.person import reader, writer
from rivya.web.studio.pieces import html_of
from rivya.web.studio.quotes import Quote, not_priced
from rivya.web.studio.transcript import Transcripts, TurnStatus

_encode = msgspec.json.Encoder().encode


class TurnAnswer(msgspec.Struct, frozen=True):
    """How a turn stands; ``html`` is its answer, made safe to be shown."""

    status: TurnStatus
    credits: int
    html: str | None


@post("/chat", status_code=200)
async def say(request: Call) -> ASGIApp:
    """Have a message answered as a stream. Who stops reading stops the model, and pays for what was made."""
    who = await writer(request)
    wanted = await read_json(request, CreateCompletion)
    chat = _chat(request)
    begun = await chat.begin(wanted, caller=who, idempotency_key=idempotency_key(request), streamed=True)
    return ReplayStream(begun.body) if isinstance(begun, Replayed) else TurnStream(chat, begun)


@post("/chat/estimate", status_code=200)
async def estimate(request: Call) -> Response[bytes]:
    """Return what a message would set aside at most; before one is written, what a short one would."""
    who = await writer(request)
    wanted = await read_json(request, CreateCompletion)
    is_written = bool(wanted.message.strip())
    asked = wanted if is_written else msgspec.structs.replace(wanted, message="-")
    balance = await wallet.balance(request.app.state.pool, account=who.account)
    try:
        credits = await _chat(request).estimate(asked, caller=who)
    except PublicError as error:
        return json_response(_encode(not_priced(error, available=balance.available)))
    return json_response(_encode(Quote(credits, is_written, balance.available)))


@get("/chat/turns/{turn_id:str}")
async def turn(request: Call, turn_id: str) -> Response[bytes]:
    """Return how a turn stands, with its answer as it is shown."""
    who = await reader(request)
    found = await Transcripts(request.app.state.pool).turn(who.account, turn_id)
    html = html_of("studio/message.html", spoken=found.answer, images=[]) if found.answer is not None else None
    return json_response(_encode(TurnAnswer(found.status, found.credits, html)))


@delete("/chat/{session_id:str}", status_code=204)
async def delete_session(request: Call, session_id: str) -> None:
    """Delete a session with all that was said in it."""
    who = await writer(request)
    await _chat(request).sessions.delete(who.account, session_id, source="studio")


def _chat(request: Call) -> Chat:
    return request.app.state.chat
