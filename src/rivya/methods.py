"""Which methods a path takes: for ``OPTIONS``, and for the ``Allow`` header of a refusal."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.types import Receive, Scope, Send
from litestar.types.internal_types import PathParameterDefinition
from litestar.utils import normalize_path


def allowed_methods(app: Litestar, path: str) -> set[str]:
    """Return the methods that a path takes, OPTIONS among them; none if there is nothing at this path."""
    asked = normalize_path(path).strip("/").split("/")
    routes = [route for route in app.routes if isinstance(route, HTTPRoute) and _leads_to(route.path_components, asked)]
    # Of /a/b and /a/{id} the router takes the first for /a/b, whatever methods it has.
    fewest = min((_params(route) for route in routes), default=0)
    return {method for route in routes if _params(route) == fewest for method in route.methods}


class Options:
    """Answers OPTIONS itself: the framework knows one route of a path only, and a path may have several."""

    def __init__(self, app: Litestar) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "OPTIONS" or not (allowed := self._allowed(scope["path"])):
            await self._app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 204, "headers": [(b"allow", allowed.encode())]})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _allowed(self, path: str) -> str:
        return ", ".join(sorted(allowed_methods(self._app, path)))


def _params(route: HTTPRoute) -> int:
    return sum(not isinstance(component, str) for component in route.path_components)


def _leads_to(components: Sequence[str | PathParameterDefinition], asked: Sequence[str]) -> bool:
    return len(components) == len(asked) and all(
        not isinstance(component, str) or component == part for component, part in zip(components, asked, strict=True)
    )
