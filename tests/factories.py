"""Make what a test begins with: accounts, lots and tasks, each in one line and with sensible defaults."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from rivya.kit.db import Connection, Pool
from rivya.kit.ids import AccountId, TaskId
from rivya.wallet import service as wallet
from rivya.wallet.model import LotSource

_numbers = itertools.count(1)


def day(number: float) -> datetime:
    """Return the moment so many days after the tests' time began."""
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)


async def make_account(db: Connection | Pool, *, credits: int = 0, id: str | None = None) -> AccountId:
    """Add an account with an open wallet, and one lot that never lapses when ``credits`` is above 0."""
    account = AccountId(id or f"acct_{next(_numbers)}")
    await db.execute("insert into accounts (id, email) values ($1, $1 || '@example.com')", account)
    await wallet.open_wallet(db, account=account)
    if credits:
        await make_lot(db, account, credits=credits)
    return account


async def make_lot(
    db: Connection | Pool,
    account: AccountId,
    *,
    credits: int,
    name: str | None = None,
    expires: float | None = None,
    source: LotSource = "grant",
) -> str:
    """Grant a lot on day 0, which lapses on the day ``expires``; return its business id."""
    business_id = name or f"grant_{next(_numbers)}"
    await wallet.grant(
        db,
        account=account,
        business_id=business_id,
        source=source,
        credits=credits,
        expires_at=None if expires is None else day(expires),
        at=day(0),
    )
    return business_id


@dataclass(frozen=True, slots=True)
class Lot:
    available: int
    reserved: int
    expires_at: datetime | None


async def lots(db: Connection | Pool, account: AccountId) -> dict[str, Lot]:
    """Return an account's lots as they are stored, by business id."""
    rows = await db.fetch(
        "select business_id, available, reserved, expires_at from lots where account_id = $1 order by id",
        account,
    )
    return {row["business_id"]: Lot(row["available"], row["reserved"], row["expires_at"]) for row in rows}


ACCEPT_TASK = """
select * from generation_accept(
    p_account => $1, p_task => $2, p_key_id => null, p_source => $3, p_model => 'rivya-sketch', p_prompt => 'a hill',
    p_params => '{}', p_inputs => '[]', p_client_request_id => null, p_credits => $4, p_created_at => $5,
    p_deadline_at => $6, p_entrypoint => 'generations', p_route => 'generations', p_idempotency_key => $7,
    p_fingerprint => '\\x01', p_response => '\\x7b7d')
"""

BEGIN_TASK = "select * from generation_begin($1, $2, 0, 'scripted', 'wrk_1', $3)"

END_TASK = """
select generation_end($1, $2, null, $3, $4, case $3 when 'succeeded' then '{}'::jsonb end,
                      case $3 when 'failed' then '{}'::jsonb end, $3, 'evt_' || $2, $5)
"""


async def accept_task(
    db: Connection | Pool,
    account: AccountId,
    *,
    credits: int = 4,
    id: str | None = None,
    source: str = "api",
    idempotency_key: str | None = None,
    at: float = 0,
) -> asyncpg.Record:
    """Accept a task on day ``at``; return the database's answer."""
    task = TaskId(id or f"task_{next(_numbers)}")
    row = await db.fetchrow(ACCEPT_TASK, account, task, source, credits, day(at), day(at + 1), idempotency_key)
    assert row is not None
    return row


async def end_task(
    db: Connection | Pool,
    account: AccountId,
    task: str,
    *,
    status: str = "succeeded",
    credits: int = 0,
    at: float = 0.5,
    begin: bool = True,
) -> bool:
    """End a task on day ``at``; return whether this call ended it. To succeed it is begun first, if ``begin``."""
    if status == "succeeded" and begin:
        await db.execute(BEGIN_TASK, account, task, day(at))
    return await db.fetchval(END_TASK, account, task, status, credits, day(at))
