"""The acts of an operator: each is one transaction with its line in the audit log, which says who did it and why."""

from __future__ import annotations

from datetime import datetime, timedelta

from rivya.accounts import audit
from rivya.errors import NotFound, ValidationFailed
from rivya.kit.clock import utc_now
from rivya.kit.db import Pool, load_queries
from rivya.kit.ids import AccountId
from rivya.switches import service as switches
from rivya.switches.service import Switch
from rivya.wallet import service as wallet
from rivya.wallet.model import Grant

MOST_CREDITS = 100_000_000
MOST_DAYS = 3650
_MOST_REASON = 500

_SQL = load_queries("rivya.admin")


async def grant(
    pool: Pool,
    *,
    actor: str,
    account: AccountId,
    credits: int,
    reason: str,
    id: str,
    days: int | None = None,
    address: str = "",
) -> Grant:
    """Grant credits, which lapse after ``days`` if given. The same ``id`` never grants twice, and is noted once.

    Raises ValidationFailed, or NotFound for an account that is not there.
    """
    why = _reason(reason)
    if not 1 <= credits <= MOST_CREDITS:
        raise ValidationFailed(f"Grant 1 to {MOST_CREDITS:,} credits.", param="credits")
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise ValidationFailed(f"Credits lapse after 1 to {MOST_DAYS} days, or never.", param="days")
    now = utc_now()
    async with pool.acquire() as db, db.transaction():
        if not await db.fetchval(_SQL["exists"], account):
            raise NotFound("There is no such account.")
        made = await wallet.grant(
            db,
            account=account,
            business_id=f"operator:{id}",
            source="grant",
            credits=credits,
            expires_at=_later(now, days),
            note=why,
            at=now,
        )
        if made.outcome != "exists":
            details = {"credits": credits, "reason": why, "days": days}
            await audit.note(
                db, account=account, actor=actor, action="credits.grant", details=details, address=address, at=now
            )
    return made


async def turn_public_api(pool: Pool, *, actor: str, on: bool, reason: str, address: str = "") -> Switch:
    """Turn the public API on or off; every process feels it within a second."""
    async with pool.acquire() as db, db.transaction():
        turned = await switches.turn_public_api(db, on=on, reason=reason)
        await audit.note(
            db,
            account="",
            actor=actor,
            action="api.enable" if on else "api.disable",
            details={"reason": reason},
            address=address,
        )
    return turned


async def set_disabled(
    pool: Pool, *, actor: str, account: AccountId, disabled: bool, reason: str, address: str = ""
) -> None:
    """Shut an account out, or let it in again: its keys and its browsers are refused while it is disabled.

    Raises ValidationFailed, or NotFound.
    """
    why, now = _reason(reason), utc_now()
    async with pool.acquire() as db, db.transaction():
        if not await db.fetchval(_SQL["set_disabled"], account, now if disabled else None):
            raise NotFound("There is no such account.")
        await audit.note(
            db,
            account=account,
            actor=actor,
            action="account.disable" if disabled else "account.enable",
            details={"reason": why},
            address=address,
            at=now,
        )


def _reason(text: str) -> str:
    found = " ".join(text.split())
    if not found or len(found) > _MOST_REASON:
        raise ValidationFailed(f"Say why, in 1 to {_MOST_REASON} characters.", param="reason")
    return found


def _later(now: datetime, days: int | None) -> datetime | None:
    return now + timedelta(days=days) if days is not None else None
