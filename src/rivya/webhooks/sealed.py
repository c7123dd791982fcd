"""Signing secrets as they are kept: sealed, each bound to its account and endpoint."""

from __future__ import annotations

from datetime import datetime

from rivya.kit.ids import AccountId
from rivya.kit.secrets import Sealer
from rivya.settings import Settings
from rivya.webhooks.model import Endpoint, EndpointId


class Secrets:
    """Seals and opens signing secrets. Every process of an installation must be given the same key."""

    def __init__(self, key: bytes, *, old: bytes | None = None) -> None:
        self._sealer = Sealer(key, purpose="webhook secrets", old=old)

    @classmethod
    def of(cls, settings: Settings) -> Secrets:
        """Return those of an installation. Raises MissingSecretKey."""
        return cls(settings.signing_key(), old=settings.old_signing_key)

    def seal(self, secret: str, *, account: AccountId, endpoint: EndpointId) -> bytes:
        """Return an endpoint's secret as it is kept."""
        return self._sealer.seal(secret.encode(), bound_to=f"{account} {endpoint}")

    def open(self, sealed: bytes, *, account: AccountId, endpoint: EndpointId) -> str:
        """Return an endpoint's secret. Raises CannotOpen."""
        return self._sealer.open(sealed, bound_to=f"{account} {endpoint}").decode()

    def live(self, endpoint: Endpoint, *, at: datetime) -> list[str]:
        """Return the secrets to sign with, the newest first: for 24 hours after a rotation also the one before.

        Raises CannotOpen.
        """
        kept = [endpoint.secret]
        if endpoint.old_secret is not None and endpoint.old_secret_until is not None and at < endpoint.old_secret_until:
            kept.append(endpoint.old_secret)
        return [self.open(sealed, account=endpoint.account, endpoint=endpoint.id) for sealed in kept]

    def seal_answer(self, body: bytes, *, account: AccountId, route: str, key: str) -> bytes:
        """Return an answer as it is kept for its Idempotency-Key: it may hold a secret."""
        return self._sealer.seal(body, bound_to=f"{account} {route} {key}")

    def open_answer(self, sealed: bytes, *, account: AccountId, route: str, key: str) -> bytes:
        """Return an answer that was kept. Raises CannotOpen."""
        return self._sealer.open(sealed, bound_to=f"{account} {route} {key}")
