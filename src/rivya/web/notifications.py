"""/notifications."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from litestar import Response, Router, get, post
from litestar.response import Redirect

from rivya.http import Call
from rivya.kit.pages import BadPage, listed, page
from rivya.notifications import service
from rivya.notifications.model import KINDS, Kind
from rivya.web.csrf import checked_form
from rivya.web.page import render
from rivya.web.visitor import signed_in

_PATH = "/notifications"
_PAGE = "25"
_NAMES: Mapping[Kind, str] = {"billing": "Billing", "credits": "Credits", "generation": "Generations"}


@get("/")
async def notifications(request: Call) -> Response[str]:
    """Show the account's notifications, newest first."""
    who = await signed_in(request)
    pool, kind = request.app.state.pool, _kind(request.query_params.get("kind"))
    of = f"notifications {kind}"
    try:
        asked = page(_PAGE, request.query_params.get("cursor"), of=of)
    except BadPage:
        asked = page(_PAGE, None, of=of)
    rows = await service.listed(pool, account=who.account, page=asked, kind=kind)
    shown = listed(rows, asked, id_of=lambda row: row.id, show=lambda row: row)
    unread = await service.unread(pool, account=who.account)
    return await render(
        request,
        "notifications/notifications.html",
        visitor=who,
        rows=shown.data,
        kind=kind,
        kinds=[("All", _PATH, sum(unread.values())), *((_NAMES[one], _of(one), unread.get(one, 0)) for one in KINDS)],
        unread_by_kind=unread,
        older=f"{_PATH}?{urlencode(_asked(kind, shown.next_cursor))}" if shown.next_cursor is not None else None,
        newest=None if asked.after is None else _of(kind),
    )


@post("/{id:str}/read")
async def read(request: Call, id: str) -> Redirect:
    """Note that one was read, and go to where it leads."""
    who = await signed_in(request)
    await checked_form(request, who)
    link = await service.mark_read(request.app.state.pool, account=who.account, id=id)
    return Redirect(link or _PATH, status_code=303)


@post("/read")
async def read_all(request: Call) -> Redirect:
    """Note that all were read, or all of one kind."""
    who = await signed_in(request)
    await checked_form(request, who)
    kind = _kind(request.query_params.get("kind"))
    await service.mark_all_read(request.app.state.pool, account=who.account, kind=kind)
    return Redirect(_of(kind), status_code=303)


def _of(kind: Kind | None) -> str:
    return f"{_PATH}?kind={kind}" if kind is not None else _PATH


def _asked(kind: Kind | None, cursor: str) -> dict[str, str]:
    return {"kind": kind, "cursor": cursor} if kind is not None else {"cursor": cursor}


def _kind(given: str | None) -> Kind | None:
    return next((kind for kind in KINDS if kind == given), None)


router = Router(_PATH, route_handlers=[notifications, read, read_all])
