"""The pages of /admin. For anybody but an operator there is nothing here."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

from litestar import Response, Router, get, post

from rivya.accounts import audit
from rivya.admin import acts, reading
from rivya.errors import PublicError, ValidationFailed
from rivya.http import Call
from rivya.kit.clock import utc_now
from rivya.kit.ids import AccountId, new_id
from rivya.providers.routing import name_of
from rivya.queue.served import announced
from rivya.switches import service as switches
from rivya.wallet import service as wallet
from rivya.wallet.invariants import rules
from rivya.web.accounts.forms import Shown, one, told, wrong
from rivya.web.admin.charts import charts
from rivya.web.csrf import checked_form
from rivya.web.page import render
from rivya.web.visitor import Visitor, device, operator

_STUCK = timedelta(minutes=1)
_PAGE = 50
_TABS = [
    ("Overview", "/admin"),
    ("Accounts", "/admin/accounts"),
    ("Models", "/admin/models"),
    ("Tasks", "/admin/tasks"),
    ("Audit log", "/admin/audit"),
]


@get("/")
async def overview(request: Call) -> Response[str]:
    """Show how the installation stands: the switch, the checks of the money, and figures by the day."""
    return await _overview(request, await operator(request))


@post("/switch")
async def turn_switch(request: Call) -> Response[Any]:
    """Turn the public API on or off."""
    who = await operator(request)
    form = await checked_form(request, who)
    on, reason = one(form, "turn") == "on", " ".join(one(form, "reason").split())[:500]
    try:
        if not on and not reason:
            raise ValidationFailed("Say why.", param="reason")
        await acts.turn_public_api(
            request.app.state.pool, actor=who.account, on=on, reason=reason, address=device(request).address
        )
    except PublicError as error:
        return await _overview(request, who, wrong(form, error, fields=("reason",)), status=error.status)
    return told(request, "/admin", f"The public API is {'on' if on else 'off'}.")


@get("/accounts")
async def accounts(request: Call) -> Response[str]:
    """Find accounts."""
    who = await operator(request)
    search, before = request.query_params.get("q", "").strip()[:200], request.query_params.get("before")
    found = await reading.accounts(request.app.state.pool, search=search, before=before, most=_PAGE + 1)
    return await _page(
        request,
        who,
        "admin/accounts.html",
        accounts=found[:_PAGE],
        search=search,
        older=found[_PAGE - 1].id if len(found) > _PAGE else None,
    )


@get("/accounts/{account:str}")
async def account(request: Call, account: str) -> Response[str]:
    """Show one account, with the forms of what can be done to it."""
    return await _account(request, await operator(request), account)


@post("/accounts/{account:str}/grant")
async def grant(request: Call, account: str) -> Response[Any]:
    """Grant credits; a form that is sent twice grants once."""
    who = await operator(request)
    form = await checked_form(request, who)
    try:
        made = await acts.grant(
            request.app.state.pool,
            actor=who.account,
            account=AccountId(account),
            credits=_whole(one(form, "credits"), "credits"),
            reason=one(form, "reason"),
            id=f"{who.account}:{one(form, 'id')}",
            days=_whole(one(form, "days"), "days") if one(form, "days").strip() else None,
            address=device(request).address,
        )
    except PublicError as error:
        shown = wrong(form, error, fields=("credits", "reason", "days"))
        return await _account(request, who, account, shown, status=error.status)
    said = "This grant was made before." if made.outcome == "exists" else f"Granted {made.credits:,} credits."
    return told(request, f"/admin/accounts/{account}", said)


@post("/accounts/{account:str}/state")
async def set_state(request: Call, account: str) -> Response[Any]:
    """Shut an account out, or let it in again."""
    who = await operator(request)
    form = await checked_form(request, who)
    disabled = one(form, "turn") == "disable"
    try:
        if disabled and account == who.account:
            raise ValidationFailed("This is your own account.", param="reason")
        await acts.set_disabled(
            request.app.state.pool,
            actor=who.account,
            account=AccountId(account),
            disabled=disabled,
            reason=one(form, "reason"),
            address=device(request).address,
        )
    except PublicError as error:
        shown = Shown(errors={"state_reason": error.message})
        return await _account(request, who, account, shown, status=error.status)
    return told(request, f"/admin/accounts/{account}", f"The account is {'disabled' if disabled else 'enabled'}.")


@get("/models")
async def models(request: Call) -> Response[str]:
    """Show each model with its routes, who serves them, and who leaves them alone because they kept failing."""
    who = await operator(request)
    state = request.app.state
    workers = await announced(state.pool)
    lines = [
        (
            model,
            bool(state.routing.of(model.id)),
            [
                (
                    name_of(route),
                    [worker for worker in workers if name_of(route) in worker.serves],
                    [worker for worker in workers if name_of(route) in worker.shut],
                )
                for route in state.routing.all()
                if route.model == model.id
            ],
        )
        for model in sorted(state.models.values(), key=lambda model: (model.category, model.id))
    ]
    return await _page(request, who, "admin/models.html", lines=lines, workers=workers)


@get("/tasks")
async def tasks(request: Call) -> Response[str]:
    """Show tasks that have not ended for a while, and how tasks ended lately."""
    who = await operator(request)
    pool = request.app.state.pool
    return await _page(
        request,
        who,
        "admin/tasks.html",
        stuck=await reading.open_tasks(pool, older_than=_STUCK),
        failing=await reading.failing(pool),
    )


@get("/audit")
async def audit_log(request: Call) -> Response[str]:
    """Show who did what."""
    who = await operator(request)
    action, before = request.query_params.get("action", "").strip()[:50], request.query_params.get("before")
    found = await audit.newest(request.app.state.pool, before=before, action=action or None, most=_PAGE + 1)
    return await _page(
        request,
        who,
        "admin/audit.html",
        notes=found[:_PAGE],
        action=action,
        older=found[_PAGE - 1].id if len(found) > _PAGE else None,
    )


router = Router(
    "/admin",
    route_handlers=[overview, turn_switch, accounts, account, grant, set_state, models, tasks, audit_log],
)


async def _overview(request: Call, who: Visitor, form: Shown | None = None, *, status: int = 200) -> Response[str]:
    pool = request.app.state.pool
    return await _page(
        request,
        who,
        "admin/overview.html",
        status=status,
        form=form or Shown(),
        switch=await switches.public_api(pool),
        runs=await reading.invariant_runs(pool),
        rules=rules(),
        charts=charts(
            await reading.days(pool), await reading.spent_by_day(pool), today=utc_now().astimezone(UTC).date()
        ),
    )


async def _account(
    request: Call, who: Visitor, account: str, form: Shown | None = None, *, status: int = 200
) -> Response[str]:
    pool = request.app.state.pool
    found = await reading.account(pool, id=account)
    return await _page(
        request,
        who,
        "admin/account.html",
        status=status,
        account=found,
        form=form or Shown(),
        once=new_id("grant"),
        statement=await wallet.statement(pool, account=AccountId(account), limit=20),
        notes=await audit.of_account(pool, account=account, most=20),
    )


async def _page(request: Call, who: Visitor, template: str, *, status: int = 200, **values: object) -> Response[str]:
    return await render(request, template, visitor=who, status=status, tabs=_TABS, **values)


def _whole(text: str, param: str) -> int:
    digits = text.strip().replace(",", "")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 12:
        raise ValidationFailed("Give a whole number.", param=param)
    return int(digits)
