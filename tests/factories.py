"""Make what a test begins with: accounts, lots and tasks, each in one line and with sensible defaults."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from rivya.kit.db import Connection, Pool
from rivya.kit.ids import AccountId, KeyId, TaskId
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
    p_account => $1, p_task => $2, p_key_id => $8, p_source => $3, p_model => 'rivya-sketch', p_prompt => 'a hill',
    p_params => '{}', p_inputs => '[]', p_client_request_id => null, p_credits => $4, p_created_at => $5,
    p_deadline_at => $6, p_entrypoint => 'generations', p_route => 'generations', p_idempotency_key => $7,
    p_fingerprint => '\\x01', p_response => '\\x7b7d', p_account_in_flight => $9, p_key_in_flight => $10)
"""

BEGIN_TASK = "select * from generation_begin($1, $2, 0, 'scripted', 'wrk_1', $3)"

END_TASK = """
select generation_end($1, $2, null, $3, $4, case $3 when 'succeeded' then '{}'::jsonb end,
                      case $3 when 'failed' then '{}'::jsonb end, $3, 'evt_' || $2, $5)
"""


async def make_key(
    db: Connection | Pool,
    account: AccountId,
    *,
    id: str | None = None,
    of: str | None = None,
    credits_a_month: int | None = None,
) -> KeyId:
    """Add a key that nobody knows the secret of; ``of`` is the key whose place it took."""
    key = KeyId(id or f"key_{next(_numbers)}")
    await db.execute(
        """insert into api_keys (account_id, id, name, prefix, secret_hash, scopes, usage_id, credits_a_month)
           values ($1, $2, 'test', 'rvya_sk_', sha256(convert_to($2, 'UTF8')), '{}', $3, $4)""",
        account,
        key,
        of,
        credits_a_month,
    )
    return key


async def accept_task(
    db: Connection | Pool,
    account: AccountId,
    *,
    credits: int = 4,
    id: str | None = None,
    key: str | None = None,
    source: str = "api",
    idempotency_key: str | None = None,
    at: float = 0,
    account_in_flight: int | None = None,
    key_in_flight: int | None = None,
) -> asyncpg.Record:
    """Accept a task on day ``at``; return the database's answer."""
    row = await db.fetchrow(
        ACCEPT_TASK,
        account,
        TaskId(id or f"task_{next(_numbers)}"),
        source,
        credits,
        day(at),
        day(at + 1),
        idempotency_key,
        key,
        account_in_flight,
        key_in_flight,
    )
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


BEGIN_TURN = """
select outcome from chat_begin(
    p_account => $1, p_turn => $2, p_session => $6, p_expected => $7, p_source => 'api', p_key_id => $3,
    p_model => 'rivya-mini-chat', p_rates => '{}', p_credits => $4, p_streamed => true, p_input_tokens => 3,
    p_message => 'msg_' || $2, p_content => 'hello', p_attachments => '[]', p_title => 'hello', p_route => 'chat',
    p_idempotency_key => $8, p_fingerprint => '\\x01', p_client_request_id => null, p_at => $5,
    p_account_in_flight => $9, p_key_in_flight => $10, p_lease => '10 s')
"""

END_TURN = """
select chat_end($1, $2, $3, $4, 3, 4, 'upstream', null, 'msg_end_' || $2, 'hi', null, 'stop', null, $5)
"""


async def begin_turn(
    db: Connection | Pool,
    account: AccountId,
    id: str,
    *,
    key: str | None = None,
    credits: int = 3,
    at: float = 0,
    session: str | None = None,
    expected: int | None = None,
    idempotency_key: str | None = None,
    account_in_flight: int | None = None,
    key_in_flight: int | None = None,
) -> str:
    """Begin a chat turn on day ``at``; return the outcome.

    It begins a session, one of its own unless it is named; with ``expected`` it goes on in one of so many messages.
    """
    return await db.fetchval(
        BEGIN_TURN,
        account,
        id,
        key,
        credits,
        day(at),
        session or f"chat_{id}",
        expected,
        idempotency_key,
        account_in_flight,
        key_in_flight,
    )


async def end_turn(
    db: Connection | Pool, account: AccountId, id: str, *, status: str = "completed", credits: int = 0, at: float = 0.5
) -> bool:
    """End a chat turn on day ``at``; return whether this call ended it."""
    return await db.fetchval(END_TURN, account, id, status, credits, day(at))
