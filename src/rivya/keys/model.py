"""What a key is and may do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NewType

from rivya.kit.ids import AccountId, KeyId

SCOPES = (
    "models:read",
    "generations:create",
    "generations:read",
    "files:create",
    "files:read",
    "credits:read",
    "webhooks:manage",
    "chat:create",
    "chat:read",
)
"""All scopes there are. A key keeps those that it was made with."""

LIFETIMES_DAYS = (30, 90, 365)
"""How long a key may be made to live; without one of these it lives until it is revoked."""

MOST_GRACE_DAYS = 7
"""How long a key may live on beside the one that takes its place."""

UsageId = NewType("UsageId", str)
"""In whose usage a key counts: its own, or that of the key whose place it took. The id of the first key of a line."""

State = Literal["active", "revoked", "expired"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a caller may: by the installation's settings, and by the key's own limits in their place."""

    account_requests_a_minute: int
    account_in_flight: int
    key_requests_a_minute: int | None
    key_in_flight: int | None


@dataclass(frozen=True, slots=True)
class Key:
    """A key as authentication needs it. Its spend limit is looked at where credits are set aside."""

    id: KeyId
    account: AccountId
    usage: UsageId
    scopes: frozenset[str]
    limits: Limits
    expires_at: datetime | None
    revoked_at: datetime | None
    account_disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key: the only moment at which its secret is known."""

    id: KeyId
    secret: str
    prefix: str
    scopes: tuple[str, ...]
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key as its owner sees it."""

    id: KeyId
    name: str
    prefix: str
    scopes: Sequence[str]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    replaced_by: KeyId | None
    credits_a_month: int | None
    requests_a_minute: int | None
    used_credits: int
    """What its line of keys spent or set aside in this calendar month."""

    def state(self, now: datetime) -> State:
        return state(revoked_at=self.revoked_at, expires_at=self.expires_at, now=now)


def state(*, revoked_at: datetime | None, expires_at: datetime | None, now: datetime) -> State:
    """Return how a key stands at a moment. Revoked goes before expired: it was somebody's decision."""
    if revoked_at is not None:
        return "revoked"
    return "expired" if expires_at is not None and expires_at <= now else "active"
