"""Whose account is it? The rules by which somebody whom an issuer vouches for is let in, and ways in are connected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from rivya.accounts import audit, sessions
from rivya.accounts.model import Device
from rivya.accounts.openid.claims import Claims
from rivya.accounts.service import EmailTaken, check_email
from rivya.accounts.sign_up import begin_account
from rivya.errors import NotFound, ValidationFailed
from rivya.kit.clock import utc_now
from rivya.kit.db import Connection, Pool, load_queries
from rivya.kit.ids import AccountId

_SQL = load_queries("rivya.accounts.openid")
_MOST_NAME = 100


class NotLetIn(ValidationFailed):
    """You could not be signed in that way."""


@dataclass(frozen=True, slots=True)
class Identity:
    """One way into an account."""

    issuer: str
    subject: str
    email: str
    created_at: datetime
    last_used_at: datetime


async def sign_in(pool: Pool, claims: Claims, *, title: str, device: Device, may_sign_up: bool) -> str:
    """Sign a browser in to the account of whom the issuer ``title`` vouches for; return its token.

    One that is not known yet gets a new account with its first credits, or becomes a way into the account of the same
    address, if both the issuer and we have proof of that address and it is no operator's. Raises NotLetIn.
    """
    while True:
        try:
            async with pool.acquire() as db, db.transaction():
                account = await _known(db, claims) or await _met(db, claims, title, device, may_sign_up=may_sign_up)
                token = await sessions.begin(db, account=account, device=device)
                await _noted(db, account, "session.begin", claims, device)
                return token
        except EmailTaken:
            continue  # by a sign-in at the same moment, perhaps of the very same person: look again


async def connect(pool: Pool, claims: Claims, *, title: str, account: AccountId, device: Device) -> None:
    """Make it a way into this account. Raises NotLetIn if it is one into another."""
    async with pool.acquire() as db, db.transaction():
        owner = await db.fetchval(_SQL["owner"], claims.issuer, claims.subject)
        if owner is None:
            owner = await _connect(db, claims, account, device)
        if owner != account:
            raise NotLetIn(f"That person at {title} signs in to another account here. Disconnect it there first.")


async def disconnect(pool: Pool, *, account: AccountId, issuer: str, subject: str, device: Device) -> None:
    """Take a way in away. Raises NotFound; NotLetIn if it is the last one."""
    async with pool.acquire() as db, db.transaction():
        row = await db.fetchrow(_SQL["ways_in"], account)
        gone = await db.fetchrow(_SQL["disconnect"], account, issuer, subject)
        if gone is None:
            raise NotFound
        if row is None or (not row["has_password"] and row["identities"] <= 1):
            raise NotLetIn("This is the only way into your account. Choose a password first.")
        await audit.note(
            db,
            account=account,
            actor=account,
            action="identity.disconnect",
            details={"issuer": issuer},
            address=device.address,
        )


async def of_account(pool: Pool, *, account: AccountId) -> Sequence[Identity]:
    """Return the ways into an account, the oldest first."""
    return [_identity(row) for row in await pool.fetch(_SQL["of_account"], account)]


async def forget(db: Connection, *, account: AccountId) -> None:
    """Take all ways in away, in the caller's transaction."""
    await db.execute(_SQL["forget"], account)


async def _known(db: Connection, claims: Claims) -> AccountId | None:
    row = await db.fetchrow(_SQL["use"], claims.issuer, claims.subject, claims.email[:320], utc_now())
    if row is None:
        return None
    _check_open(row)
    return AccountId(row["id"])


async def _met(db: Connection, claims: Claims, title: str, device: Device, *, may_sign_up: bool) -> AccountId:
    if not claims.email or not claims.proven:
        raise NotLetIn(f"{title} has no proof of your e-mail address. Prove it there, then try again.")
    check_email(claims.email)
    row = await db.fetchrow(_SQL["account_of_email"], claims.email)
    if row is None:
        account = await _new(db, claims, device, may_sign_up=may_sign_up)
    else:
        _check_open(row)
        # An address that nobody proved to us may have been given by somebody else, who would keep their password.
        if row["email_verified_at"] is None or row["is_operator"]:
            raise NotLetIn(
                f"{claims.email} has an account here. Sign in with its password, then connect {title} in the settings, "
                "under Security."
            )
        account = AccountId(row["id"])
    owner = await _connect(db, claims, account, device)
    if owner != account:
        raise EmailTaken
    return account


async def _new(db: Connection, claims: Claims, device: Device, *, may_sign_up: bool) -> AccountId:
    if not may_sign_up:
        raise NotLetIn("Nobody can sign up here: ask the operator for an account.")
    name = "".join(character for character in claims.name if character.isprintable())
    return await begin_account(
        db,
        email=claims.email,
        password_hash=None,
        name=" ".join(name.split())[:_MOST_NAME],
        device=device,
        at=utc_now(),
    )


async def _connect(db: Connection, claims: Claims, account: AccountId, device: Device) -> AccountId:
    """Return whose it is now: somebody else's, if they came first."""
    row = await db.fetchrow(_SQL["connect"], account, claims.issuer, claims.subject, claims.email[:320], utc_now())
    if row is None:
        return AccountId(await db.fetchval(_SQL["owner"], claims.issuer, claims.subject))
    await _noted(db, account, "identity.connect", claims, device)
    return account


async def _noted(db: Connection, account: AccountId, action: str, claims: Claims, device: Device) -> None:
    await audit.note(
        db, account=account, actor=account, action=action, details={"issuer": claims.issuer}, address=device.address
    )


def _check_open(row: asyncpg.Record) -> None:
    if row["disabled_at"] is not None or row["deleted_at"] is not None:
        raise NotLetIn("This account is closed. Ask the operator.")


def _identity(row: asyncpg.Record) -> Identity:
    return Identity(row["issuer"], row["subject"], row["email"], row["created_at"], row["last_used_at"])
