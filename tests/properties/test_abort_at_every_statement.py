"""Money and tasks move all or nothing: a call that is cut short after any one row it wrote leaves no trace.

Triggers that only these tests make count the rows that a call writes and cut it short after the n-th, for every n:
by an exception, and by the death of the server process that carries it out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg
import pytest

from rivya.kit.db import CONNECTION_LOST, Connection, Pool
from rivya.kit.ids import AccountId
from rivya.wallet import service as wallet
from rivya.wallet.invariants import verify
from tests.factories import (
    BEGIN_TASK,
    END_TASK,
    accept_task,
    begin_turn,
    day,
    end_turn,
    make_account,
    make_key,
    make_lot,
)

SABOTAGE = """
create function cut_short() returns trigger language plpgsql as $$
declare
    v_how   text := current_setting('test.how', true);
    v_after integer := nullif(current_setting('test.after', true), '')::integer;
begin
    if v_how in ('raise', 'kill') then
        v_after := v_after - 1;
        perform set_config('test.after', v_after::text, false);
        if v_after = 0 and v_how = 'raise' then
            raise exception 'cut short';
        elsif v_after = 0 then
            perform pg_terminate_backend(pg_backend_pid());
            perform pg_sleep(60);
        end if;
    end if;
    return null;
end $$;
do $$
declare v_table text;
begin
    for v_table in select tablename from pg_tables where schemaname = 'public' loop
        execute format('create trigger cut_short after insert or update or delete on %I '
                       'for each row execute function cut_short()', v_table);
    end loop;
end $$;
"""

ACCOUNT, OTHER = AccountId("acct_a"), AccountId("acct_b")
KEY = f"key_of_{ACCOUNT}"


@dataclass(frozen=True)
class Call:
    """A call, what must be there before it, and how many rows it writes at least."""

    name: str
    arrange: Callable[[Pool], Awaitable[object]]
    make: Callable[[Connection], Awaitable[object]]
    writes: int


async def three_lots(db: Pool) -> None:
    """Two lots that lapse on days 1 and 2, and one that never does, with 4 credits each; and a key."""
    for account in (ACCOUNT, OTHER):
        await make_account(db, id=account)
        await make_key(db, account, id=f"key_of_{account}")
        await make_lot(db, account, credits=4, expires=1)
        await make_lot(db, account, credits=4, expires=2)
        await make_lot(db, account, credits=4)


async def three_lots_reserved(db: Pool) -> None:
    """As above with 10 credits reserved, so that the last lot has a rest and the first have lapsed by day 3."""
    await three_lots(db)
    await wallet.reserve(db, account=ACCOUNT, credits=3, reason="earlier", at=day(0))
    await wallet.reserve(db, account=ACCOUNT, credits=8, reason="task_1", at=day(0))
    await wallet.release(db, account=ACCOUNT, reason="earlier", at=day(0.5))


async def task_accepted(db: Pool) -> None:
    await three_lots(db)
    await accept_task(db, ACCOUNT, id="task_1", credits=10, key=KEY, idempotency_key="key_1")


async def turn_begun(db: Pool) -> None:
    await three_lots(db)
    assert await begin_turn(db, ACCOUNT, "turn_1", key=KEY, credits=10) == "begun"


async def task_begun(db: Pool) -> None:
    await task_accepted(db)
    await db.execute(BEGIN_TASK, ACCOUNT, "task_1", day(0.1))


async def account_alone(db: Pool) -> None:
    await db.execute("insert into accounts (id, email) values ($1, 'a@example.com')", ACCOUNT)


def accept(db: Connection, *, credits: int, at: float) -> Awaitable[object]:
    return accept_task(db, ACCOUNT, id="task_1", credits=credits, key=KEY, idempotency_key="key_1", at=at)


def end(db: Connection, *, status: str, credits: int) -> Awaitable[object]:
    return db.execute(END_TASK, ACCOUNT, "task_1", status, credits, day(3))


def grant(db: Connection) -> Awaitable[object]:
    return wallet.grant(
        db, account=ACCOUNT, business_id="pay_1", source="pack", credits=5, expires_at=day(9), at=day(0)
    )


BOTH = [wallet.Reserve(ACCOUNT, "task_1", 10), wallet.Reserve(OTHER, "task_1", 10)]

CALLS = [
    Call("grant", three_lots, grant, 3),
    Call("first_grant", account_alone, grant, 4),
    Call("reserve", three_lots, lambda db: wallet.reserve_many(db, BOTH, at=day(0)), 16),
    Call(
        "reserve_with_a_lapsed_lot",
        three_lots,
        lambda db: wallet.reserve(db, account=ACCOUNT, credits=6, reason="task_1", at=day(1)),
        9,
    ),
    Call(
        "settle_in_part",
        three_lots_reserved,
        lambda db: wallet.settle(db, account=ACCOUNT, reason="task_1", credits=2, at=day(3)),
        12,
    ),
    Call(
        "release", three_lots_reserved, lambda db: wallet.release(db, account=ACCOUNT, reason="task_1", at=day(3)), 12
    ),
    Call("lapse_due", three_lots, lambda db: wallet.lapse_due(db, at=day(3)), 10),
    Call("generation_accept", three_lots, lambda db: accept(db, credits=10, at=0), 12),
    Call("generation_accept_refused", three_lots, lambda db: accept(db, credits=11, at=1), 6),
    Call("generation_begin", task_accepted, lambda db: db.execute(BEGIN_TASK, ACCOUNT, "task_1", day(0.1)), 2),
    Call("generation_end_succeeded", task_begun, lambda db: end(db, status="succeeded", credits=2), 13),
    Call("generation_end_failed", task_begun, lambda db: end(db, status="failed", credits=0), 13),
    Call("chat_begin", three_lots, lambda db: begin_turn(db, ACCOUNT, "turn_1", key=KEY, credits=10), 12),
    Call("chat_end", turn_begun, lambda db: end_turn(db, ACCOUNT, "turn_1", credits=2, at=3), 13),
    Call("chat_end_failed", turn_begun, lambda db: end_turn(db, ACCOUNT, "turn_1", status="failed", at=3), 12),
]


async def every_row(db: Pool) -> dict[str, list[str]]:
    """Return all rows of all tables as text."""
    names = await db.fetch("select tablename from pg_tables where schemaname = 'public'")
    return {name: [row[0] for row in await db.fetch(f'select t::text from "{name}" t order by 1')] for (name,) in names}


@pytest.mark.parametrize("how", ["raise", "kill"])
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
async def test_a_call_cut_short_after_any_row_leaves_no_trace(
    pool: Pool, database_url: str, call: Call, how: str
) -> None:
    await call.arrange(pool)
    await pool.execute(SABOTAGE)
    before = await every_row(pool)
    cut_short = 0
    while await is_cut_short(database_url, call, how, after=cut_short + 1):
        cut_short += 1
        assert await every_row(pool) == before, f"after row {cut_short}"
    assert cut_short >= call.writes
    assert await every_row(pool) != before
    assert await verify(pool) == []


async def is_cut_short(dsn: str, call: Call, how: str, *, after: int) -> bool:
    """Make the call, to be cut short after so many rows; return False if it wrote fewer and went through."""
    connection = await asyncpg.connect(dsn, server_settings={"jit": "off", "timezone": "UTC"})
    try:
        await connection.execute(f"set test.how = '{how}'; set test.after = {after}")
        await call.make(connection)
    except (asyncpg.RaiseError, *CONNECTION_LOST) as error:
        if str(error) != "cut short" and how == "raise":
            raise
        return True
    else:
        return False
    finally:
        await connection.close()
