"""GitHub, or one of your own. It is no OpenID Connect: OAuth 2, then its API says who it was.

Source: GitHub's documentation, "Authorizing OAuth apps", and its REST API for users and their e-mail addresses.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec

from rivya.accounts.openid import asking
from rivya.accounts.openid.claims import Claims, IssuerFailed
from rivya.accounts.openid.file import GITHUB, Provider
from rivya.accounts.openid.issuer import Secrets
from rivya.kit.outbound import Outbound


class _User(msgspec.Struct, frozen=True):
    id: int
    name: str | None = None


class _Email(msgspec.Struct, frozen=True):
    email: str
    primary: bool
    verified: bool


class GitHub:
    """The same verbs as an ``Issuer``."""

    def __init__(self, provider: Provider, outbound: Outbound) -> None:
        self._provider = provider
        self._outbound = outbound
        # A GitHub of one's own has its API below its own host.
        self._api = "https://api.github.com" if provider.issuer == GITHUB else f"{provider.issuer}/api/v3"

    async def address(self, secrets: Secrets, *, redirect_uri: str) -> str:
        """Return where to send the browser."""
        query = {
            "client_id": self._provider.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(self._provider.scopes),
            "state": secrets.state,
            "code_challenge": secrets.challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._provider.issuer}/login/oauth/authorize?{urlencode(query)}"

    async def claims(self, code: str, secrets: Secrets, *, redirect_uri: str) -> Claims:
        """Return whom a code stands for. Raises IssuerFailed."""
        provider = self._provider
        form = {
            "client_id": provider.client_id,
            "client_secret": provider.client_secret or "",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": secrets.verifier,
        }
        answer = await asking.post(self._outbound, f"{provider.issuer}/login/oauth/access_token", form)
        token = answer.get("access_token")
        if not isinstance(token, str):  # a refusal comes with status 200
            raise IssuerFailed(f"no access token came: {str(answer.get('error'))[:100]!r}")
        user = await self._read("/user", token, _User)
        emails = await self._read("/user/emails", token, list[_Email])
        chosen = next((one for one in emails if one.primary), None)
        return Claims(
            issuer=provider.issuer,
            subject=str(user.id),
            email=chosen.email if chosen else "",
            proven=chosen is not None and chosen.verified,
            name=user.name or "",
        )

    async def _read(self, path: str, token: str, shape: Any) -> Any:
        found = await asking.get(self._outbound, f"{self._api}{path}", bearer=token)
        try:
            return msgspec.convert(found, shape)
        except msgspec.ValidationError as error:
            raise IssuerFailed(f"{path}: {error}") from error
