"""Sessions: who a browser's cookie belongs to. The cookie is 256 random bits; its SHA-256 is what is kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

import asyncpg

from rivya.accounts.model import Device, Session, SessionId
from rivya.errors import NotFound
from rivya.kit.clock import utc_now
from rivya.kit.db import Connection, Pool, load_queries
from rivya.kit.ids import AccountId, is_id, new_id

LIVES = timedelta(days=30)
"""However much it is used."""
IDLE = timedelta(days=14)
"""Unless it is used."""
_SEEN_EVERY = timedelta(minutes=5)
_MOST_TOKEN = 100
_MOST_USER_AGENT = 300

_SQL = load_queries("rivya.accounts")


def token_hash(token: str) -> bytes:
    """Return what is kept of a token. Plain SHA-256 will do: there are 256 random bits in it, nothing to guess."""
    return hashlib.sha256(token.encode()).digest()


def new_token() -> str:
    """Return 256 random bits, as a URL may hold them."""
    return secrets.token_urlsafe(32)


async def begin(db: Connection | Pool, *, account: AccountId, device: Device, at: datetime | None = None) -> str:
    """Sign a browser in; return its new token, which is known nowhere else."""
    now, token = at or utc_now(), new_token()
    await db.execute(
        _SQL["begin_session"],
        account,
        new_id("sess"),
        token_hash(token),
        device.user_agent[:_MOST_USER_AGENT],
        device.address,
        now,
        now + LIVES,
    )
    return token


async def find(pool: Pool, *, token: str, at: datetime | None = None) -> Session | None:
    """Return the session of a token, noting now and then that it was seen; None if it is over or never was."""
    if len(token) > _MOST_TOKEN:
        return None
    now = at or utc_now()
    row = await pool.fetchrow(_SQL["session_by_token"], token_hash(token), now, now - IDLE)
    if row is None:
        return None
    session = session_of(row)
    if session.last_seen_at < now - _SEEN_EVERY:
        await pool.execute(_SQL["session_seen"], session.account, session.id, now)
    return session


async def of_account(pool: Pool, *, account: AccountId, at: datetime | None = None) -> list[Session]:
    """Return an account's sessions, the one seen last first."""
    now = at or utc_now()
    return [session_of(row) for row in await pool.fetch(_SQL["sessions"], account, now, now - IDLE)]


async def end(db: Connection | Pool, *, account: AccountId, session: str) -> None:
    """Sign one browser out. Raises NotFound for a session that is not this account's."""
    if not is_id("sess", session) or not await db.fetchval(_SQL["end_session"], account, session):
        raise NotFound


async def end_all(db: Connection | Pool, *, account: AccountId, but: str | None = None) -> int:
    """Sign all browsers of an account out, but perhaps one; return how many."""
    return len(await db.fetch(_SQL["end_sessions"], account, but))


def session_of(row: asyncpg.Record) -> Session:
    """Return the session of a row."""
    return Session(
        account=AccountId(row["account_id"]),
        id=SessionId(row["id"]),
        email=row["email"],
        name=row["name"],
        is_operator=row["is_operator"],
        user_agent=row["user_agent"],
        address=row["address"],
        created_at=row["created_at"],
        last_seen_at=row["last_seen_at"],
        expires_at=row["expires_at"],
    )
