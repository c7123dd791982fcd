"""Issue, revoke and authenticate keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rivya.errors import (
    ApiKeyExpired,
    ApiKeyInvalid,
    ApiKeyRevoked,
    ApiScopeDenied,
    NotFound,
    ValidationFailed,
)
from rivya.keys.cache import KeyCache
from rivya.keys.model import SCOPES, IssuedKey, Key
from rivya.keys.secret import hash_secret, is_well_formed, new_secret, visible_prefix
from rivya.kit.clock import utc_now
from rivya.kit.db import Pool, load_queries
from rivya.kit.ids import AccountId, KeyId, new_id

_SQL = load_queries("rivya.keys")


async def issue(
    pool: Pool,
    *,
    account: AccountId,
    name: str = "default",
    scopes: Sequence[str] = SCOPES,
    expires_at: datetime | None = None,
) -> IssuedKey:
    """Make a key. Its secret is returned here and never again. Raises ValidationFailed for an unknown scope."""
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise ValidationFailed(
            f"{', '.join(unknown) or 'An empty list'} is not accepted: the scopes are {', '.join(SCOPES)}.",
            param="scopes",
        )
    secret = new_secret()
    key = IssuedKey(KeyId(new_id("key")), secret, visible_prefix(secret), tuple(dict.fromkeys(scopes)))
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
    )
    return key


async def revoke(pool: Pool, *, key: KeyId) -> None:
    """Revoke a key, for good; every process refuses it within a second. Raises NotFound."""
    if await pool.fetchrow(_SQL["revoke_key"], key, utc_now()) is None:
        raise NotFound(f"There is no key {key}.")


async def authenticate(cache: KeyCache, *, secret: str, scope: str | None) -> Key:
    """Return the key of a secret. Raises ApiKeyInvalid, ApiKeyRevoked, ApiKeyExpired or ApiScopeDenied."""
    key = await cache.get(hash_secret(secret)) if is_well_formed(secret) else None
    if key is None or key.account_disabled_at is not None:
        raise ApiKeyInvalid
    if key.revoked_at is not None:
        raise ApiKeyRevoked
    if key.expires_at is not None and key.expires_at <= utc_now():
        raise ApiKeyExpired
    if scope is not None and scope not in key.scopes:
        raise ApiScopeDenied(f"This API key does not hold the scope {scope}.")
    return key
