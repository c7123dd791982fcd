"""/: what runs here, in plain words."""

from __future__ import annotations

from litestar import Response, get
from litestar.enums import MediaType

import rivya
from rivya.http import Call
from rivya.web.page import page


@get("/")
async def home(request: Call) -> Response[str]:
    """Show this installation's models and whether each can be called now."""
    state = request.app.state
    models = sorted(state.models.values(), key=lambda model: (model.category, model.id))
    rows = [
        (model, bool(state.routing.of(model.id)), state.routing.stands_in(model.id))
        for model in models
        if model.is_async
    ]
    body = page(
        "home.html",
        version=rivya.__version__,
        base_url=state.settings.base_url,
        environment=state.settings.environment,
        rows=rows,
    )
    return Response(
        body,
        media_type=MediaType.HTML,
        headers={
            "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
            "form-action 'none'; frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        },
    )
