"""/api/v1/credits."""

from __future__ import annotations

from typing import get_args

import msgspec
from litestar import Response, Router, get

from rivya.errors import ValidationFailed
from rivya.http import Call, asked_page, caller, json_response
from rivya.kit.clock import iso
from rivya.kit.pages import ListObject, next_page
from rivya.operation import PAGED, Operation, Query
from rivya.wallet import service as wallet
from rivya.wallet.model import Event
from rivya.wallet.schemas import CreditsObject, ExpiringCredits, TransactionObject, transaction_object

_EVENTS: tuple[Event, ...] = get_args(Event)


@get(
    "/",
    operation=Operation("getCredits", "Credits", "Read the balance", scope="credits:read", answer=CreditsObject),
)
async def read(request: Call) -> Response[bytes]:
    """Return what the account can spend now."""
    key = await caller(request)
    pool = request.app.state.pool
    balance = await wallet.balance(pool, account=key.account)
    lots = await wallet.expiring(pool, account=key.account)
    answer = CreditsObject(
        current_credits=balance.available,
        reserved_credits=balance.reserved,
        expiring_soon=[ExpiringCredits(lot.credits, iso(lot.expires_at)) for lot in lots],
    )
    return json_response(msgspec.json.encode(answer))


@get(
    "/transactions",
    operation=Operation(
        "listCreditTransactions",
        "Credits",
        "List what happened to the credits",
        scope="credits:read",
        answer=ListObject[TransactionObject],
        query=(*PAGED, Query("type", {"type": "string", "enum": list(_EVENTS)}, "Only transactions of this type.")),
    ),
)
async def list_transactions(request: Call) -> Response[bytes]:
    """Return the ledger as the account sees it, newest first."""
    key = await caller(request)
    kind = request.query_params.get("type")
    if kind is not None and kind not in _EVENTS:
        raise ValidationFailed(f"type must be one of {', '.join(_EVENTS)}.", param="type")
    wanted = asked_page(request, of="transactions")
    before = _row(wanted.after)
    pool = request.app.state.pool
    found, has_more = await wallet.transactions(
        pool, account=key.account, before=before, event=kind, limit=wanted.limit
    )
    shown = [transaction_object(key.account, one) for one in found]
    answer = next_page(shown, wanted, after=str(found[-1].first) if has_more else None)
    return json_response(msgspec.json.encode(answer))


router = Router("/api/v1/credits", route_handlers=[read, list_transactions])


def _row(after: str | None) -> int | None:
    if after is None:
        return None
    if not after.isascii() or not after.isdigit() or len(after) > 18:
        raise ValidationFailed("cursor must be a next_cursor of this list.", param="cursor")
    return int(after)
