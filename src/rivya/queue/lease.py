"""A worker's lease: one heartbeat row for all its tasks, and the adoption of those whose worker fell silent."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import structlog

from rivya.generations.model import Task
from rivya.generations.steps import Steps
from rivya.kit.db import CONNECTION_LOST, Pool, load_queries
from rivya.kit.ids import WorkerId
from rivya.kit.notify import NotifyHub

_SQL = load_queries("rivya.queue")
_CHANNEL = "rivya_workers"

Serving = tuple[Sequence[str], Sequence[str]]
"""The routes that a worker serves now, and those that it leaves alone because they kept failing."""

log = structlog.get_logger()


class Lease:
    """Beats every ``beat_s``, with what this worker serves; takes over the tasks of workers silent for ``lease_s``.

    A worker that is only slow may find its tasks taken: each step it then asks for is refused, because every
    step is guarded by the attempt's number.
    """

    def __init__(
        self,
        pool: Pool,
        steps: Steps,
        hub: NotifyHub,
        *,
        worker: WorkerId,
        beat_s: float,
        lease_s: float,
        grace_s: float,
        serving: Callable[[], Serving],
        take_over: Callable[[Task], Awaitable[None]],
    ) -> None:
        self._pool = pool
        self._steps = steps
        self._worker = worker
        self._beat_s = beat_s
        self._lease = timedelta(seconds=lease_s)
        self._grace_s = grace_s
        self._serving = serving
        self._take_over = take_over
        self._taking: set[asyncio.Task[None]] = set()
        self._called = asyncio.Event()
        hub.listen(_CHANNEL, lambda _: self._called.set())

    async def begin(self) -> None:
        """Say for the first time that this worker lives; tasks may be begun in its name from now on."""
        serves, shut = self._serving()
        await self._pool.execute(
            _SQL["beat"], self._worker, socket.gethostname(), os.getpid(), serves, shut, self._grace_s
        )

    def soon(self) -> None:
        """Beat now rather than when it is time: what this worker serves has changed."""
        self._called.set()

    async def run(self) -> None:
        """Beat and adopt until cancelled."""
        while True:
            self._called.clear()
            try:
                await self.begin()
                await self._adopt()
            except (*CONNECTION_LOST, TimeoutError) as error:
                log.warning("lease.database_unreachable", error=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._beat_s):
                    await self._called.wait()

    async def hand_over(self) -> None:
        """Give all tasks to the other workers now, rather than when the lease lapses.

        What this worker served goes on to count for the grace: it may be on its way to being started again.
        """
        for taking in self._taking:
            taking.cancel()
        await self._pool.execute(_SQL["hand_over"], self._worker)
        await self._pool.execute(_SQL["tell_workers"])

    async def _adopt(self) -> None:
        while tasks := await self._steps.adopt(silent_since=datetime.now(UTC) - self._lease):
            for task in tasks:
                taking = asyncio.create_task(self._guarded(task))
                self._taking.add(taking)
                taking.add_done_callback(self._taking.discard)

    async def _guarded(self, task: Task) -> None:
        try:
            await self._take_over(task)
        except Exception:
            # The task keeps its deadline, at which it ends with its credits back.
            log.exception("task.take_over_failed", task=task.id)
