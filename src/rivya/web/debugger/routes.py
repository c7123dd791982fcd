"""/developers/debugger."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Response, get

from rivya.http import Call
from rivya.keys import service as keys
from rivya.kit.clock import utc_now
from rivya.kit.db import Pool
from rivya.kit.ids import AccountId
from rivya.wallet import service as wallet
from rivya.web.catalog import listed_models
from rivya.web.debugger.offer import as_data_block, grouped, offered
from rivya.web.page import render
from rivya.web.visitor import visitor


@dataclass(frozen=True, slots=True)
class Standing:
    """What the account panel shows of who is signed in."""

    key_prefix: str | None
    """Of the newest key in use."""
    credits: int


@get("/developers/debugger")
async def debugger(request: Call) -> Response[str]:
    """Show the debugger. What it does from here on, it does in the browser."""
    who = await visitor(request)
    state = request.app.state
    offers = offered(listed_models(request))
    return await render(
        request,
        "debugger/debugger.html",
        visitor=who,
        base_url=state.settings.base_url,
        groups=grouped(offers),
        models_json=as_data_block(offers),
        standing=await _standing(state.pool, who.account) if who is not None else None,
    )


async def _standing(pool: Pool, account: AccountId) -> Standing:
    now = utc_now()
    known = await keys.list_keys(pool, account=account, at=now)
    active = next((key.prefix for key in known if key.state(now) == "active"), None)
    return Standing(active, (await wallet.balance(pool, account=account, at=now)).available)
