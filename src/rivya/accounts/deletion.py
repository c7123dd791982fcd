"""Deleting an account: whom it was about is forgotten, what was paid stays written."""

from __future__ import annotations

from rivya.accounts import audit, sessions
from rivya.accounts.model import Device
from rivya.accounts.openid import identities
from rivya.kit.clock import utc_now
from rivya.kit.db import Pool, load_queries
from rivya.kit.ids import AccountId

_SQL = load_queries("rivya.accounts")


async def delete(pool: Pool, *, account: AccountId, device: Device) -> None:
    """Forget a person, for good: name, address and all ways in; sign all browsers out, revoke all keys and webhooks.

    Credits that are left are lost. The ledger stays, under an id that says nothing; files and results go when their
    time comes. All or nothing; a second time changes nothing.
    """
    now = utc_now()
    async with pool.acquire() as db, db.transaction():
        await audit.note(db, account=account, actor=account, action="account.delete", address=device.address)
        await db.execute(_SQL["forget_person"], account, now)
        await identities.forget(db, account=account)
        await db.execute(_SQL["revoke_all_keys"], account, now)
        await db.execute(_SQL["revoke_all_endpoints"], account, now)
        await db.execute(_SQL["use_resets"], account, now)
        await sessions.end_all(db, account=account)
