"""What a key is and may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

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


@dataclass(frozen=True, slots=True)
class Key:
    id: KeyId
    account: AccountId
    scopes: frozenset[str]
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
