"""Make and find accounts."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from argon2 import PasswordHasher

from rivya.errors import NotFound, ValidationFailed
from rivya.kit.clock import utc_now
from rivya.kit.db import Pool, load_queries
from rivya.kit.ids import AccountId, new_id
from rivya.wallet import service as wallet

_SQL = load_queries("rivya.accounts")
_PART = r"""[^@\s,;:<>()\[\]\\"]"""  # what would be syntax in a letter's head is in no address here
_EMAIL = re.compile(rf"^{_PART}{{1,64}}@{_PART}{{1,189}}$")


class EmailTaken(ValidationFailed):
    """There is an account with this e-mail address already."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    id: AccountId
    email: str
    password: str | None
    """Shown once, when it was made here; kept only as an Argon2 hash."""


def check_email(email: str) -> None:
    """Refuse what cannot be an e-mail address. Raises ValidationFailed."""
    if not _EMAIL.match(email) or not email.isprintable():
        raise ValidationFailed(f"{email[:100]!r} is not an e-mail address.", param="email")


async def create(
    pool: Pool, *, email: str, credits: int = 0, password: bool = False, operator: bool = False
) -> NewAccount:
    """Make an account with its wallet and, if ``credits`` is above 0, a first grant, all or nothing.

    With ``password`` a random one is made, to sign in with. Raises EmailTaken or ValidationFailed.
    """
    check_email(email)
    account = AccountId(new_id("acct"))
    secret = secrets.token_urlsafe(12) if password else None
    hashed = PasswordHasher().hash(secret) if secret else None
    async with pool.acquire() as connection, connection.transaction():
        made = await connection.fetchval(_SQL["create_account"], account, email, hashed, operator, utc_now())
        if made is None:
            raise EmailTaken(param="email")
        await wallet.open_wallet(connection, account=account)
        if credits > 0:
            await wallet.grant(
                connection,
                account=account,
                business_id=f"account:{account}",
                source="grant",
                credits=credits,
                note="granted with the account",
            )
    return NewAccount(account, email, secret)


async def find(pool: Pool, *, email: str) -> AccountId:
    """Return the account of an e-mail address. Raises NotFound."""
    row = await pool.fetchrow(_SQL["account_by_email"], email)
    if row is None:
        raise NotFound(f"There is no account {email}.")
    return AccountId(row["id"])
