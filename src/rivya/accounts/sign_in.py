"""Signing in, out, and choosing another password."""

from __future__ import annotations

from datetime import timedelta

from rivya.accounts import audit, passwords, sessions, throttle
from rivya.accounts.letters import Letters
from rivya.accounts.model import Device, Person
from rivya.accounts.service import check_email
from rivya.errors import NotFound, ValidationFailed
from rivya.kit.clock import utc_now
from rivya.kit.db import Pool, load_queries
from rivya.kit.ids import AccountId

_SQL = load_queries("rivya.accounts")
_FRESH = timedelta(minutes=15)


class WrongPassword(ValidationFailed):
    """This e-mail address and this password do not belong together."""


class LinkIsOver(NotFound):
    """This link was used already, or it is too old. Ask for another."""


async def sign_in(pool: Pool, *, email: str, password: str, device: Device) -> str:
    """Sign a browser in; return its token. Whether the address is known cannot be told from the answer.

    Raises WrongPassword, or RateLimited for one who guesses.
    """
    who = throttle.subjects("sign-in", email, device)
    await throttle.admit(pool, who)
    row = await pool.fetchrow(_SQL["password_by_email"], email.strip())
    if not await passwords.matches(password, row["password_hash"] if row is not None else None) or row is None:
        await throttle.failed(pool, who)
        raise WrongPassword(param="password")
    await throttle.passed(pool, who)
    account = AccountId(row["id"])
    async with pool.acquire() as db, db.transaction():
        token = await sessions.begin(db, account=account, device=device)
        await audit.note(db, account=account, actor=account, action="session.begin", address=device.address)
    return token


async def person(pool: Pool, *, account: AccountId) -> Person:
    """Return an account as its owner sees it. Raises NotFound."""
    row = await pool.fetchrow(_SQL["person"], account)
    if row is None:
        raise NotFound
    return Person(
        account=AccountId(row["id"]),
        email=row["email"],
        name=row["name"],
        is_operator=row["is_operator"],
        has_password=row["has_password"],
        email_verified_at=row["email_verified_at"],
        password_changed_at=row["password_changed_at"],
        created_at=row["created_at"],
    )


async def change_name(pool: Pool, *, account: AccountId, name: str) -> None:
    """Give an account another name, one that ``check_name`` passed."""
    await pool.execute(_SQL["change_name"], account, name)


def check_same_email(given: str, email: str) -> None:
    """Make sure that it is meant: who deletes an account types its address. Raises ValidationFailed."""
    if given.strip().lower() != email.lower():
        raise ValidationFailed(f"Type {email} to delete this account.", param="email")


async def check_password(pool: Pool, *, account: AccountId, password: str, device: Device, param: str) -> None:
    """Make sure that it is the owner who acts. Raises WrongPassword, or RateLimited for one who guesses."""
    who = throttle.subjects("password", account, device)
    await throttle.admit(pool, who)
    if not await passwords.matches(password, await pool.fetchval(_SQL["password_of"], account)):
        await throttle.failed(pool, who)
        raise WrongPassword("This is not your password.", param=param)
    await throttle.passed(pool, who)


async def check_fresh(pool: Pool, *, account: AccountId, session: str) -> None:
    """Make sure that it is the owner who acts, of an account without a password. Raises ValidationFailed."""
    begun = [one.created_at for one in await sessions.of_account(pool, account=account) if one.id == session]
    if not begun or begun[0] < utc_now() - _FRESH:
        raise ValidationFailed("Sign out and in again first: this account has no password to ask you for.")


async def change_password(
    pool: Pool, *, account: AccountId, email: str, old: str, new: str, session: str, device: Device
) -> None:
    """Choose another password; all other browsers are signed out.

    Raises WrongPassword, ValidationFailed, or RateLimited.
    """
    await check_password(pool, account=account, password=old, device=device, param="old_password")
    passwords.check_choice(new, email=email, param="new_password")
    await _set_password(pool, account, await passwords.hashed(new), device, action="password.change", but=session)


async def ask_for_reset(pool: Pool, letters: Letters, *, email: str, device: Device) -> None:
    """Have a letter sent with which another password can be chosen, if the address is known; nobody is told whether.

    Raises ValidationFailed or RateLimited.
    """
    email = email.strip()
    check_email(email)
    who = throttle.subjects("reset", email, device)
    await throttle.admit(pool, who)
    await throttle.failed(pool, who)  # each letter counts
    await letters.ask("reset", email=email)


async def reset_password(pool: Pool, *, token: str, new: str, device: Device) -> str:
    """Choose another password by the token of a mail; all browsers are signed out but this one: its token is returned.

    Raises LinkIsOver or ValidationFailed.
    """
    account = await pool.fetchval(_SQL["reset_by_token"], sessions.token_hash(token), utc_now())
    if account is None:
        raise LinkIsOver
    owner = await person(pool, account=AccountId(account))
    passwords.check_choice(new, email=owner.email, param="new_password")
    await _set_password(pool, owner.account, await passwords.hashed(new), device, action="password.reset", but=None)
    # Whoever reads the mails of an address is its owner.
    await pool.execute(_SQL["verified"], owner.account, utc_now(), None, None)
    return await sessions.begin(pool, account=owner.account, device=device)


async def _set_password(
    pool: Pool, account: AccountId, kept: str, device: Device, *, action: str, but: str | None
) -> None:
    now = utc_now()
    async with pool.acquire() as db, db.transaction():
        await db.execute(_SQL["change_password"], account, kept, now)
        await db.execute(_SQL["use_resets"], account, now)
        await sessions.end_all(db, account=account, but=but)
        await audit.note(db, account=account, actor=account, action=action, address=device.address)
