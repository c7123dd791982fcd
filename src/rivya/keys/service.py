"""Issue, change, rotate, revoke and authenticate keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypedDict, Unpack

from rivya.errors import (
    ApiKeyExpired,
    ApiKeyInvalid,
    ApiKeyRevoked,
    ApiScopeDenied,
    NotFound,
    ValidationFailed,
)
from rivya.keys.cache import KeyCache
from rivya.keys.model import MOST_GRACE_DAYS, SCOPES, IssuedKey, Key, KnownKey, state
from rivya.keys.secret import hash_secret, is_well_formed, new_secret, visible_prefix
from rivya.kit.clock import utc_now
from rivya.kit.db import Pool, load_queries
from rivya.kit.ids import AccountId, KeyId, new_id

_SQL = load_queries("rivya.keys")
_MOST_CREDITS = 10**15
_MOST_REQUESTS = 10**7


class KeyLimits(TypedDict, total=False):
    """A key's own limits; None: it has none of its own."""

    credits_a_month: int | None
    """The most credits that it may spend, or set aside, in a calendar month (UTC)."""
    requests_a_minute: int | None


async def issue(
    pool: Pool,
    *,
    account: AccountId,
    name: str = "default",
    scopes: Sequence[str] = SCOPES,
    expires_at: datetime | None = None,
    **limits: Unpack[KeyLimits],
) -> IssuedKey:
    """Make a key. Its secret is returned here and never again.

    Raises ValidationFailed for an unknown scope, or for a limit that cannot be one.
    """
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise ValidationFailed(
            f"{', '.join(unknown) or 'An empty list'} is not accepted: the scopes are {', '.join(SCOPES)}.",
            param="scopes",
        )
    _check_limits(limits)
    secret = new_secret()
    key = IssuedKey(KeyId(new_id("key")), secret, visible_prefix(secret), tuple(dict.fromkeys(scopes)), expires_at)
    await pool.execute(
        _SQL["insert_key"],
        account,
        key.id,
        name,
        key.prefix,
        hash_secret(secret),
        list(key.scopes),
        utc_now(),
        expires_at,
        limits.get("credits_a_month"),
        limits.get("requests_a_minute"),
    )
    return key


async def list_keys(pool: Pool, *, account: AccountId, at: datetime | None = None) -> list[KnownKey]:
    """Return all keys of an account, newest first, with what each used in the month of ``at`` (now)."""
    rows = await pool.fetch(_SQL["list_keys"], account, at or utc_now())
    return [KnownKey(**row) for row in rows]


async def change_limits(pool: Pool, *, key: KeyId, **limits: Unpack[KeyLimits]) -> KeyLimits:
    """Change those limits that are given; return both as they are now. Every process holds to them within a second.

    They are the limits of the whole line: of the keys whose place this one took, and of those that took its place.
    What was used this month stays used. Raises NotFound or ValidationFailed.
    """
    _check_limits(limits)
    rows = await pool.fetch(
        _SQL["change_limits"],
        key,
        "credits_a_month" in limits,
        limits.get("credits_a_month"),
        "requests_a_minute" in limits,
        limits.get("requests_a_minute"),
    )
    changed = next((row for row in rows if row["id"] == key), None)
    if changed is None:
        raise NotFound(f"There is no key {key}.")
    return KeyLimits(credits_a_month=changed["credits_a_month"], requests_a_minute=changed["requests_a_minute"])


async def rotate(pool: Pool, *, key: KeyId, grace: timedelta) -> IssuedKey:
    """Make a new key in the place of another: the same in all but id and secret, and it goes on in the same usage.

    The old one lives on until ``grace`` is over, but never longer than it would have; with no grace it is revoked at
    once. Raises NotFound; ValidationFailed when the grace is out of bounds, or when the key is revoked, expired or
    was rotated before.
    """
    if not timedelta(0) <= grace <= timedelta(days=MOST_GRACE_DAYS):
        raise ValidationFailed(f"The grace must be 0 to {MOST_GRACE_DAYS} days.", param="grace")
    now = utc_now()
    secret = new_secret()
    made, prefix = KeyId(new_id("key")), visible_prefix(secret)
    row = await pool.fetchrow(
        _SQL["rotate_key"], key, made, prefix, hash_secret(secret), now, now + grace if grace else None
    )
    if row is None:
        raise await _why_not_rotated(pool, key, now)
    return IssuedKey(made, secret, prefix, tuple(row["scopes"]), row["expires_at"])


async def revoke(pool: Pool, *, key: KeyId) -> None:
    """Revoke a key, for good; every process refuses it within a second. Raises NotFound."""
    if await pool.fetchrow(_SQL["revoke_key"], key, utc_now()) is None:
        raise NotFound(f"There is no key {key}.")


async def authenticate(cache: KeyCache, *, secret: str) -> Key:
    """Return the key of a secret. Raises ApiKeyInvalid, ApiKeyRevoked or ApiKeyExpired."""
    key = await cache.get(hash_secret(secret)) if is_well_formed(secret) else None
    if key is None or key.account_disabled_at is not None:
        raise ApiKeyInvalid
    match state(revoked_at=key.revoked_at, expires_at=key.expires_at, now=utc_now()):
        case "revoked":
            raise ApiKeyRevoked
        case "expired":
            raise ApiKeyExpired
        case "active":
            return key


def check_scope(key: Key, scope: str | None) -> None:
    """Raises ApiScopeDenied when a key does not hold the scope that a call needs, if it needs one."""
    if scope is not None and scope not in key.scopes:
        raise ApiScopeDenied(f"This API key does not hold the scope {scope}.")


def _check_limits(limits: KeyLimits) -> None:
    credits, requests = limits.get("credits_a_month"), limits.get("requests_a_minute")
    if credits is not None and not 0 <= credits <= _MOST_CREDITS:
        raise ValidationFailed(f"credits_a_month must be 0 to {_MOST_CREDITS}.", param="credits_a_month")
    if requests is not None and not 1 <= requests <= _MOST_REQUESTS:
        raise ValidationFailed(f"requests_a_minute must be 1 to {_MOST_REQUESTS}.", param="requests_a_minute")


async def _why_not_rotated(pool: Pool, key: KeyId, now: datetime) -> NotFound | ValidationFailed:
    row = await pool.fetchrow(_SQL["key_state"], key)
    if row is None:
        return NotFound(f"There is no key {key}.")
    if row["replaced_by"] is not None:
        return ValidationFailed(f"Key {key} was rotated before: rotate {row['replaced_by']}, which took its place.")
    stands = state(revoked_at=row["revoked_at"], expires_at=row["expires_at"], now=now)
    return ValidationFailed(f"Key {key} is {stands}: make a new one.")
