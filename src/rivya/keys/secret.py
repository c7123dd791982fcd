"""What a key looks like: ``rvya_sk_``, 32 random bytes in base62, and a checksum.

The checksum lets a secret scanner tell a real key from a look-alike without asking us, and lets us refuse a
mistyped one without asking the database (the scheme of GitHub's tokens).
"""

from __future__ import annotations

import hashlib
import secrets
import zlib

PREFIX = "rvya_sk_"
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BODY = 43  # 62**43 > 2**256
_CHECK = 6  # 62**6 > 2**32
_VISIBLE = 6


def new_secret() -> str:
    """Return a new key with 256 random bits."""
    body = _base62(int.from_bytes(secrets.token_bytes(32)), _BODY)
    return f"{PREFIX}{body}{_checksum(body)}"


def is_well_formed(secret: str) -> bool:
    """Return True if this could be a key of ours: prefix, length, alphabet and checksum are right."""
    body = secret[len(PREFIX) : -_CHECK]
    return (
        secret.startswith(PREFIX)
        and len(secret) == len(PREFIX) + _BODY + _CHECK
        and secret.isascii()
        and secret[-_CHECK:] == _checksum(body)
    )


def hash_secret(secret: str) -> bytes:
    """Return what is stored. Plain SHA-256 will do: the secret is 256 random bits, there is nothing to guess."""
    return hashlib.sha256(secret.encode()).digest()


def visible_prefix(secret: str) -> str:
    """Return the part that may be shown again, to tell keys apart."""
    return secret[: len(PREFIX) + _VISIBLE]


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECK)


def _base62(value: int, length: int) -> str:
    digits: list[str] = []
    for _ in range(length):
        value, digit = divmod(value, 62)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
