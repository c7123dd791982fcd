"""Identifiers: prefixed, time-ordered, opaque to clients.

The part after the prefix is a ULID (48 bits of milliseconds, then 80 random bits) in lower-case Crockford
base32, so that ids sort by the time they were made. Source: the ULID specification, https://github.com/ulid/spec.
"""

from __future__ import annotations

import os
import time
from typing import NewType

AccountId = NewType("AccountId", str)
KeyId = NewType("KeyId", str)
TaskId = NewType("TaskId", str)
WorkerId = NewType("WorkerId", str)
RequestId = NewType("RequestId", str)
Credits = NewType("Credits", int)

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 26
_DIGITS = frozenset(_ALPHABET)
_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]
"""Two digits at a time: every call makes a handful of ids."""


def new_id(prefix: str) -> str:
    """Return ``{prefix}_{26 characters}``; later ids of a process sort after earlier ones, to the millisecond."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    return f"{prefix}_{_base32(value)}"


def first_id(prefix: str, at_ms: int) -> str:
    """Return an id that sorts before all that are made from this millisecond on, and after all from before."""
    return f"{prefix}_{_base32(min(max(at_ms, 0), (1 << 48) - 1) << 80)}"


def is_id(prefix: str, text: str) -> bool:
    """Return True if this could be an id that ``new_id(prefix)`` made."""
    body = text.removeprefix(f"{prefix}_")
    return len(body) == _LENGTH and len(text) == len(prefix) + 1 + _LENGTH and set(body) <= _DIGITS


def number_of(some_id: str) -> int:
    """Return the 128 bits of an id that ``new_id`` made."""
    number = 0
    for digit in some_id[-_LENGTH:]:
        number = number << 5 | _ALPHABET.index(digit)
    return number


def _base32(value: int) -> str:
    return "".join([_PAIRS[value >> shift & 1023] for shift in range(5 * (_LENGTH - 2), -1, -10)])
