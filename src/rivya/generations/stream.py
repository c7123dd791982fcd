"""A task as server-sent events, until it has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import msgspec
from litestar.types import Receive, Scope, Send

from rivya.generations.changes import Changes
from rivya.generations.model import TaskState
from rivya.generations.schemas import task_object
from rivya.generations.states import is_terminal
from rivya.kit.ids import AccountId, TaskId
from rivya.kit.sse import EventWriter, event

UPDATED = "generation.updated"
SUCCEEDED = "generation.succeeded"
FAILED = "generation.failed"

_encode = msgspec.json.Encoder().encode


class TaskStream:
    """The answer to who follows a task: it as it stands, each change, and the end."""

    def __init__(
        self,
        changes: Changes,
        account: AccountId,
        task: TaskId,
        sign: Callable[[str], str],
        *,
        until: asyncio.Event,
    ) -> None:
        """Make it; once ``until`` is set it ends where it is."""
        self._changes = changes
        self._account = account
        self._task = task
        self._sign = sign
        self._until = until

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        writer = EventWriter(scope, receive, send)

        async def tell() -> bytes:
            async with aclosing(self._changes.follow(self._account, self._task)) as states:
                async for state in states:
                    await writer.write(event(_name(state), _encode(task_object(state, self._sign))))
            return b""

        await writer.run(tell, until=self._until)


def _name(state: TaskState) -> str:
    return f"generation.{state.status}" if is_terminal(state.status) else UPDATED
