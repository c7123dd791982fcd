"""/developers: what this is, how to begin, and what this very installation serves."""

from __future__ import annotations

import json

from litestar import Response, get

from rivya.http import Call
from rivya.web.catalog import example_of, first_to_try, listed_models
from rivya.web.page import render
from rivya.web.samples import curl
from rivya.web.surfaces import supplies, surfaces
from rivya.web.visitor import visitor


@get("/developers")
async def developers(request: Call) -> Response[str]:
    """Show the landing."""
    state = request.app.state
    models = listed_models(request)
    base_url: str = state.settings.base_url
    first = first_to_try(models)
    path, body = example_of(first, base_url=base_url) if first is not None else ("", {})
    return await render(
        request,
        "public/developers.html",
        visitor=await visitor(request),
        first=first,
        example=curl(f"{base_url}{path}", body),
        answer=json.dumps(_answer(first.model.id, first.model.base_credits), indent=2) if first is not None else "",
        supplies=supplies(models),
        surfaces=surfaces(request.app, models, api_is_on=state.public_api.is_on),
        api_is_on=state.public_api.is_on,
    )


def _answer(model: str, credits: int) -> dict[str, object]:
    return {
        "id": "task_01jtxk8w0v6m2c9r4e7h5n3q1z",
        "status": "queued",
        "model": model,
        "reserved_credits": credits,
        "final_credits": 0,
    }
