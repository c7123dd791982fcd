"""A deliverer in the test's own process, on a real database: accounts, endpoints, ended tasks, what came of them."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from rivya.files.links import MediaLinks
from rivya.kit.clock import utc_now
from rivya.kit.db import Pool
from rivya.kit.ids import AccountId, WorkerId, new_id
from rivya.kit.notify import NotifyHub
from rivya.kit.outbound import Outbound
from rivya.settings import Settings
from rivya.webhooks.delivery.deliverer import Deliverer
from rivya.webhooks.delivery.outgoing import deliverer
from rivya.webhooks.delivery.schedule import STANDARD, Schedule
from rivya.webhooks.model import EndpointId
from rivya.webhooks.sealed import Secrets
from rivya.webhooks.signing import new_secret, preview
from rivya.webhooks.urls import webhook_policy
from tests.factories import accept_task, make_account

Found = TypeVar("Found")

KEY = "for tests only"
_ENDS = "select generation_end($1, $2, null, 'failed', 0, null, $5, 'failed', $3, $4)"
_ERROR = '{"code": "generation_failed", "message": "no", "reason": "timeout"}'
_numbers = itertools.count(1)


def settings(folder: Path, **more: Any) -> Settings:
    return Settings(
        _env_file=None,  # pyright: ignore[reportCallIssue]
        data_dir=folder,
        secret_key=KEY,  # pyright: ignore[reportArgumentType]
        **{"webhooks_allow_private": True, **more},
    )


@dataclass
class PostOffice:
    pool: Pool
    dsn: str
    settings: Settings
    secrets: dict[str, list[str]] = field(default_factory=dict)
    """The signing secrets of each endpoint, the newest last."""

    @property
    def sealer(self) -> Secrets:
        return Secrets.of(self.settings)

    async def account(self) -> AccountId:
        return await make_account(self.pool, credits=10_000_000)

    async def endpoint(
        self,
        account: AccountId,
        url: str,
        *types: str,
        status: str = "active",
    ) -> EndpointId:
        """Add an endpoint, which by default takes everything."""
        id, secret = EndpointId(new_id("whend")), new_secret()
        self.secrets[id] = [secret]
        await self.pool.execute(
            """insert into webhook_endpoints
                   (account_id, id, name, url, event_types, status, secret, secret_preview, created_at, updated_at)
               values ($1, $2, 'test', $3, $4, $5, $6, $7, $8, $8)""",
            account,
            id,
            url,
            list(types or ("generation.succeeded", "generation.failed")),
            status,
            self.sealer.seal(secret, account=account, endpoint=id),
            preview(secret),
            utc_now(),
        )
        return id

    async def event(self, account: AccountId) -> str:
        """End a task without a result; return the id of its event."""
        task = f"task_{next(_numbers):026}"
        await accept_task(self.pool, account, id=task, credits=1)
        event = new_id("evt")
        assert await self.pool.fetchval(_ENDS, account, task, event, utc_now(), _ERROR)
        return event

    async def events(self, account: AccountId, count: int) -> list[str]:
        return [await self.event(account) for _ in range(count)]

    @asynccontextmanager
    async def delivering(
        self, outbound: Outbound | None = None, *, schedule: Schedule = STANDARD, worker: str | None = None
    ) -> AsyncIterator[Deliverer]:
        """Deliver in this process, as a worker that beats until the block ends."""
        name = WorkerId(worker or new_id("wkr"))
        await self.beat(name)
        hub = NotifyHub(self.dsn)
        own = outbound or Outbound(webhook_policy(allow_private=self.settings.webhooks_allow_private))
        links = MediaLinks(base_url="http://test", key=KEY.encode(), lives_s=3600)
        made = deliverer(self.settings, self.pool, hub, own, worker=name, links=links, schedule=schedule)
        listening, running = asyncio.create_task(hub.run()), asyncio.create_task(made.run())
        try:
            yield made
        finally:
            listening.cancel()
            running.cancel()
            outcomes = await asyncio.gather(listening, running, return_exceptions=True)
            if outbound is None:
                await own.close()
            for outcome in outcomes:
                assert outcome is None or isinstance(outcome, asyncio.CancelledError), outcome

    async def beat(self, worker: str, *, ago_s: float = -3600) -> None:
        """Note that a worker was heard of so long ago; by default it counts as living for the time of a test."""
        await self.pool.execute(
            """insert into workers (id, host, pid, heartbeat_at)
               values ($1, 'test', 0, now() - make_interval(secs => $2))
               on conflict (id) do update set heartbeat_at = excluded.heartbeat_at""",
            worker,
            ago_s,
        )

    async def deliveries(self, endpoint: str | None = None) -> list[asyncpg.Record]:
        return await self.pool.fetch(
            "select * from webhook_deliveries where $1::text is null or endpoint_id = $1 order by id", endpoint
        )

    async def delivery(self, endpoint: str) -> asyncpg.Record:
        (row,) = await self.deliveries(endpoint)
        return row

    async def attempts(self, endpoint: str | None = None) -> list[asyncpg.Record]:
        return await self.pool.fetch(
            """select a.* from webhook_attempts a
               join webhook_deliveries d on d.account_id = a.account_id and d.id = a.delivery_id
               where $1::text is null or d.endpoint_id = $1 order by a.delivery_id, a.number""",
            endpoint,
        )

    async def row(self, endpoint: str) -> asyncpg.Record:
        row = await self.pool.fetchrow("select * from webhook_endpoints where id = $1", endpoint)
        assert row is not None
        return row

    async def noted(self, endpoint: str, *, failure_count: int) -> asyncpg.Record:
        """Return an endpoint's row once it says so, which is a moment after the attempt is recorded."""

        async def look() -> asyncpg.Record | None:
            row = await self.row(endpoint)
            return row if row["failure_count"] == failure_count else None

        return await soon(look)

    async def notices(self) -> list[asyncpg.Record]:
        return await self.pool.fetch("select * from notifications where title like 'Webhook%'")

    async def hurry(self, endpoint: str) -> None:
        """Let the next try of everything that waits for an endpoint come now."""
        await self.pool.execute(
            "update webhook_deliveries set next_attempt_at = now() where endpoint_id = $1 and status = 'pending'",
            endpoint,
        )

    async def attempted(self, endpoint: str, times: int, *, within_s: float = 120) -> Sequence[asyncpg.Record]:
        """Return an endpoint's attempts once there are so many."""

        async def look() -> Sequence[asyncpg.Record] | None:
            found = await self.attempts(endpoint)
            return found if len(found) >= times else None

        return await soon(look, within_s=within_s)

    async def settled(self, *, within_s: float = 120) -> None:
        """Wait until no delivery is pending."""

        async def look() -> bool:
            return not await self.pool.fetchval(
                "select exists (select from webhook_deliveries where status = 'pending')"
            )

        await soon(look, within_s=within_s)


async def soon(look: Callable[[], Awaitable[Found | None]], *, within_s: float = 120) -> Found:
    """Return what ``look`` finds, asking until it finds something."""
    async with asyncio.timeout(within_s):
        while not (found := await look()):  # noqa: ASYNC110 - what is looked at is in a database or another process
            await asyncio.sleep(0.02)
    return found
