"""One OpenID Connect issuer: where it sends people, and how its word is fetched and checked.

Sources: OpenID Connect Core 1.0 and Discovery 1.0; PKCE is RFC 7636, with S256 always.
"""

from __future__ import annotations

import hashlib
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from rivya.accounts.openid import asking
from rivya.accounts.openid.claims import BadToken, Claims, IssuerFailed
from rivya.accounts.openid.file import Provider
from rivya.accounts.openid.tokens import UnknownKey, claims_of, person
from rivya.kit.clock import utc_now
from rivya.kit.outbound import Outbound

_KEPT_S = 3600.0


@dataclass(frozen=True, slots=True)
class Secrets:
    """What one sign-in is bound by. ``verifier`` and ``nonce`` never leave the server in the clear."""

    state: str
    nonce: str
    verifier: str

    @property
    def challenge(self) -> str:
        """What is shown of the verifier (RFC 7636, S256)."""
        return urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


class _Metadata(msgspec.Struct, frozen=True):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class Issuer:
    """One an API process; keeps what the issuer publishes for an hour."""

    def __init__(self, provider: Provider, outbound: Outbound) -> None:
        self._provider = provider
        self._outbound = outbound
        self._metadata: _Metadata | None = None
        self._metadata_until = 0.0
        self._keys: KeySet | None = None
        self._keys_at = 0.0

    async def address(self, secrets: Secrets, *, redirect_uri: str) -> str:
        """Return where to send the browser. Raises IssuerFailed."""
        metadata = await self._published()
        query = {
            "response_type": "code",
            "client_id": self._provider.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(self._provider.scopes),
            "state": secrets.state,
            "nonce": secrets.nonce,
            "code_challenge": secrets.challenge,
            "code_challenge_method": "S256",
        }
        joint = "&" if "?" in metadata.authorization_endpoint else "?"
        return f"{metadata.authorization_endpoint}{joint}{urlencode(query)}"

    async def claims(self, code: str, secrets: Secrets, *, redirect_uri: str) -> Claims:
        """Return whom a code stands for. Raises IssuerFailed, or BadToken for what is not the issuer's word."""
        metadata = await self._published()
        answer = await self._exchange(metadata, code, secrets, redirect_uri)
        token, access = answer.get("id_token"), answer.get("access_token")
        if not isinstance(token, str):
            raise BadToken("no id_token came")
        found = await self._checked(token, metadata, secrets)
        if not found.email and metadata.userinfo_endpoint is not None and isinstance(access, str):
            told = await asking.get(self._outbound, metadata.userinfo_endpoint, bearer=access)
            more = person(told if isinstance(told, dict) else {}, issuer=metadata.issuer)  # pyright: ignore[reportUnknownArgumentType]
            if more.subject != found.subject:
                raise BadToken("userinfo is about somebody else")
            return more
        return found

    async def _exchange(self, metadata: _Metadata, code: str, secrets: Secrets, redirect_uri: str) -> dict[str, Any]:
        provider = self._provider
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": secrets.verifier,
        }
        basic_will_do = "client_secret_basic" in metadata.token_endpoint_auth_methods_supported
        if provider.client_secret is not None and basic_will_do:
            basic = (provider.client_id, provider.client_secret)
            return await asking.post(self._outbound, metadata.token_endpoint, form, basic=basic)
        form["client_id"] = provider.client_id
        if provider.client_secret is not None:
            form["client_secret"] = provider.client_secret
        return await asking.post(self._outbound, metadata.token_endpoint, form)

    async def _checked(self, token: str, metadata: _Metadata, secrets: Secrets) -> Claims:
        for is_last in (False, True):
            keys = await self._published_keys(metadata, anew=is_last)
            try:
                return claims_of(
                    token,
                    keys=keys,
                    issuer=metadata.issuer,
                    client_id=self._provider.client_id,
                    nonce=secrets.nonce,
                    at=utc_now(),
                )
            except UnknownKey:
                if is_last:
                    raise
        raise AssertionError("unreachable")

    async def _published(self) -> _Metadata:
        now = time.monotonic()
        if self._metadata is None or now > self._metadata_until:
            url = f"{self._provider.issuer.rstrip('/')}/.well-known/openid-configuration"
            try:
                found = msgspec.convert(await asking.get(self._outbound, url), _Metadata)
            except msgspec.ValidationError as error:
                raise IssuerFailed(f"{url}: {error}") from error
            if found.issuer != self._provider.issuer:
                raise IssuerFailed(f"{url} is of the issuer {found.issuer!r}, not {self._provider.issuer!r}")
            self._metadata, self._metadata_until = found, now + _KEPT_S
        return self._metadata

    async def _published_keys(self, metadata: _Metadata, *, anew: bool) -> KeySet:
        now = time.monotonic()
        if self._keys is None or anew or now > self._keys_at + _KEPT_S:
            found = await asking.get(self._outbound, metadata.jwks_uri)
            try:
                self._keys = KeySet.import_key_set(found)
            except (JoseError, ValueError, TypeError, KeyError) as error:
                raise IssuerFailed(f"{metadata.jwks_uri} has no keys: {error}") from error
            self._keys_at = now
        return self._keys
