"""Is an ID token what it should be? OpenID Connect Core 1.0, section 3.1.3.7."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from rivya.accounts.openid.claims import BadToken, Claims

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Only those with two keys: neither ``none``, nor one that a public key could be mistaken for the secret of."""
_LEEWAY_S = 60
_OLDEST_S = 15 * 60


class UnknownKey(BadToken):
    """Signed with a key that the issuer had not published when we looked."""


def claims_of(token: str, *, keys: KeySet, issuer: str, client_id: str, nonce: str, at: datetime) -> Claims:
    """Return what an ID token says, once everything about it was checked. Raises BadToken or UnknownKey."""
    now = int(at.timestamp())
    try:
        found = jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
        jwt.JWTClaimsRegistry(
            now=now,
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": issuer},
            sub={"essential": True},
            aud={"essential": True, "value": client_id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        ).validate(found)
    except InvalidKeyIdError as error:
        raise UnknownKey(str(error)) from error
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise BadToken(f"{type(error).__name__}: {error}") from error
    audience = found["aud"]
    if found.get("azp", client_id) != client_id or (
        isinstance(audience, list) and len(audience) > 1 and "azp" not in found  # pyright: ignore[reportUnknownArgumentType]
    ):
        raise BadToken("it was made for another client")
    if found["iat"] < now - _OLDEST_S:
        raise BadToken("it was made too long ago")
    return person(found, issuer=issuer)


def person(found: dict[str, Any], *, issuer: str) -> Claims:
    """Return whom the standard claims are about. Raises BadToken."""
    subject, email, name = (found.get(key) or "" for key in ("sub", "email", "name"))
    if not isinstance(subject, str) or not subject or len(subject) > 255 or "\x00" in subject:
        raise BadToken("sub is no id")
    # Some issuers write the Boolean as text.
    proven = found.get("email_verified") in (True, "true")
    return Claims(
        issuer,
        subject,
        email if isinstance(email, str) else "",
        proven,
        name if isinstance(name, str) else "",
    )
