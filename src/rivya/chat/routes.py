"""/api/v1/chat."""

from __future__ import annotations

import msgspec
from litestar import Response, Router, delete, get, post
from litestar.types import ASGIApp

from rivya.chat.schemas import Completion, CreateCompletion, Created, DeltaEvent, SessionDetail, SessionObject
from rivya.chat.service import Begun, Chat, Replayed
from rivya.chat.sessions import Sessions
from rivya.chat.stream import COMPLETED, CREATED, DELTA, ReplayStream, TurnStream
from rivya.errors import (
    ChatAttachmentNotSupported,
    ChatModelNotSupported,
    ChatSessionConflict,
    IdempotencyConflict,
    InsufficientCredits,
    ModelNotAvailable,
    NotFound,
    SpendLimitReached,
    UpstreamUnavailable,
    ValidationFailed,
)
from rivya.http import Call, asked_page, caller, idempotency_key, json_response, read_json
from rivya.kit.pages import ListObject
from rivya.operation import PAGED, Operation

_encode = msgspec.json.Encoder().encode
_ERRORS = (
    ChatAttachmentNotSupported,
    ChatModelNotSupported,
    ChatSessionConflict,
    IdempotencyConflict,
    InsufficientCredits,
    ModelNotAvailable,
    NotFound,
    SpendLimitReached,
)


@post(
    "/completions",
    status_code=200,
    operation=Operation(
        "createChatCompletion",
        "Chat",
        "Have a message answered",
        scope="chat:create",
        body=CreateCompletion,
        answer=Completion,
        errors=(*_ERRORS, UpstreamUnavailable),
        idempotent=True,
    ),
)
async def complete(request: Call) -> Response[bytes]:
    """Answer in one piece. The answer is made and kept also when the caller goes away meanwhile."""
    begun = await _begin(request, streamed=False)
    if isinstance(begun, Replayed):
        return json_response(begun.body, headers={"Idempotent-Replayed": "true"})
    return json_response(await _chat(request).complete(begun))


@post(
    "/completions/stream",
    status_code=200,
    operation=Operation(
        "streamChatCompletion",
        "Chat",
        "Have a message answered as a stream",
        scope="chat:create",
        body=CreateCompletion,
        events=((CREATED, Created), (DELTA, DeltaEvent), (COMPLETED, Completion), ("error", None)),
        errors=_ERRORS,
        idempotent=True,
    ),
)
async def stream(request: Call) -> ASGIApp:
    """Answer as server-sent events. Who stops reading stops the model, and pays for what was made."""
    begun = await _begin(request, streamed=True)
    return ReplayStream(begun.body) if isinstance(begun, Replayed) else TurnStream(_chat(request), begun)


@get(
    "/sessions",
    operation=Operation(
        "listChatSessions",
        "Chat",
        "List sessions",
        scope="chat:read",
        answer=ListObject[SessionObject],
        query=PAGED,
        errors=(ValidationFailed,),
    ),
)
async def list_sessions(request: Call) -> Response[bytes]:
    """Return the account's sessions, newest first."""
    key = await caller(request)
    wanted = asked_page(request, of="chat sessions")
    return json_response(_encode(await _sessions(request).list(key.account, wanted)))


@get(
    "/sessions/{session_id:str}",
    operation=Operation(
        "getChatSession", "Chat", "Read a session", scope="chat:read", answer=SessionDetail, errors=(NotFound,)
    ),
)
async def read_session(request: Call, session_id: str) -> Response[bytes]:
    """Return a session with its messages, oldest first."""
    key = await caller(request)
    return json_response(_encode(await _sessions(request).read(key.account, session_id)))


@delete(
    "/sessions/{session_id:str}",
    status_code=204,
    operation=Operation(
        "deleteChatSession",
        "Chat",
        "Delete a session",
        scope="chat:create",
        errors=(NotFound, ChatSessionConflict),
    ),
)
async def delete_session(request: Call, session_id: str) -> None:
    """Delete a session with all that was said in it."""
    key = await caller(request)
    await _sessions(request).delete(key.account, session_id)


router = Router("/api/v1/chat", route_handlers=[complete, stream, list_sessions, read_session, delete_session])


async def _begin(request: Call, *, streamed: bool) -> Begun | Replayed:
    key = await caller(request)
    wanted = await read_json(request, CreateCompletion)
    return await _chat(request).begin(wanted, caller=key, idempotency_key=idempotency_key(request), streamed=streamed)


def _chat(request: Call) -> Chat:
    return request.app.state.chat


def _sessions(request: Call) -> Sessions:
    return _chat(request).sessions
