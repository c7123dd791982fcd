"""What an account can do with its endpoints: make, list, read, change, revoke, and give a new secret."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta

import msgspec
from msgspec import UNSET

from rivya.errors import NotFound, ValidationFailed, WebhookEndpointDisabled
from rivya.kit.clock import utc_now
from rivya.kit.db import Connection, Pool, load_queries
from rivya.kit.ids import AccountId, is_id, new_id
from rivya.kit.outbound import Outbound
from rivya.kit.pages import Page
from rivya.webhooks.model import Endpoint, EndpointId, EndpointStatus, endpoint_of
from rivya.webhooks.once import Answer, CallOnce, Once
from rivya.webhooks.schemas import ChangeEndpoint, CreateEndpoint, endpoint_object
from rivya.webhooks.sealed import Secrets
from rivya.webhooks.signing import new_secret, preview
from rivya.webhooks.urls import check_url

_SQL = load_queries("rivya.webhooks")
ROUTE = "/api/v1/webhooks"
_OLD_SECRET_LIVES = timedelta(hours=24)
_encode = msgspec.json.Encoder().encode


class Endpoints:
    """The public verbs for endpoints. One an API process."""

    def __init__(self, pool: Pool, *, secrets: Secrets, outbound: Outbound, most: int) -> None:
        """Make it; ``most`` is how many endpoints an account may have, revoked ones not counted."""
        self._pool = pool
        self._secrets = secrets
        self._outbound = outbound
        self._most = most
        self._once = Once(pool, secrets)

    async def create(self, wanted: CreateEndpoint, *, account: AccountId, idempotency_key: str | None) -> Answer:
        """Make an endpoint; its secret is in this answer, and never shown again but to the same Idempotency-Key.

        Raises WebhookUrlRejected, ValidationFailed when there are as many as there may be, or IdempotencyConflict.
        """
        print_ = hashlib.sha256(msgspec.json.encode(wanted, order="sorted")).digest()
        call = CallOnce(account, f"POST {ROUTE}", idempotency_key, print_)
        # The host may be gone since: what was answered before still holds.
        if (answer := await self._once.answered(call)) is not None:
            return answer
        await check_url(self._outbound, wanted.url)

        async def act(db: Connection) -> bytes:
            await db.execute(_SQL["lock_account"], account)
            if await db.fetchval(_SQL["count_endpoints"], account) >= self._most:
                raise ValidationFailed(f"An account may have {self._most} webhook endpoints: delete another one first.")
            id, secret = EndpointId(new_id("whend")), new_secret()
            row = await db.fetchrow(
                _SQL["insert_endpoint"],
                account,
                id,
                wanted.name,
                wanted.url,
                list(dict.fromkeys(wanted.event_types)),
                self._secrets.seal(secret, account=account, endpoint=id),
                preview(secret),
                utc_now(),
            )
            assert row is not None
            return _encode(endpoint_object(endpoint_of(row), secret=secret))

        return await self._once(call, act)

    async def list(self, *, account: AccountId, page: Page, status: EndpointStatus | None) -> Sequence[Endpoint]:
        """Return the rows of a page of the account's endpoints, newest first."""
        rows = await self._pool.fetch(_SQL["list_endpoints"], account, page.after, status, page.rows)
        return [endpoint_of(row) for row in rows]

    async def read(self, *, account: AccountId, endpoint: str) -> Endpoint:
        """Return an endpoint of this account, a revoked one too. Raises NotFound."""
        return await read_endpoint(self._pool, account=account, endpoint=endpoint)

    async def change(self, wanted: ChangeEndpoint, *, account: AccountId, endpoint: str) -> Endpoint:
        """Change what is given. Raises NotFound, for a revoked one too, or WebhookUrlRejected."""
        found = unless_revoked(await self.read(account=account, endpoint=endpoint))
        if wanted.url is not UNSET:
            await check_url(self._outbound, wanted.url)
        row = await self._pool.fetchrow(
            _SQL["change_endpoint"],
            account,
            found.id,
            wanted.name if wanted.name is not UNSET else None,
            wanted.url if wanted.url is not UNSET else None,
            list(dict.fromkeys(wanted.event_types)) if wanted.event_types is not UNSET else None,
            wanted.status if wanted.status is not UNSET else None,
            utc_now(),
        )
        if row is None:
            raise _revoked()
        return endpoint_of(row)

    async def revoke(self, *, account: AccountId, endpoint: str) -> Endpoint:
        """Revoke an endpoint, for good: nothing is sent there any more. Doing it again is no error. Raises NotFound."""
        found = await self.read(account=account, endpoint=endpoint)
        await self._pool.execute(_SQL["revoke_endpoint"], account, found.id, utc_now())
        return await self.read(account=account, endpoint=endpoint)

    async def rotate_secret(self, *, account: AccountId, endpoint: str, idempotency_key: str | None) -> Answer:
        """Give an endpoint a new secret, shown in this answer. The one before signs as well for 24 hours more.

        Raises NotFound, for a revoked one too, or IdempotencyConflict.
        """
        id = EndpointId(endpoint)

        async def act(db: Connection) -> bytes:
            unless_revoked(await read_endpoint(db, account=account, endpoint=endpoint))
            secret, now = new_secret(), utc_now()
            sealed = self._secrets.seal(secret, account=account, endpoint=id)
            row = await db.fetchrow(
                _SQL["rotate_secret"], account, id, sealed, preview(secret), now + _OLD_SECRET_LIVES, now
            )
            if row is None:
                raise _revoked()
            return _encode(endpoint_object(endpoint_of(row), secret=secret))

        route = f"POST {ROUTE}/{endpoint}/rotate-secret"
        return await self._once(CallOnce(account, route, idempotency_key, b""), act)


async def read_endpoint(db: Connection | Pool, *, account: AccountId, endpoint: str, lock: bool = False) -> Endpoint:
    """Return an endpoint of this account; with ``lock`` it stays so until the transaction ends. Raises NotFound."""
    row = None
    if is_id("whend", endpoint):
        row = await db.fetchrow(_SQL["lock_endpoint" if lock else "read_endpoint"], account, endpoint)
    if row is None:
        raise NotFound
    return endpoint_of(row)


def unless_revoked(endpoint: Endpoint) -> Endpoint:
    """Return the endpoint. Raises NotFound if it is revoked: it can be read, and nothing else."""
    if endpoint.status == "revoked":
        raise _revoked()
    return endpoint


def in_use(endpoint: Endpoint) -> Endpoint:
    """Return the endpoint. Raises NotFound if it is revoked, and WebhookEndpointDisabled if it is disabled."""
    if unless_revoked(endpoint).status == "disabled":
        raise WebhookEndpointDisabled
    return endpoint


def _revoked() -> NotFound:
    return NotFound("This webhook endpoint was revoked.")
