"""Signatures as Standard Webhooks has them: who holds the secret can tell that a message is whole and ours.

Source: the specification at https://github.com/standard-webhooks/standard-webhooks. What is signed is
``id.timestamp.body``; a header may carry several signatures, so that a secret can be changed without a gap.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets as random
from collections.abc import Mapping, Sequence
from datetime import datetime

PREFIX = "whsec_"
TOLERANCE_S = 5 * 60
_SECRET_BYTES = 32
_LEAST_SECRET_BYTES = 16
_MOST_SIGNATURES = 16


class BadSecret(ValueError):
    """A signing secret is ``whsec_`` and the base64 of at least 16 bytes."""


class BadSignature(Exception):
    """The message was not signed with this secret, or not lately."""


def new_secret() -> str:
    """Return a new signing secret: ``whsec_`` and the base64 of 32 random bytes."""
    return PREFIX + base64.b64encode(random.token_bytes(_SECRET_BYTES)).decode()


def check_secret(secret: str) -> None:
    """Raises BadSecret when this cannot be a signing secret."""
    _key(secret)


def preview(secret: str) -> str:
    """Return what may be shown of a secret again, to tell secrets apart: ``whsec_12...abc123``."""
    return f"{secret[: len(PREFIX) + 2]}...{secret.rstrip('=')[-6:]}"


def sign(secrets: Sequence[str], *, event_id: str, at: datetime | int, body: bytes) -> dict[str, str]:
    """Return the three headers of a message, with one signature for each secret. Raises BadSecret."""
    timestamp = int(at.timestamp()) if isinstance(at, datetime) else at
    signatures = [f"v1,{_signature(secret, event_id, timestamp, body)}" for secret in secrets]
    return {"webhook-id": event_id, "webhook-timestamp": str(timestamp), "webhook-signature": " ".join(signatures)}


def verify(secret: str, headers: Mapping[str, str], body: bytes, *, now: datetime) -> None:
    """Check a message that came in. ``headers`` are named in lower case.

    Raises BadSignature when none of its signatures is right, or when it was signed more than five minutes ago or
    ahead; BadSecret when the secret is none.
    """
    try:
        message_id, stamp = headers["webhook-id"], headers["webhook-timestamp"]
        given = headers["webhook-signature"].split(" ", _MOST_SIGNATURES)[:_MOST_SIGNATURES]
    except KeyError:
        raise BadSignature("a header is missing") from None
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise BadSignature("the timestamp is no number")
    if abs(now.timestamp() - int(stamp)) > TOLERANCE_S:
        raise BadSignature("the timestamp is too far from now")
    right = f"v1,{_signature(secret, message_id, int(stamp), body)}".encode()
    if not any(hmac.compare_digest(right, one.encode("utf-8", "replace")) for one in given):
        raise BadSignature("no signature is right")


def _signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    content = f"{message_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.digest(_key(secret), content, "sha256")).decode()


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise BadSecret(BadSecret.__doc__) from None
    if not secret.startswith(PREFIX) or len(key) < _LEAST_SECRET_BYTES:
        raise BadSecret(BadSecret.__doc__)
    return key
