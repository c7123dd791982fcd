"""/settings/credits and /settings/billing."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any, get_args

from litestar import Response, get

from rivya.errors import ValidationFailed
from rivya.http import Call, asked_page
from rivya.kit.clock import utc_now
from rivya.kit.db import load_queries
from rivya.kit.pages import next_page
from rivya.wallet import service as wallet
from rivya.wallet.model import Event
from rivya.wallet.schemas import TransactionObject, transaction_object
from rivya.web.page import render
from rivya.web.visitor import Visitor, signed_in

PACKS = (500, 1500, 3500, 7000)
"""Credits by the pack; they live for a year."""

_SQL = load_queries("rivya.web.accounts")
_EVENTS: tuple[Event, ...] = get_args(Event)
_MOST_SEARCHED = 2000
_MOST_EXPORTED = 10_000
_PAGE = 200


@get("/settings/credits")
async def credits_page(request: Call) -> Response[Any]:
    """Show the balance, what expires, and what happened to the credits."""
    who = await signed_in(request)
    pool = request.app.state.pool
    query = request.query_params
    kind, search, order = _asked(query.get("type")), query.get("q", "").strip()[:100], query.get("order", "newest")
    if search or order != "newest":
        found = await _collected(request, who, kind, most=_MOST_SEARCHED)
        shown, older = _sorted([one for one in found if _matches(one, search)], order), None
    else:
        shown, older = await _one_page(request, who, kind)
    return await render(
        request,
        "settings/credits.html",
        visitor=who,
        balance=await wallet.balance(pool, account=who.account),
        expiring=await wallet.expiring(pool, account=who.account, within=timedelta(days=30)),
        packs=PACKS,
        transactions=shown,
        older=older,
        types=[("", "all"), *((event, event) for event in _EVENTS)],
        paged="cursor" in query,
        asked={"type": kind or "", "q": search, "order": order},
    )


@get("/settings/credits.csv")
async def credits_csv(request: Call) -> Response[str]:
    """Return what happened to the credits, newest first, for a spreadsheet; at most the newest 10,000 lines."""
    who = await signed_in(request)
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(["time", "type", "credits", "spent_credits", "reference", "source", "id"])
    for one in await _collected(request, who, None, most=_MOST_EXPORTED):
        lines.writerow([one.created_at, one.type, one.credits, one.spent_credits, one.reference, one.source, one.id])
    return Response(
        out.getvalue(),
        media_type="text/csv",
        headers={"Content-Disposition": 'attachment; filename="credits.csv"', "Cache-Control": "no-store"},
    )


@get("/settings/billing")
async def billing_page(request: Call) -> Response[Any]:
    """Show what was spent, month by month."""
    who = await signed_in(request)
    rows = await request.app.state.pool.fetch(_SQL["spent_by_month"], who.account, utc_now() - timedelta(days=366))
    return await render(request, "settings/billing.html", visitor=who, months=rows, packs=PACKS)


async def _one_page(request: Call, who: Visitor, kind: Event | None) -> tuple[list[TransactionObject], str | None]:
    wanted = asked_page(request, of="transactions")
    before = int(wanted.after) if wanted.after and wanted.after.isdigit() and len(wanted.after) < 19 else None
    found, has_more = await wallet.transactions(
        request.app.state.pool, account=who.account, before=before, event=kind, limit=wanted.limit
    )
    shown = [transaction_object(who.account, one) for one in found]
    listed = next_page(shown, wanted, after=str(found[-1].first) if has_more else None)
    older = f"?cursor={listed.next_cursor}" + (f"&type={kind}" if kind else "") if listed.next_cursor else None
    return list(listed.data), older


async def _collected(request: Call, who: Visitor, kind: Event | None, *, most: int) -> list[TransactionObject]:
    collected: list[TransactionObject] = []
    before = None
    while len(collected) < most:
        found, has_more = await wallet.transactions(
            request.app.state.pool, account=who.account, before=before, event=kind, limit=_PAGE
        )
        collected += [transaction_object(who.account, one) for one in found]
        if not has_more or not found:
            break
        before = found[-1].first
    return collected[:most]


def _asked(kind: str | None) -> Event | None:
    if not kind:
        return None
    for event in _EVENTS:
        if kind == event:
            return event
    raise ValidationFailed(f"type must be one of {', '.join(_EVENTS)}.", param="type")


def _matches(one: TransactionObject, search: str) -> bool:
    text = f"{one.id} {one.type} {one.reference or ''} {one.source or ''} {one.created_at}"
    return search.lower() in text.lower()


def _sorted(found: list[TransactionObject], order: str) -> list[TransactionObject]:
    match order:
        case "oldest":
            return found[::-1]
        case "most":
            return sorted(found, key=lambda one: -abs(one.credits))
        case _:
            return found
