"""The door of the public API: shut while its switch is off."""

from __future__ import annotations

from litestar import HttpMethod, Request
from litestar.datastructures import State
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, Receive, Scope, Send
from litestar.utils import normalize_path

from rivya.errors import PublicApiDisabled
from rivya.http import Call, answer_public_error
from rivya.kit.draining import Draining
from rivya.switches.follower import PublicApiSwitch

_API = "/api/v1"
_ALWAYS_OPEN = f"{_API}/openapi.json"
_RETRY_AFTER_S = 60


class Gate:
    """Answers ``public_api_disabled`` to every call of the public API while it is off, and executes nothing.

    Stands before the router, so that it holds for whatever is under /api/v1; the description of the API, pages, media
    and health stay. The switch is in ``state.public_api`` once the app has started.
    """

    def __init__(self, app: ASGIApp, state: State) -> None:
        self._app = app
        self._state = state
        self._refuse = Draining(_refuse)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._is_shut_to(scope["path"]):
            await self._refuse(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _is_shut_to(self, path: str) -> bool:
        switch: PublicApiSwitch = self._state.public_api
        if switch.is_on:
            return False
        # The router reads //api/v1/ as /api/v1, and so must who stands before it.
        asked = normalize_path(path)
        return (asked == _API or asked.startswith(f"{_API}/")) and asked != _ALWAYS_OPEN


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    request: Call = Request(scope, receive, send)
    refused = answer_public_error(request, PublicApiDisabled(retry_after_s=_RETRY_AFTER_S))
    answer = ASGIResponse(
        body=refused.content,
        status_code=refused.status_code,
        headers=refused.headers,
        is_head_response=request.method == HttpMethod.HEAD,
    )
    await answer(scope, receive, send)
