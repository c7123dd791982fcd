"""The way through an issuer and back: begun in one browser, ended once, in that browser, within ten minutes."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog

from rivya.accounts import sessions, throttle
from rivya.accounts.model import Device
from rivya.accounts.openid import identities
from rivya.accounts.openid.claims import Claims, IssuerFailed
from rivya.accounts.openid.file import Provider
from rivya.accounts.openid.github import GitHub
from rivya.accounts.openid.identities import NotLetIn
from rivya.accounts.openid.issuer import Issuer, Secrets
from rivya.errors import NotFound, UpstreamUnavailable
from rivya.kit.clock import utc_now
from rivya.kit.db import Pool, load_queries
from rivya.kit.ids import AccountId
from rivya.kit.outbound import OPERATORS, Outbound

log = structlog.get_logger()

LIVES = timedelta(minutes=10)
_MOST_CODE = 4096
_SQL = load_queries("rivya.accounts.openid")


class _Asked(Protocol):
    async def address(self, secrets: Secrets, *, redirect_uri: str) -> str: ...
    async def claims(self, code: str, secrets: Secrets, *, redirect_uri: str) -> Claims: ...


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send the browser, and the secret that it keeps in a cookie meanwhile."""

    address: str
    browser: str


@dataclass(frozen=True, slots=True)
class Flow:
    """A sign-in that came back. ``account`` is whom a way in is to be connected to, if that is what it is."""

    provider: str
    secrets: Secrets
    going_to: str
    account: str | None


class OpenID:
    """Those who may vouch for people here. One an API process; to be closed."""

    def __init__(self, pool: Pool, providers: Mapping[str, Provider], *, base_url: str, may_sign_up: bool) -> None:
        self._pool = pool
        self._providers = providers
        self._redirect_uri = f"{base_url}/sign-in/return"
        self._may_sign_up = may_sign_up
        self._outbound = Outbound(OPERATORS)
        self._asked: dict[str, _Asked] = {
            name: (GitHub if provider.kind == "github" else Issuer)(provider, self._outbound)
            for name, provider in providers.items()
        }

    @property
    def offered(self) -> Sequence[Provider]:
        """Return those who may be chosen."""
        return list(self._providers.values())

    def title_of(self, issuer: str) -> str:
        """Return what an issuer is called; its URL, if it is no longer in the file."""
        return next((one.title for one in self._providers.values() if one.issuer == issuer), issuer)

    async def begin(self, name: str, *, going_to: str, account: AccountId | None, device: Device) -> Begun:
        """Begin to sign in, or to connect a way into ``account``.

        Raises NotFound, RateLimited, or UpstreamUnavailable when the issuer cannot be reached.
        """
        provider = self._providers.get(name)
        if provider is None:
            raise NotFound("Nobody of this name signs people in here.")
        who = [throttle.Subject(f"openid {device.address}", 30)]
        await throttle.admit(self._pool, who)
        await throttle.failed(self._pool, who)  # until it comes back
        secrets = Secrets(sessions.new_token(), sessions.new_token(), sessions.new_token() + sessions.new_token())
        browser, now = sessions.new_token(), utc_now()
        try:
            address = await self._asked[name].address(secrets, redirect_uri=self._redirect_uri)
        except IssuerFailed as error:
            raise _unreachable(provider, error) from error
        await self._pool.execute(
            _SQL["begin_flow"],
            sessions.token_hash(secrets.state),
            sessions.token_hash(browser),
            name,
            secrets.nonce,
            secrets.verifier,
            going_to,
            account,
            now,
            now + LIVES,
        )
        return Begun(address, browser)

    async def take(self, query: Mapping[str, str], *, browser: str) -> Flow:
        """Take the sign-in that an issuer sends back with ``query``: once, and in the browser that began it.

        Raises NotLetIn with what to tell the person.
        """
        state = query.get("state", "")
        row = await self._pool.fetchrow(_SQL["take_flow"], sessions.token_hash(state))
        if row is None or row["expires_at"] < utc_now():
            raise NotLetIn("That took too long, or it was done already. Sign in again.")
        if not hmac.compare_digest(row["browser_hash"], sessions.token_hash(browser)):
            raise NotLetIn("That was begun in another browser. Sign in again in this one.")
        secrets = Secrets(state, row["nonce"], row["verifier"])
        return Flow(row["provider"], secrets, row["going_to"], row["account_id"])

    async def end(
        self, flow: Flow, query: Mapping[str, str], *, account: AccountId | None, device: Device
    ) -> str | None:
        """Sign in whom the issuer vouches for; ``account`` is who is signed in now.

        Returns the browser's token; None when a way in was connected for somebody who is signed in already. Raises
        NotLetIn with what to tell the person, or UpstreamUnavailable.
        """
        provider, code = self._providers.get(flow.provider), query.get("code", "")
        if provider is None or query.get("iss", provider.answers_as) != provider.answers_as:  # RFC 9207
            raise NotLetIn("That came from somebody else than you were sent to. Sign in again.")
        if "error" in query:
            raise NotLetIn(_refusal(provider, query["error"]))
        if not code or len(code) > _MOST_CODE:
            raise NotLetIn(f"{provider.title} sent you back with nothing. Sign in again.")
        try:
            claims = await self._asked[provider.name].claims(code, flow.secrets, redirect_uri=self._redirect_uri)
        except IssuerFailed as error:
            raise _unreachable(provider, error) from error
        token = await self._let_in(claims, provider, flow.account, account, device)
        await throttle.passed(self._pool, [throttle.Subject(f"openid {device.address}", 30)])
        return token

    async def close(self) -> None:
        """Let go of connections."""
        await self._outbound.close()

    async def _let_in(
        self, claims: Claims, provider: Provider, wanted: str | None, account: AccountId | None, device: Device
    ) -> str | None:
        if wanted is None:
            return await identities.sign_in(
                self._pool, claims, title=provider.title, device=device, may_sign_up=self._may_sign_up
            )
        if account is None or wanted != account:
            raise NotLetIn("You are signed in as somebody else by now, or no longer. Sign in, and connect it again.")
        await identities.connect(self._pool, claims, title=provider.title, account=account, device=device)
        return None


def _unreachable(provider: Provider, error: IssuerFailed) -> UpstreamUnavailable:
    log.warning("openid.failed", provider=provider.name, error=type(error).__name__, detail=str(error)[:500])
    return UpstreamUnavailable(f"{provider.title} could not be asked who you are. Try again, or sign in another way.")


def _refusal(provider: Provider, error: str) -> str:
    if error in ("access_denied", "user_cancelled_login", "consent_required", "login_required"):
        return f"You did not agree at {provider.title}, so you are not signed in."
    return f"{provider.title} did not sign you in. Try again, or sign in another way."
