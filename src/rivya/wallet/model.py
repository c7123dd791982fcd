"""What the wallet answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

LotSource = Literal["signup", "subscription", "pack", "grant"]


@dataclass(frozen=True, slots=True)
class Balance:
    """A wallet at one moment, in whole credits."""

    available: int
    reserved: int


@dataclass(frozen=True, slots=True)
class ExpiringLot:
    credits: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Grant:
    outcome: Literal["granted", "exists"]
    credits: int
    available: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """``exists`` is the answer to a second reserve for the same reason: nothing was changed."""

    outcome: Literal["reserved", "exists"]
    credits: int
    available: int


@dataclass(frozen=True, slots=True)
class Ending:
    """How a reservation ended. ``already_...`` tells who was first; nothing was changed then."""

    outcome: Literal["settled", "released", "already_settled", "already_released", "missing", "too_much"]
    settled: int
    returned: int


Event = Literal["grant", "reserve", "settle", "release", "expire"]


@dataclass(frozen=True, slots=True)
class Transaction:
    """One event of the ledger: ``first`` and ``last`` are its rows there, ``source`` that of the lots it is about."""

    first: int
    last: int
    at: datetime
    event: Event
    business_id: str
    source: LotSource
    available_change: int
    spent: int


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One event as the account sees it: ``available_change`` is what it did to the credits to spend."""

    at: datetime
    event: Literal["grant", "reserve", "settle", "release", "expire"]
    business_id: str
    available_change: int
    spent: int
