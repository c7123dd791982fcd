"""Credits as they go over the wire."""

from __future__ import annotations

import hashlib
from typing import Annotated

import msgspec
from msgspec import Meta

from rivya.kit.clock import iso
from rivya.wallet.model import Event, LotSource, Transaction


class ExpiringCredits(msgspec.Struct, frozen=True):
    """Credits of one lot that lapse at ``expires_at`` unless they are spent."""

    credits: int
    """How many are left of them."""
    expires_at: str
    """When they lapse."""


class CreditsObject(msgspec.Struct, frozen=True):
    """``current_credits`` can be spent now; ``expiring_soon`` are those of them that lapse within 30 days."""

    current_credits: int
    """What can be spent now."""
    reserved_credits: int
    """What is set aside for tasks and turns under way."""
    expiring_soon: list[ExpiringCredits]
    """What lapses within 30 days, the soonest first."""


class TransactionObject(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to the credits."""

    id: Annotated[str, Meta(pattern="^txn_[0-9a-f]{32}$", examples=["txn_5f0c5a4f9d6e4b7a8c2d3e5f60718293"])]
    """The id of the entry."""
    object: str = "credit_transaction"
    type: Event
    """What happened."""
    credits: int
    """What it did to the credits that can be spent: above 0 they became more."""
    spent_credits: Annotated[int, Meta(ge=0)]
    """What was spent for good: by a settle."""
    reference: str | None
    """The task or the chat turn that it was for."""
    source: LotSource | None
    """Where granted or expired credits came from."""
    created_at: str


def transaction_object(account: str, one: Transaction) -> TransactionObject:
    """Return an event of the ledger for the wire. Its id tells nothing of the ledger's own numbers."""
    name = hashlib.sha256(f"{account} {one.event} {one.business_id} {one.at.isoformat()}".encode()).hexdigest()[:32]
    about_work = one.event in ("reserve", "settle", "release")
    return TransactionObject(
        id=f"txn_{name}",
        type=one.event,
        credits=one.available_change,
        spent_credits=one.spent,
        reference=one.business_id if about_work else None,
        source=None if about_work else one.source,
        created_at=iso(one.at),
    )
