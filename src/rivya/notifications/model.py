"""What a notification is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from rivya.kit.ids import AccountId

Kind = Literal["billing", "credits", "generation"]

KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell an account, once: of the same ``kind`` and ``subject`` no second one is made."""

    account: AccountId
    kind: Kind
    subject: str
    title: str
    body: str = ""
    link: str | None = None
    """A path of this installation."""


@dataclass(frozen=True, slots=True)
class Notification:
    """A notice as its account has it."""

    id: str
    kind: Kind
    title: str
    body: str
    link: str | None
    created_at: datetime
    read_at: datetime | None
