"""Work on queue jobs with pgqueuer, and start over when the database was away."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog
from pgqueuer.adapters.drivers.asyncpg import AsyncpgPoolDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job

from rivya.generations.run import TryLater
from rivya.kit.db import Pool
from rivya.kit.ids import AccountId, TaskId
from rivya.queue.schema import queue_settings

log = structlog.get_logger()

_BATCH = 50
_POLL = timedelta(seconds=5)
_SLOWEST_RETRY_S = 60.0

Handler = Callable[[AccountId, TaskId], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Entrypoint:
    """``limit`` is the most jobs of this kind in work across all workers; 0 for no limit."""

    handle: Handler
    limit: int = 0


class JobLoop:
    """Takes jobs and calls their handlers, at most ``most`` at a time in this process."""

    def __init__(self, pool: Pool, entrypoints: Mapping[str, Entrypoint], *, most: int, lease_s: float) -> None:
        self._pool = pool
        self._entrypoints = entrypoints
        self._most = max(most, 2 * _BATCH)
        self._lease = timedelta(seconds=lease_s)
        self._manager: QueueManager | None = None
        self._stopping = False

    async def run(self) -> None:
        """Work until ``stop``; jobs in hand are finished first."""
        while not self._stopping:
            self._manager = self._new_manager()
            try:
                await self._manager.run(
                    dequeue_timeout=_POLL,
                    batch_size=_BATCH,
                    max_concurrent_tasks=self._most,
                    heartbeat_timeout=self._lease,
                    shutdown_on_listener_failure=True,
                )
            except Exception as error:  # noqa: BLE001 - logged, and the loop starts over
                # Whatever it was (mostly the database going away), jobs are safe in their table.
                log.warning("queue.restarting", error=repr(error))
                await asyncio.sleep(0.5)

    def stop(self) -> None:
        """Take no more jobs; ``run`` returns when those in hand are done."""
        self._stopping = True
        if self._manager is not None:
            self._manager.shutdown.set()

    def _new_manager(self) -> QueueManager:
        settings = queue_settings()
        queries = Queries(
            AsyncpgPoolDriver(self._pool),
            qbe=QueryBuilderEnvironment(settings=settings),
            qbq=QueryQueueBuilder(settings=settings),
        )
        manager = QueueManager(queries)
        for name, entrypoint in self._entrypoints.items():
            manager.entrypoint(name, concurrency_limit=entrypoint.limit)(_handler(entrypoint.handle))
        return manager


def _handler(handle: Handler) -> Callable[[Job], Awaitable[None]]:
    async def work(job: Job) -> None:
        account, task = (job.payload or b"").decode().split(" ")
        try:
            await handle(AccountId(account), TaskId(task))
        except TryLater:
            raise RetryRequested(delay=timedelta(seconds=retry_pause_s(job.attempts)), reason="refused") from None

    return work


def retry_pause_s(attempts: int) -> float:
    """Return how long to wait before providers that refused for now are asked again: doubling, with jitter."""
    return min(_SLOWEST_RETRY_S, 2.0**attempts) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, not a secret
