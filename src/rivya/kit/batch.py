"""Gather the calls that arrive while others are in flight, and send them as one.

Under load the database sees a few large calls where it would have seen many small ones; a lone call goes out
at once, so batching never adds latency.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar, cast

Item = TypeVar("Item")
Result = TypeVar("Result")


class Overloaded(Exception):
    """Too many calls are waiting."""


class Gatherer(Generic[Item, Result]):
    """Turns ``await gatherer(item)`` of many callers into few calls of ``send(items)``.

    ``send`` returns one result an item, in order. At most ``max_calls`` of its calls run at a time, each with
    at most ``max_batch`` items; at most ``max_waiting`` items wait, and beyond that ``Overloaded`` is raised.
    When a call of several items fails with an error for which ``is_one_items_fault`` holds, each of its items
    is sent again alone, so that one bad item fails by itself; any other error reaches every caller of that call.
    A caller that is cancelled does not take its item back: it may already be on its way.
    """

    def __init__(
        self,
        send: Callable[[list[Item]], Awaitable[Sequence[Result]]],
        *,
        max_batch: int = 64,
        max_calls: int = 2,
        max_waiting: int = 10_000,
        is_one_items_fault: Callable[[Exception], bool] = lambda error: False,
    ) -> None:
        self._send = send
        self._max_batch = max_batch
        self._max_calls = max_calls
        self._max_waiting = max_waiting
        self._is_one_items_fault = is_one_items_fault
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._senders: set[asyncio.Task[None]] = set()

    async def __call__(self, item: Item) -> Result:
        if len(self._waiting) >= self._max_waiting:
            raise Overloaded(f"{self._max_waiting} calls are waiting")
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if len(self._senders) < self._max_calls:
            # A task of its own starts one turn of the loop later: callers of this same turn join its batch.
            self._senders.add(asyncio.create_task(self._drain()))
        return await future

    async def _drain(self) -> None:
        try:
            while self._waiting:
                count = min(self._max_batch, len(self._waiting))
                batch = [self._waiting.popleft() for _ in range(count)]
                await self._send_batch(batch)
        finally:
            # In the turn of the last look at the waiting: a call in between would trust a sender that sends no more.
            self._senders.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _send_batch(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results = await self._send([item for item, _ in batch])
            if len(results) != len(batch):
                raise RuntimeError(f"{len(results)} results for {len(batch)} items")
        except asyncio.CancelledError:
            for _, future in batch:
                future.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - handed to every caller, whose business it is
            if len(batch) > 1 and self._is_one_items_fault(error):
                for one in batch:
                    await self._send_batch([one])
                return
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)
