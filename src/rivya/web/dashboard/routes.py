"""/dashboard."""

from __future__ import annotations

from litestar import Response, get

from rivya.http import Call
from rivya.web.dashboard.chart import HEIGHT, WIDTH
from rivya.web.dashboard.overview import overview
from rivya.web.history.shown import Shower
from rivya.web.page import render
from rivya.web.visitor import signed_in


@get("/dashboard")
async def dashboard(request: Call) -> Response[str]:
    """Show credits, what was made lately, and what to do next."""
    who = await signed_in(request)
    state = request.app.state
    found = await overview(state.pool, who.account)
    shower = Shower(state.links, state.models)
    return await render(
        request,
        "dashboard/dashboard.html",
        visitor=who,
        overview=found,
        generations=[shower.generation(task) for task in found.generations],
        chats=[(session, shower.model_name(session.model)) for session in found.chats],
        chart_size=(WIDTH, HEIGHT),
    )
