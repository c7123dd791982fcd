"""Signing up: an account comes to be once its address is proven, with its first credits."""

from __future__ import annotations

from datetime import datetime, timedelta

from rivya.accounts import audit, passwords, sessions, throttle
from rivya.accounts.letters import Letters
from rivya.accounts.model import CREDITS, Device
from rivya.accounts.service import EmailTaken, check_email
from rivya.accounts.sign_in import LinkIsOver
from rivya.errors import ValidationFailed
from rivya.kit.clock import utc_now
from rivya.kit.db import Connection, Pool, load_queries
from rivya.kit.ids import AccountId, new_id
from rivya.wallet import service as wallet

_CREDITS_LIVE = timedelta(days=30)
_MOST_NAME = 100

_SQL = load_queries("rivya.accounts")


def check_name(name: str) -> str:
    """Return a name as it is kept. Raises ValidationFailed."""
    found = " ".join(name.split())
    if len(found) > _MOST_NAME or not found.isprintable():
        raise ValidationFailed(f"A name has at most {_MOST_NAME} characters.", param="name")
    return found


async def sign_up(pool: Pool, letters: Letters, *, email: str, password: str, name: str, device: Device) -> None:
    """Have a letter sent that proves the address. Whether it has an account already is told to its owner alone, there.

    Raises ValidationFailed or RateLimited.
    """
    email, name = email.strip(), check_name(name)
    check_email(email)
    passwords.check_choice(password, email=email)
    who = throttle.subjects("sign-up", email, device)
    await throttle.admit(pool, who)
    await throttle.failed(pool, who)  # each letter counts
    await letters.ask("sign_up", email=email, name=name, password_hash=await passwords.hashed(password))


async def confirm(pool: Pool, *, token: str, device: Device) -> str:
    """Make the account of a proven address and sign this browser in; return its token.

    The account, its wallet and its first credits come to be together or not at all. Raises LinkIsOver; EmailTaken if
    the address has got an account meanwhile.
    """
    now = utc_now()
    async with pool.acquire() as db, db.transaction():
        taken = await db.fetchrow(_SQL["take_sign_up"], sessions.token_hash(token), now)
        if taken is None:
            raise LinkIsOver
        account = await begin_account(
            db,
            email=taken["email"],
            password_hash=taken["password_hash"],
            name=taken["name"],
            device=device,
            at=now,
        )
        return await sessions.begin(db, account=account, device=device)


async def begin_account(
    db: Connection, *, email: str, password_hash: str | None, name: str, device: Device, at: datetime
) -> AccountId:
    """Make the account of a proven address, with its wallet and its first credits, in the caller's transaction.

    Raises EmailTaken.
    """
    account = AccountId(new_id("acct"))
    if not await db.fetchval(_SQL["create_account"], account, email, password_hash, False, at):
        raise EmailTaken(param="email")
    await db.execute(_SQL["verified"], account, at, None, name)
    await wallet.open_wallet(db, account=account)
    await wallet.grant(
        db,
        account=account,
        business_id=f"signup:{account}",
        source="signup",
        credits=CREDITS,
        expires_at=at + _CREDITS_LIVE,
        note="to begin with",
    )
    await audit.note(db, account=account, actor=account, action="account.sign_up", address=device.address)
    return account
