"""Sending again: a test, one delivery, or all that an endpoint missed. What was tried before stays on record."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import asyncpg
import msgspec

from rivya.errors import NotFound, ValidationFailed
from rivya.kit.clock import iso, utc_now
from rivya.kit.db import Connection, Pool, load_queries
from rivya.kit.ids import AccountId, first_id, is_id, new_id
from rivya.kit.pages import Page
from rivya.webhooks.endpoints import ROUTE, in_use, read_endpoint
from rivya.webhooks.model import TEST, Attempt, DeliveryId, DeliveryStatus, EndpointId, EventType, delivery_of
from rivya.webhooks.once import Answer, CallOnce, Once
from rivya.webhooks.schemas import DeliveryObject, ReplayObject, StartReplay, delivery_object
from rivya.webhooks.sealed import Secrets

_SQL = load_queries("rivya.webhooks")
_MOST_REPLAYED = 10_000
_MOST_ATTEMPTS = 20
_ID_SLACK = timedelta(minutes=10)
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Stretch:
    """The events to replay: from ``since`` on and before ``until``; with ``all`` also those that arrived."""

    since: datetime
    until: datetime
    status: Literal["failed", "all"]


class Deliveries:
    """The public verbs for deliveries. One an API process."""

    def __init__(self, pool: Pool, *, secrets: Secrets) -> None:
        self._pool = pool
        self._once = Once(pool, secrets)

    async def list(
        self,
        *,
        account: AccountId,
        endpoint: str,
        page: Page,
        status: DeliveryStatus | None,
        event_type: EventType | None,
    ) -> Sequence[DeliveryObject]:
        """Return the deliveries of a page, newest first: one more than are shown if there are more. Raises NotFound."""
        found = await read_endpoint(self._pool, account=account, endpoint=endpoint)
        rows = await self._pool.fetch(
            _SQL["list_deliveries"], account, found.id, page.after, status, event_type, page.rows
        )
        deliveries = [delivery_of(row) for row in rows]
        tried = await _attempts(self._pool, account, [delivery.id for delivery in deliveries])
        return [delivery_object(delivery, tried.get(delivery.id, ())) for delivery in deliveries]

    async def read(self, *, account: AccountId, endpoint: str, delivery: str) -> bytes:
        """Return a delivery to an endpoint of this account, as it is shown. Raises NotFound."""
        to = await read_endpoint(self._pool, account=account, endpoint=endpoint)
        return await _shown(self._pool, account, to.id, delivery)

    async def test(self, *, account: AccountId, endpoint: str, idempotency_key: str | None) -> Answer:
        """Send an event of the type ``webhook.test``. Raises NotFound or WebhookEndpointDisabled."""

        async def act(db: Connection) -> bytes:
            to = in_use(await read_endpoint(db, account=account, endpoint=endpoint, lock=True)).id
            event, delivery, now = new_id("evt"), new_id("whdel"), utc_now()
            await db.execute(_SQL["insert_event"], account, event, TEST, now)
            await db.execute(_SQL["insert_deliveries"], account, to, [delivery], [event], [TEST], now)
            return await _shown(db, account, to, delivery)

        return await self._once(CallOnce(account, f"POST {ROUTE}/{endpoint}/test", idempotency_key, b""), act)

    async def redeliver(
        self, *, account: AccountId, endpoint: str, delivery: str, idempotency_key: str | None
    ) -> Answer:
        """Begin a delivery anew, however it ended, or now if it waits. One that is due goes on as it is.

        Raises NotFound or WebhookEndpointDisabled.
        """

        async def act(db: Connection) -> bytes:
            to = await read_endpoint(db, account=account, endpoint=endpoint, lock=True)
            await _shown(db, account, to.id, delivery)  # what is not there is told before what is disabled
            in_use(to)
            await db.execute(_SQL["begin_anew"], account, [delivery], utc_now())
            return await _shown(db, account, to.id, delivery)

        route = f"POST {ROUTE}/{endpoint}/deliveries/{delivery}/redeliver"
        return await self._once(CallOnce(account, route, idempotency_key, b""), act)

    async def replay(
        self, wanted: StartReplay, *, account: AccountId, endpoint: str, idempotency_key: str | None
    ) -> Answer:
        """Send again what happened in a stretch of time. Raises NotFound, ValidationFailed, WebhookEndpointDisabled."""
        stretch = stretch_of(wanted)

        async def act(db: Connection) -> bytes:
            return _encode(await replay(db, account=account, endpoint=endpoint, stretch=stretch))

        print_ = hashlib.sha256(msgspec.json.encode(wanted, order="sorted")).digest()
        return await self._once(CallOnce(account, f"POST {ROUTE}/{endpoint}/replay", idempotency_key, print_), act)


def stretch_of(wanted: StartReplay) -> Stretch:
    """Return the stretch of time that is asked for. Raises ValidationFailed."""
    try:
        since, until = wanted.since.astimezone(UTC), (wanted.until or utc_now()).astimezone(UTC)
    except OverflowError:
        raise ValidationFailed("since and until must be moments of the years 1 to 9999, in UTC.") from None
    if wanted.until is not None and since >= until:
        raise ValidationFailed("until must be later than since.", param="until")
    return Stretch(since, until, wanted.status)


async def replay(db: Connection, *, account: AccountId, endpoint: str, stretch: Stretch) -> ReplayObject:
    """Put the events of a stretch on their way to an endpoint, of the types that it asks for, at most 10,000.

    "failed" are all that it did not get: those that failed for good, and those that came while it was disabled. What
    is on its way is left alone. To be called in a transaction. Raises NotFound or WebhookEndpointDisabled.
    """
    to = in_use(await read_endpoint(db, account=account, endpoint=endpoint, lock=True))
    rows = await db.fetch(
        _SQL["to_replay"],
        account,
        to.id,
        _first_id(stretch.since, -_ID_SLACK),
        _first_id(stretch.until, _ID_SLACK),
        stretch.since,
        stretch.until,
        list(to.event_types),
        stretch.status == "all",
        _MOST_REPLAYED + 1,
    )
    more = rows[_MOST_REPLAYED:]
    await _begin(db, account, to.id, rows[:_MOST_REPLAYED])
    return ReplayObject(
        endpoint_id=to.id,
        status=stretch.status,
        count=len(rows) - len(more),
        has_more=bool(more),
        next_since_at=iso(more[0]["created_at"]) if more else None,
    )


async def _begin(db: Connection, account: AccountId, to: EndpointId, rows: Sequence[asyncpg.Record]) -> None:
    now = utc_now()
    never = [row for row in rows if row["delivery_id"] is None]
    await db.execute(
        _SQL["insert_deliveries"],
        account,
        to,
        [new_id("whdel") for _ in never],
        [row["id"] for row in never],
        [row["type"] for row in never],
        now,
    )
    again = [row["delivery_id"] for row in rows if row["delivery_id"] is not None]
    await db.execute(_SQL["begin_anew"], account, again, now)


def _first_id(moment: datetime, slack: timedelta) -> str:
    return first_id("evt", int((moment.timestamp() + slack.total_seconds()) * 1000))


async def _shown(db: Connection | Pool, account: AccountId, endpoint: EndpointId, delivery: str) -> bytes:
    row = None
    if is_id("whdel", delivery):
        row = await db.fetchrow(_SQL["read_delivery"], account, endpoint, delivery)
    if row is None:
        raise NotFound
    found = delivery_of(row)
    return _encode(delivery_object(found, (await _attempts(db, account, [found.id])).get(found.id, ())))


async def _attempts(
    db: Connection | Pool, account: AccountId, deliveries: Sequence[DeliveryId]
) -> Mapping[DeliveryId, Sequence[Attempt]]:
    found: dict[DeliveryId, list[Attempt]] = defaultdict(list)
    for row in await db.fetch(_SQL["newest_attempts"], account, list(deliveries), _MOST_ATTEMPTS):
        found[DeliveryId(row["delivery_id"])].append(
            Attempt(row["at"], row["response_status"], row["response_body"], row["error"], row["duration_ms"])
        )
    return found
