"""Follow tasks as they change: told by the database, and asked for now and then in case it was not heard."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import aclosing, contextmanager

from rivya.generations.model import TaskState
from rivya.generations.states import is_terminal
from rivya.kit.ids import AccountId, TaskId
from rivya.kit.notify import NotifyHub

_CHANNEL = "rivya_tasks"
_LOOK_S = 1.0
MOST_OF_ONE_ACCOUNT = 100
MOST = 5000


class Changes:
    """One an API process. ``read`` returns how a task of an account stands."""

    def __init__(self, hub: NotifyHub, read: Callable[[AccountId, TaskId], Awaitable[TaskState]]) -> None:
        self._read = read
        self._watched: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._followers = Counter[AccountId]()
        hub.listen(_CHANNEL, self._heard)

    def has_room(self, account: AccountId) -> bool:
        """Return True if one more may follow a task of this account here."""
        return self._followers.total() < MOST and self._followers[account] < MOST_OF_ONE_ACCOUNT

    async def follow(self, account: AccountId, task: TaskId) -> AsyncGenerator[TaskState]:
        """Yield how the task stands: now, whenever that has changed, and last when it has ended."""
        with self._watch(account, task) as changed:
            before = None
            while True:
                changed.clear()
                state = await self._read(account, task)
                if state != before:
                    yield state
                if is_terminal(state.status):
                    return
                before = state
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_S):
                        await changed.wait()

    async def ended(self, account: AccountId, task: TaskId, *, within_s: float) -> TaskState:
        """Return how the task stands once it has ended, or when the time is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s), aclosing(self.follow(account, task)) as states:
                async for state in states:
                    if is_terminal(state.status):
                        return state
        return await self._read(account, task)

    @contextmanager
    def _watch(self, account: AccountId, task: TaskId) -> Generator[asyncio.Event]:
        name, changed = f"{account} {task}", asyncio.Event()
        self._watched[name].add(changed)
        self._followers[account] += 1
        try:
            yield changed
        finally:
            self._followers[account] -= 1
            if not self._followers[account]:
                del self._followers[account]
            self._watched[name].discard(changed)
            if not self._watched[name]:
                del self._watched[name]

    def _heard(self, payload: str | None) -> None:
        heard = self._watched.values() if payload is None else [self._watched.get(payload, set())]
        for events in heard:
            for changed in events:
                changed.set()
