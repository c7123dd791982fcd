"""/api/v1/credits."""

from __future__ import annotations

import msgspec
from litestar import Response, Router, get

from rivya.http import Call, caller, json_response
from rivya.kit.clock import iso
from rivya.operation import Operation
from rivya.wallet import service as wallet
from rivya.wallet.schemas import CreditsObject, ExpiringCredits


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


router = Router("/api/v1/credits", route_handlers=[read])
