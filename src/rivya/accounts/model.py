"""People and their sessions, as pages see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from rivya.kit.ids import AccountId

SessionId = NewType("SessionId", str)

CREDITS = 6
"""What everybody begins with."""


@dataclass(frozen=True, slots=True)
class Device:
    """Where a call came from: enough for a person to know it again, and no more."""

    user_agent: str
    address: str
    """The network: the first 24 bits of an IPv4 address, the first 48 of an IPv6 one."""


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is signed in."""

    account: AccountId
    id: SessionId
    email: str
    name: str
    is_operator: bool
    user_agent: str
    address: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """An account as its owner sees it."""

    account: AccountId
    email: str
    name: str
    is_operator: bool
    has_password: bool
    email_verified_at: datetime | None
    password_changed_at: datetime | None
    created_at: datetime
