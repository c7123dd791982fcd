"""The verbs of the wallet. Each is idempotent by its business id and safe to call again after any crash.

They run in the caller's transaction when they are given its connection, so that money moves together with what
it is for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rivya.errors import InsufficientCredits, NotFound
from rivya.kit.clock import utc_now
from rivya.kit.db import Connection, Pool, load_queries
from rivya.kit.ids import AccountId
from rivya.wallet.model import (
    Balance,
    Ending,
    Event,
    ExpiringLot,
    Grant,
    LotSource,
    Reservation,
    StatementLine,
    Transaction,
)

_SQL = load_queries("rivya.wallet")
_LEAST_WINDOW = 2000
_LOTS_AN_EVENT = 50


@dataclass(frozen=True, slots=True)
class Reserve:
    """One request to set credits aside; ``reason`` is the id of the task, turn or payment that it is for."""

    account: AccountId
    reason: str
    credits: int


@dataclass(frozen=True, slots=True)
class End:
    """One request to end a reservation: ``credits`` of it are spent, the rest goes back."""

    account: AccountId
    reason: str
    credits: int
    release: bool = False


async def open_wallet(db: Connection | Pool, *, account: AccountId) -> None:
    """Open the account's wallet, empty; does nothing when it is open."""
    await db.execute(_SQL["open_wallet"], account)


async def grant(
    db: Connection | Pool,
    *,
    account: AccountId,
    business_id: str,
    source: LotSource,
    credits: int,
    expires_at: datetime | None = None,
    note: str = "",
    at: datetime | None = None,
) -> Grant:
    """Add a lot of credits. A second grant with the same ``business_id`` changes nothing and says ``exists``."""
    row = await db.fetchrow(_SQL["grant"], account, business_id, source, credits, expires_at, note, at or utc_now())
    assert row is not None
    return Grant(**row)


async def reserve(
    db: Connection | Pool, *, account: AccountId, credits: int, reason: str, at: datetime | None = None
) -> Reservation:
    """Set credits aside for work that has not happened yet.

    Idempotent by ``reason``: reserving again for the same task returns the first reservation. Takes from the
    lots that expire soonest. Raises InsufficientCredits (402) and changes nothing when the available balance
    is short, or NotFound when the account has no wallet.
    """
    answer = (await reserve_many(db, [Reserve(account, reason, credits)], at=at))[0]
    if isinstance(answer, Exception):
        raise answer
    return answer


async def reserve_many(
    db: Connection | Pool, items: Sequence[Reserve], *, at: datetime | None = None
) -> list[Reservation | InsufficientCredits | NotFound]:
    """Reserve for many at once, each with its own outcome, in the order given; never raises for one of them."""
    rows = await db.fetch(
        _SQL["reserve"],
        [item.account for item in items],
        [item.reason for item in items],
        [item.credits for item in items],
        at or utc_now(),
    )
    answers: list[Reservation | InsufficientCredits | NotFound] = []
    for item, row in zip(items, rows, strict=True):
        if row["outcome"] == "insufficient":
            answers.append(short_of_credits(item.credits, row["available"]))
        elif row["outcome"] == "no_wallet":
            answers.append(NotFound("There is no such account."))
        else:
            answers.append(Reservation(**row))
    return answers


def short_of_credits(needed: int, available: int) -> InsufficientCredits:
    """Return the error for a call that needs more than the wallet holds."""
    return InsufficientCredits(f"This call needs {needed} credits, and {available} are available.")


async def settle(
    db: Connection | Pool, *, account: AccountId, reason: str, credits: int, at: datetime | None = None
) -> Ending:
    """Spend ``credits`` of a reservation and give the rest back, in one step.

    A reservation ends once: a second attempt is told how it ended and changes nothing, and so is one that
    asks for more than was reserved (``too_much``).
    """
    return (await end_many(db, [End(account, reason, credits)], at=at))[0]


async def release(db: Connection | Pool, *, account: AccountId, reason: str, at: datetime | None = None) -> Ending:
    """Give a whole reservation back to the lots it came from; told and unchanged when it has ended before."""
    return (await end_many(db, [End(account, reason, 0, release=True)], at=at))[0]


async def end_many(db: Connection | Pool, items: Sequence[End], *, at: datetime | None = None) -> list[Ending]:
    """Settle or release many reservations at once, each with its own outcome, in the order given."""
    rows = await db.fetch(
        _SQL["end_reservations"],
        [item.account for item in items],
        [item.reason for item in items],
        [item.credits for item in items],
        ["released" if item.release else "settled" for item in items],
        at or utc_now(),
    )
    return [Ending(row["outcome"], row["settled"] or 0, row["returned"] or 0) for row in rows]


async def lapse_due(db: Connection | Pool, *, limit: int = 500, at: datetime | None = None) -> int:
    """Take out of circulation what is past its expiry, in at most ``limit`` accounts; return the credits lapsed."""
    rows = await db.fetch(_SQL["lapse_due"], limit, at or utc_now())
    return sum(row["credits"] for row in rows)


async def balance(db: Connection | Pool, *, account: AccountId, at: datetime | None = None) -> Balance:
    """Return what the account can spend now and what is set aside. Raises NotFound without a wallet."""
    row = await db.fetchrow(_SQL["balance"], account, at or utc_now())
    if row is None:
        raise NotFound("There is no such account.")
    return Balance(available=row["available"], reserved=row["reserved"])


async def expiring(
    db: Connection | Pool, *, account: AccountId, within: timedelta = timedelta(days=30), at: datetime | None = None
) -> list[ExpiringLot]:
    """Return the credits that lapse within that time unless they are spent, soonest first; at most 100 lots."""
    now = at or utc_now()
    return [ExpiringLot(**row) for row in await db.fetch(_SQL["expiring"], account, now, now + within)]


async def statement(db: Connection | Pool, *, account: AccountId, limit: int = 100) -> list[StatementLine]:
    """Return the account's newest events, newest first."""
    return [StatementLine(**row) for row in await db.fetch(_SQL["statement"], account, limit)]


async def transactions(
    db: Connection | Pool, *, account: AccountId, before: int | None, event: Event | None, limit: int
) -> tuple[list[Transaction], bool]:
    """Return the account's newest events, or those before the ledger row ``before``, and whether there may be more."""
    window = max(_LEAST_WINDOW, limit * _LOTS_AN_EVENT)
    rows = await db.fetch(_SQL["transactions"], account, before, event, limit + 1, window)
    found = [Transaction(**{name: value for name, value in row.items() if name != "rows_read"}) for row in rows]
    if len(found) > limit:
        return found[:limit], True
    if rows and rows[0]["rows_read"] == window and len(found) > 1:
        return found[:-1], True  # the last may go on beyond what was read
    return found, False
