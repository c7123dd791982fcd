"""What happened in an account, as its endpoints are told it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rivya.errors import NotFound
from rivya.files.links import MediaLinks
from rivya.generations.model import TaskState, state_of
from rivya.kit.db import Pool, load_queries
from rivya.kit.ids import AccountId, TaskId, is_id
from rivya.kit.pages import Page
from rivya.webhooks.model import Event, EventType, event_of
from rivya.webhooks.payload import EventObject, event_object

_SQL = load_queries("rivya.webhooks")
_TASKS_SQL = load_queries("rivya.generations")


class Events:
    """Reads events."""

    def __init__(self, pool: Pool, links: MediaLinks) -> None:
        self._pool = pool
        self._links = links

    async def list(self, *, account: AccountId, page: Page, type: EventType | None) -> Sequence[EventObject]:
        """Return the events of a page, newest first: one more than are shown if there are more."""
        rows = await self._pool.fetch(_SQL["list_events"], account, page.after, type, page.rows)
        return await self.shown([event_of(row) for row in rows])

    async def read(self, *, account: AccountId, event: str) -> EventObject:
        """Return an event of this account. Raises NotFound."""
        row = await self._pool.fetchrow(_SQL["read_event"], account, event) if is_id("evt", event) else None
        if row is None:
            raise NotFound
        return (await self.shown([event_of(row)]))[0]

    async def since(self, account: AccountId, after: str, *, most: int) -> Sequence[Event]:
        """Return the account's events whose ids come after this one, in their order, at most so many."""
        return [event_of(row) for row in await self._pool.fetch(_SQL["events_since"], account, after, most)]

    async def shown(self, events: Sequence[Event]) -> list[EventObject]:
        """Return events as their endpoints are sent them."""
        tasks = await task_states(self._pool, events)
        return [event_object(event, tasks.get(event.task) if event.task else None, self._links) for event in events]


async def task_states(pool: Pool, events: Sequence[Event]) -> Mapping[TaskId, TaskState]:
    """Return how the tasks of events stand."""
    pairs = [(event.account, event.task) for event in events if event.task is not None]
    if not pairs:
        return {}
    rows = await pool.fetch(_TASKS_SQL["read_states"], *map(list, zip(*pairs, strict=True)))
    return {state.id: state for state in map(state_of, rows)}
