"""Secrets that must be read back are kept encrypted: whoever holds the database alone cannot read them.

AES-256-GCM, under a key that HKDF-SHA256 (RFC 5869) makes of the installation's key for one purpose, so that what was
sealed for one is never opened for another. What a secret is bound to (its owner's row) is authenticated with it: a
sealed secret that is copied to another row does not open there.
"""

from __future__ import annotations

import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION = 1
_KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_HEAD_BYTES = 2 + _NONCE_BYTES


class CannotOpen(Exception):
    """This was not sealed here: with another key, for something else, or it was changed since."""


class Sealer:
    """Seals and opens secrets of one purpose.

    ``old`` is the installation's key before it was changed: what was sealed with it still opens; nothing new is
    sealed with it. Sealed bytes name their key by one byte of its hash, which tells keys apart and nothing else.
    """

    def __init__(self, key: bytes, *, purpose: str, old: bytes | None = None) -> None:
        self._key = _Key(key, purpose)
        self._keys = (self._key, *((_Key(old, purpose),) if old is not None else ()))

    def seal(self, secret: bytes, *, bound_to: str) -> bytes:
        """Return the secret encrypted; twice the same secret is never twice the same bytes."""
        nonce = os.urandom(_NONCE_BYTES)
        head = bytes((_VERSION, self._key.id)) + nonce
        return head + self._key.cipher.encrypt(nonce, secret, bound_to.encode())

    def open(self, sealed: bytes, *, bound_to: str) -> bytes:
        """Return the secret that was sealed. Raises CannotOpen."""
        if len(sealed) >= _HEAD_BYTES + _TAG_BYTES and sealed[0] == _VERSION:
            for key in self._keys:
                if key.id == sealed[1]:
                    try:
                        return key.cipher.decrypt(sealed[2:_HEAD_BYTES], sealed[_HEAD_BYTES:], bound_to.encode())
                    except InvalidTag:
                        continue  # two keys may share an id
        raise CannotOpen(CannotOpen.__doc__)


class _Key:
    def __init__(self, key: bytes, purpose: str) -> None:
        info = b"rivya secrets\0" + purpose.encode()
        derived = HKDF(SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(key)
        self.id = hashlib.sha256(b"id\0" + derived).digest()[0]
        self.cipher = AESGCM(derived)
