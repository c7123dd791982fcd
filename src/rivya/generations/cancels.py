"""Cancelling: at once while nobody has a task in hand, else by the worker that has it."""

from __future__ import annotations

import asyncio

import msgspec
import structlog

from rivya.generations.failure import task_error
from rivya.generations.watch import Watcher
from rivya.kit.clock import utc_now
from rivya.kit.db import CONNECTION_LOST, Pool, load_queries
from rivya.kit.ids import AccountId, TaskId, WorkerId, new_id
from rivya.kit.notify import NotifyHub

log = structlog.get_logger()

_SQL = load_queries("rivya.generations")
_CHANNEL = "rivya_cancel"


async def cancel_waiting(pool: Pool, *, account: AccountId, task: TaskId) -> bool:
    """Cancel a task that no provider has in hand: none was asked yet, or all refused for now; False for any other."""
    error = msgspec.json.encode(task_error("cancelled")).decode()
    return bool(await pool.fetchval(_SQL["cancel_waiting"], account, task, error, new_id("evt"), utc_now()))


async def request_cancel(pool: Pool, *, account: AccountId, task: TaskId) -> None:
    """Ask the worker that has a task to cancel it. Does nothing for one that has ended."""
    await pool.execute(_SQL["request_cancel"], account, task, utc_now())


class Cancels:
    """Carries out what was asked of this worker: as soon as it is heard, or when it is looked for next.

    A notification may come while its task is between two steps, in nobody's list, or not at all.
    """

    def __init__(self, pool: Pool, hub: NotifyHub, watcher: Watcher, *, worker: WorkerId, every_s: float) -> None:
        self._pool = pool
        self._watcher = watcher
        self._worker = worker
        self._every_s = every_s
        self._cancelling: set[asyncio.Task[None]] = set()
        hub.listen(_CHANNEL, self._heard)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(self._every_s)
            try:
                asked = await self._pool.fetch(_SQL["cancels_asked"], self._worker)
            except (*CONNECTION_LOST, TimeoutError) as error:
                log.warning("cancels.database_unreachable", error=type(error).__name__)
                continue
            for row in asked:
                await self._cancel(AccountId(row["account_id"]), TaskId(row["id"]))

    def _heard(self, payload: str | None) -> None:
        if payload is None or not payload.startswith(f"{self._worker} "):
            return  # what was missed is looked for
        _, account, task = payload.split(" ")
        cancelling = asyncio.create_task(self._cancel(AccountId(account), TaskId(task)))
        self._cancelling.add(cancelling)
        cancelling.add_done_callback(self._cancelling.discard)

    async def _cancel(self, account: AccountId, task: TaskId) -> None:
        try:
            if not await self._watcher.cancel(task):
                await cancel_waiting(self._pool, account=account, task=task)
        except Exception:
            log.exception("task.cancel_failed", task=task)  # and tried again: it is still asked for
