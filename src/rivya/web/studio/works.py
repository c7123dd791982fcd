"""What was made in the Studio: tasks with what they were asked, so that they can be shown and asked for again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg
import msgspec

from rivya.errors import NotFound
from rivya.generations.model import StoredInput, TaskState, state_of
from rivya.kit.db import Pool, load_queries
from rivya.kit.ids import AccountId, is_id

_SQL = load_queries("rivya.web.studio")


@dataclass(frozen=True, slots=True)
class Work:
    """A task, and what it was asked."""

    task: TaskState
    prompt: str
    params: Mapping[str, object]
    inputs: Sequence[StoredInput]


class Works:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def recent(
        self, account: AccountId, *, models: Sequence[str], after: str | None, most: int
    ) -> tuple[Sequence[Work], bool]:
        """Return the account's newest works of these models, newest first, and whether there are more."""
        rows = await self._pool.fetch(_SQL["recent"], account, list(models), after, most + 1)
        return [_work(row) for row in rows[:most]], len(rows) > most

    async def of(self, account: AccountId, task: str) -> Work:
        """Return one task of the account, whichever door it came in by. Raises NotFound."""
        row = await self._pool.fetchrow(_SQL["task"], account, task) if is_id("task", task) else None
        if row is None:
            raise NotFound
        return _work(row)


def _work(row: asyncpg.Record) -> Work:
    return Work(
        task=state_of(row),
        prompt=row["prompt"] or "",
        params=msgspec.json.decode(row["params"], type=dict[str, object]),
        inputs=msgspec.json.decode(row["inputs"], type=list[StoredInput]),
    )
