"""The wallet as it should be, in plain Python: no tables, no locks, and lots that lapse the moment they are due.

The real wallet lets lots lapse when it next needs to know; nobody can tell the two apart from outside.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

GRACE = timedelta(days=7)


@dataclass
class Lot:
    business_id: str
    granted: int
    available: int
    reserved: int
    expires_at: datetime | None


@dataclass
class Held:
    """A reservation and what it took from each lot."""

    credits: int
    parts: list[tuple[Lot, int]]
    state: str = "open"
    settled: int = 0


@dataclass
class Wallet:
    lots: list[Lot] = field(default_factory=list)
    held: dict[str, Held] = field(default_factory=dict)
    expired: int = 0

    @property
    def available(self) -> int:
        return sum(lot.available for lot in self.lots)

    @property
    def reserved(self) -> int:
        return sum(lot.reserved for lot in self.lots)

    @property
    def spent(self) -> int:
        return sum(held.settled for held in self.held.values())

    @property
    def granted(self) -> int:
        return sum(lot.granted for lot in self.lots)


class Model:
    def __init__(self, start: datetime) -> None:
        self.now = start
        self.wallets: dict[str, Wallet] = {}

    def wait(self, time: timedelta) -> None:
        self.now += time
        self._lapse()

    def grant(self, account: str, business_id: str, credits: int, expires_at: datetime | None) -> tuple[str, int]:
        wallet = self.wallets.setdefault(account, Wallet())
        for lot in wallet.lots:
            if lot.business_id == business_id:
                return "exists", lot.granted
        wallet.lots.append(Lot(business_id, credits, credits, 0, expires_at))
        self._lapse()
        return "granted", credits

    def reserve(self, account: str, reason: str, credits: int) -> tuple[str, int]:
        """Return the outcome and, when refused, what is available, else what is reserved."""
        wallet = self.wallets.get(account)
        if wallet is None:
            return "no_wallet", 0
        if reason in wallet.held:
            return "exists", wallet.held[reason].credits
        if credits > wallet.available:
            return "insufficient", wallet.available
        parts: list[tuple[Lot, int]] = []
        missing = credits
        for lot in sorted(wallet.lots, key=lambda lot: (lot.expires_at is None, lot.expires_at)):
            take = min(missing, lot.available)
            if take:
                lot.available -= take
                lot.reserved += take
                missing -= take
                parts.append((lot, take))
        wallet.held[reason] = Held(credits, parts)
        return "reserved", credits

    def end(self, account: str, reason: str, credits: int, state: str) -> tuple[str, int, int]:
        """Return the outcome, what was settled and what was given back."""
        held = self.wallets[account].held.get(reason) if account in self.wallets else None
        if held is None:
            return "missing", 0, 0
        if held.state != "open":
            return f"already_{held.state}", held.settled, held.credits - held.settled
        if credits > held.credits:
            return "too_much", 0, 0
        to_spend = credits
        for lot, part in held.parts:
            spend = min(to_spend, part)
            to_spend -= spend
            lot.reserved -= part
            lot.available += part - spend
            if part > spend and lot.expires_at is not None and lot.expires_at <= self.now:
                lot.expires_at = self.now + GRACE
        held.state, held.settled = state, credits
        return state, credits, held.credits - credits

    def _lapse(self) -> None:
        for wallet in self.wallets.values():
            for lot in wallet.lots:
                if lot.expires_at is not None and lot.expires_at <= self.now:
                    wallet.expired += lot.available
                    lot.available = 0
