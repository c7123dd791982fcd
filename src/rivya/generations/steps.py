"""The steps of a task that is under way, as the database takes them: guarded, batched, safe to ask for twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import msgspec

from rivya.generations.failure import TaskError
from rivya.generations.model import StoredResult, Task, task_of
from rivya.generations.states import FAILED, SUCCEEDED
from rivya.kit.batch import Gatherer
from rivya.kit.clock import utc_now
from rivya.kit.db import Pool, is_data_fault, load_queries, patiently
from rivya.kit.ids import AccountId, TaskId, WorkerId, new_id

_SQL = load_queries("rivya.generations")
_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Held:
    """A task as a worker holds it while it waits: small, because there are tens of thousands."""

    account: AccountId
    id: TaskId
    attempt: int
    provider: str
    model: str
    reserved_credits: int
    deadline_at: datetime

    @property
    def work_id(self) -> str:
        """The id of the present attempt, as the provider is told it."""
        return f"{self.id}.{self.attempt}"


def held(task: Task, provider: str) -> Held:
    """Return what a worker needs to keep of a task."""
    return Held(task.account, task.id, task.attempt, provider, task.model, task.reserved_credits, task.deadline_at)


@dataclass(frozen=True, slots=True)
class Attempt:
    """The newest attempt at a task; ``outcome`` is None while it goes on."""

    number: int
    provider: str
    handle: str | None
    outcome: str | None


_Begin = tuple[AccountId, TaskId, int, str, datetime]
_Handle = tuple[Held, str]


@dataclass(frozen=True, slots=True)
class _End:
    account: AccountId
    task: TaskId
    attempt: int | None
    status: Literal["succeeded", "failed"]
    credits: int
    result: str | None
    error: str | None
    outcome: str
    event: str


class Steps:
    """One a worker. Each step is tried again while the database cannot be reached, for up to a minute."""

    def __init__(self, pool: Pool, worker: WorkerId) -> None:
        self._pool = pool
        self._worker = worker
        self._begin = Gatherer(self._begin_many, is_one_items_fault=is_data_fault)
        self._handles = Gatherer(self._store_many, is_one_items_fault=is_data_fault)
        self._ends = Gatherer(self._end_many, is_one_items_fault=is_data_fault)

    async def begin(self, account: AccountId, task: TaskId, *, attempts: int, provider: str) -> Task | None:
        """Record that a provider is about to be called; None if the task is not ours to go on with."""
        item = (account, task, attempts, provider, datetime.now(UTC))
        return await patiently(lambda: self._begin(item), for_s=_PATIENCE_S)

    async def store_handle(self, task: Held, handle: str) -> Literal["stored", "cancelled", "overtaken"]:
        """Store the provider's handle.

        ``cancelled``: stored, and somebody asked meanwhile for the task to be cancelled. ``overtaken``: the
        attempt was ended or taken over, and the handle is nobody's.
        """
        return await patiently(lambda: self._handles((task, handle)), for_s=_PATIENCE_S)

    async def succeed(self, task: Held, result: StoredResult, *, credits: int) -> bool:
        """End the task with its result and settle ``credits``; False if it had ended or moved on before."""
        encoded = msgspec.json.encode(result).decode()
        return await self._finish(
            _End(task.account, task.id, task.attempt, SUCCEEDED, credits, encoded, None, "done", new_id("evt"))
        )

    async def fail(
        self, account: AccountId, task: TaskId, *, attempt: int | None, error: TaskError, outcome: str
    ) -> bool:
        """End the task without a result and give its credits back; False if it had ended or moved on before.

        With ``attempt`` None whatever attempt is under way is ended (deadline, cancel).
        """
        encoded = msgspec.json.encode(error).decode()
        return await self._finish(_End(account, task, attempt, FAILED, 0, None, encoded, outcome, new_id("evt")))

    async def end_attempt(self, task: Held, outcome: str) -> None:
        """Note that the attempt came to nothing while the task goes on."""
        await patiently(
            lambda: self._pool.execute(_SQL["end_attempt"], task.account, task.id, task.attempt, outcome, utc_now()),
            for_s=_PATIENCE_S,
        )

    async def read(self, account: AccountId, task: TaskId) -> Task | None:
        """Return a task as it stands."""
        row = await self._pool.fetchrow(_SQL["read"], [account], [task])
        return task_of(row) if row is not None else None

    async def last_attempt(self, account: AccountId, task: TaskId) -> Attempt | None:
        """Return the newest attempt at a task."""
        row = await self._pool.fetchrow(_SQL["last_attempt"], account, task)
        return Attempt(**row) if row is not None else None

    async def store_progress(self, task: Held, progress: int) -> None:
        """Note how far the task is."""
        await self._pool.execute(_SQL["store_progress"], task.account, task.id, task.attempt, progress, utc_now())

    async def decline_cancel(self, task: Held) -> None:
        """Note that the task's provider cannot cancel it."""
        await self._pool.execute(_SQL["decline_cancel"], task.account, task.id, task.attempt, utc_now())

    async def adopt(self, *, silent_since: datetime, limit: int = 500) -> list[Task]:
        """Take over tasks whose worker has not been heard of since then."""
        rows = await self._pool.fetch(_SQL["adopt"], self._worker, silent_since, limit)
        return [task_of(row) for row in rows]

    async def _finish(self, end: _End) -> bool:
        return await patiently(lambda: self._ends(end), for_s=_PATIENCE_S)

    async def _begin_many(self, items: list[_Begin]) -> Sequence[Task | None]:
        rows = await self._pool.fetch(_SQL["begin"], *map(list, zip(*items, strict=True)), self._worker)
        begun = {row["id"]: task_of(row) for row in rows}
        return [begun.get(task) for _, task, *_ in items]

    async def _store_many(self, items: list[_Handle]) -> Sequence[Literal["stored", "cancelled", "overtaken"]]:
        rows = await self._pool.fetch(
            _SQL["store_handles"],
            [task.account for task, _ in items],
            [task.id for task, _ in items],
            [task.attempt for task, _ in items],
            [handle for _, handle in items],
        )
        cancelled = {row["task_id"]: row["cancelled"] for row in rows}
        return [
            "overtaken" if task.id not in cancelled else "cancelled" if cancelled[task.id] else "stored"
            for task, _ in items
        ]

    async def _end_many(self, items: list[_End]) -> Sequence[bool]:
        rows = await self._pool.fetch(
            _SQL["finish"],
            [item.account for item in items],
            [item.task for item in items],
            [item.attempt for item in items],
            [item.status for item in items],
            [item.credits for item in items],
            [item.result for item in items],
            [item.error for item in items],
            [item.outcome for item in items],
            [item.event for item in items],
            utc_now(),
        )
        return [row["ended"] for row in rows]
