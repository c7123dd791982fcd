"""Passwords: which may be chosen, and how they are kept (Argon2id, argon2-cffi's defaults: RFC 9106, low memory)."""

from __future__ import annotations

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from rivya.errors import ValidationFailed

LEAST = 10
MOST = 200

_COMMON = frozenset(
    {
        "1234567890", "12345678910", "123456789a", "0123456789", "0987654321", "1q2w3e4r5t", "1qaz2wsx3edc",
        "abc1234567", "abcdefghij", "iloveyou123", "letmein123", "password00", "password01", "password12",
        "password123", "password1234", "passw0rd123", "q1w2e3r4t5", "qwerty1234", "qwerty12345", "qwertyuiop",
        "qwertyuiop123", "superman123", "welcome123", "welcome1234", "zaq12wsxcde",
    }
)  # fmt: skip
"""Those of the lists of leaked passwords that are long enough."""

_hasher = PasswordHasher()
_at_once = asyncio.Semaphore(2)
"""Each takes 64 MiB and a core for a while: many who sign in must not stop the process."""


def check_choice(password: str, *, email: str, param: str = "password") -> None:
    """Refuse a password that is easily guessed. Raises ValidationFailed."""
    if len(password) < LEAST:
        raise ValidationFailed(f"Choose a password of at least {LEAST} characters.", param=param)
    if len(password) > MOST:
        raise ValidationFailed(f"Choose a password of at most {MOST} characters.", param=param)
    lowered = password.lower()
    if lowered in _COMMON or len(set(lowered)) < 4:
        raise ValidationFailed("This password is one of the first that would be guessed. Choose another.", param=param)
    if lowered in (email.lower(), email.lower().split("@")[0]):
        raise ValidationFailed("Choose a password that is not your e-mail address.", param=param)


async def hashed(password: str) -> str:
    """Return what is kept of a password."""
    async with _at_once:
        return await asyncio.to_thread(_hasher.hash, password)


async def matches(password: str, kept: str | None) -> bool:
    """Return True if this is the password. Takes as long when there is none, so that nobody can tell."""
    async with _at_once:
        return await asyncio.to_thread(_matches, password[:MOST], kept) and kept is not None


def _matches(password: str, kept: str | None) -> bool:
    try:
        return _hasher.verify(kept or _nobodys(), password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    """Return a hash to compare with where there is none; made when it is first needed, not by every process."""
    return _hasher.hash("nobody's password")
