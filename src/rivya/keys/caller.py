"""Who makes a call that is paid for: one of an account's API keys, or somebody who is signed in, in the Studio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rivya.keys.model import Key, Limits
from rivya.kit.ids import AccountId, KeyId

Source = Literal["api", "studio"]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in. There is no key, so only the account's own limits hold."""

    account: AccountId
    limits: Limits


Caller = Key | Person


def source_of(caller: Caller) -> Source:
    """Return the door that a caller came in by; what it makes carries that name."""
    return "api" if isinstance(caller, Key) else "studio"


def key_of(caller: Caller) -> KeyId | None:
    """Return the key that a caller used, if it used one."""
    return caller.id if isinstance(caller, Key) else None
