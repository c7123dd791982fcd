"""Whose turn it is, as the database has it: each endpoint is a lane, and a lane is one worker's at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from rivya.generations.model import TaskState, state_of
from rivya.kit.db import Pool, load_queries
from rivya.kit.ids import AccountId, TaskId, WorkerId
from rivya.webhooks.model import DeliveryId, Endpoint, EndpointId, Event, EventId, endpoint_of

_SQL = load_queries("rivya.webhooks.delivery")

LaneKey = tuple[AccountId, EndpointId]


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery that is due, with what is to be sent. ``tries`` is how often it was tried since it was begun."""

    id: DeliveryId
    lane: LaneKey
    tries: int
    event: Event
    task: TaskState | None


class Lanes:
    """One worker's lanes. A lane is had under the worker's lease: when that lapses, another may take it."""

    def __init__(self, pool: Pool, worker: WorkerId, *, lease_s: float) -> None:
        self._pool = pool
        self._worker = worker
        self._lease_s = lease_s

    async def take(self, most: int) -> list[LaneKey]:
        """Take lanes that are due and that nobody has."""
        return _keys(await self._pool.fetch(_SQL["take_lanes"], self._worker, most))

    async def next_due_s(self) -> float | None:
        """Return in how many seconds a lane that nobody has is due; None if there is none."""
        return await self._pool.fetchval(_SQL["next_due"])

    async def free_silent(self) -> None:
        """Free the lanes of workers that fell silent."""
        await self._pool.execute(_SQL["free_lanes"], self._lease_s)

    async def release(self, lanes: Sequence[LaneKey]) -> list[LaneKey]:
        """Give lanes back; return those that were: one that gets new deliveries just now is kept."""
        return _keys(await self._pool.fetch(_SQL["release_lanes"], self._worker, *_columns(lanes)))

    async def leave(self) -> None:
        """Give all lanes to the other workers at once."""
        await self._pool.execute(_SQL["leave_lanes"], self._worker)

    async def endpoints(self, lanes: Sequence[LaneKey]) -> dict[LaneKey, Endpoint]:
        """Return the endpoints of those lanes that are still this worker's."""
        rows = await self._pool.fetch(_SQL["endpoints"], self._worker, *_columns(lanes))
        found = [endpoint_of(row) for row in rows]
        return {(endpoint.account, endpoint.id): endpoint for endpoint in found}

    async def due(self, wanted: Sequence[tuple[LaneKey, int]], *, in_hand: Sequence[DeliveryId]) -> list[Due]:
        """Return what is due in each lane, at most so many, the longest due first."""
        accounts, endpoints = _columns([lane for lane, _ in wanted])
        rows = await self._pool.fetch(_SQL["due"], accounts, endpoints, [most for _, most in wanted], list(in_hand))
        return [_due(row) for row in rows]


def _columns(lanes: Sequence[LaneKey]) -> tuple[list[AccountId], list[EndpointId]]:
    return [account for account, _ in lanes], [endpoint for _, endpoint in lanes]


def _keys(rows: Sequence[asyncpg.Record]) -> list[LaneKey]:
    return [(AccountId(row["account_id"]), EndpointId(row["endpoint_id"])) for row in rows]


def _due(row: asyncpg.Record) -> Due:
    account, task = AccountId(row["account_id"]), row["task_id"]
    return Due(
        id=DeliveryId(row["delivery_id"]),
        lane=(account, EndpointId(row["endpoint_id"])),
        tries=row["tries"],
        event=Event(
            account=account,
            id=EventId(row["event_id"]),
            type=row["event_type"],
            task=TaskId(task) if task is not None else None,
            created_at=row["event_created_at"],
        ),
        task=state_of(row) if task is not None else None,
    )
