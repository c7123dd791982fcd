"""Wait for outcomes: tens of thousands of tasks in memory, few of them being asked about at a time."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, replace

import structlog

from rivya import metrics
from rivya.generations.health import Health
from rivya.generations.settle import Settler
from rivya.generations.steps import Held, Steps
from rivya.kit.clock import utc_now
from rivya.kit.ids import TaskId
from rivya.kit.tracing import span
from rivya.providers.base import Provider
from rivya.providers.outcome import Checked, Done, Failed, Lost, Refused, Running, Unknown

log = structlog.get_logger()

_LONG_CHECK_S = 5.0
_BACKOFF = 1.5
_SLOWEST_S = 15.0
_PROGRESS_EVERY_S = 1.0


@dataclass(slots=True)
class _Watched:
    task: Held
    handle: str
    pause_s: float
    progress: int = -1
    progress_at: float = 0.0
    cancelling: bool = False
    looking: bool = False
    called_back: bool = False


class Watcher:
    """Asks providers how their work stands until it ends, each task with growing pauses and jitter.

    ``lost`` is called for a task that its provider does not know any more and that may be made again.
    """

    def __init__(
        self,
        steps: Steps,
        settler: Settler,
        health: Health,
        providers: Mapping[str, Provider],
        lost: Callable[[Held], Awaitable[None]],
    ) -> None:
        self._steps = steps
        self._settler = settler
        self._health = health
        self._providers = providers
        self._lost = lost
        self._watched: dict[TaskId, _Watched] = {}
        self._pollers = {name: _Poller(provider.most_checks, self._look) for name, provider in providers.items()}

    def __len__(self) -> int:
        return len(self._watched)

    def add(self, task: Held, handle: str) -> None:
        """Watch a task from now on; one that is watched already is watched by its newest handle."""
        watched = _Watched(task, handle, self._providers[task.provider].check_every_s)
        self._watched[task.id] = watched
        self._pollers[task.provider].add(watched, in_s=watched.pause_s)

    def wake(self, task: TaskId, *, provider: str) -> None:
        """Look at a task now, rather than at its next turn: its provider says that something changed.

        Does nothing for a task that is not watched here, or not with that provider.
        """
        watched = self._watched.get(task)
        if watched is None or watched.task.provider != provider:
            return
        log.info("task.called_back", task=task, provider=provider)
        if watched.looking:
            watched.called_back = True
            return
        # Its place among the others is stale from now on, and is passed over when its time comes.
        self._watched[task] = woken = replace(watched, pause_s=self._providers[provider].check_every_s)
        self._pollers[provider].add(woken, in_s=0.0)

    async def cancel(self, task: TaskId) -> bool:
        """Cancel a task upstream, where its provider can; otherwise it is left to finish, and says so.

        Returns False for one that is not watched here. What it raises may be tried again.
        """
        watched = self._watched.get(task)
        if watched is None or watched.cancelling:
            return watched is not None
        watched.cancelling = True
        try:
            if await self._providers[watched.task.provider].cancel(watched.handle):
                await self._end(watched, Failed("cancelled"))
            else:
                log.info("task.cannot_cancel", task=task, provider=watched.task.provider)
                await self._steps.decline_cancel(watched.task)
        except BaseException:
            watched.cancelling = False
            raise
        return True

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.Event().wait())  # until cancelled, also where no provider is configured
            for poller in self._pollers.values():
                group.create_task(poller.run())

    async def _look(self, watched: _Watched) -> None:
        if self._watched.get(watched.task.id) is not watched:
            return
        watched.looking, watched.called_back = True, False
        task = watched.task
        try:
            with span("task.check", of=task.id, rivya__task=task.id, rivya__provider=task.provider):
                await self._check(watched)
        except Exception:
            # The database was away for longer than a step waits: the task is looked at again.
            log.exception("task.watch_failed", task=task.id)
            self._watched[task.id] = watched
            self._pollers[task.provider].add(watched, in_s=_SLOWEST_S)
        finally:
            watched.looking = False

    async def _check(self, watched: _Watched) -> None:
        task = watched.task
        provider = self._providers[task.provider]
        if utc_now() >= task.deadline_at:
            await provider.cancel(watched.handle)
            await self._end(watched, Failed("timeout"))
            return
        metrics.TASK_CHECKS.labels(task.provider).inc()
        try:
            outcome: Checked = await provider.check(watched.handle, wait_s=_LONG_CHECK_S)
        except Exception:
            log.exception("provider.check_raised", task=task.id, provider=task.provider)
            outcome = Unknown("adapter raised")
        match outcome:
            case Running(progress):
                await self._note_progress(watched, progress)
                self._later(watched)
            case Unknown():
                self._later(watched)
            case Done(outputs):
                if self._watched.pop(task.id, None) is watched:
                    await self._settler.succeed(task, outputs)
            case Failed() | Refused():
                self._health.note(task, outcome)
                await self._end(watched, outcome)
            case Lost():
                if provider.repeatable:
                    self._watched.pop(task.id, None)
                    await self._lost(task)
                else:
                    self._health.note(task, outcome)
                    await self._end(watched, Failed("upstream_error", detail="handle lost"))

    async def _end(self, watched: _Watched, outcome: Failed | Refused) -> None:
        self._watched.pop(watched.task.id, None)
        await self._settler.fail(watched.task, outcome)

    def _later(self, watched: _Watched) -> None:
        if watched.called_back:
            self._pollers[watched.task.provider].add(watched, in_s=0.0)
            return
        pause_s = watched.pause_s * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, not a secret
        watched.pause_s = min(watched.pause_s * _BACKOFF, _SLOWEST_S)
        self._pollers[watched.task.provider].add(watched, in_s=pause_s)

    async def _note_progress(self, watched: _Watched, progress: int | None) -> None:
        now = time.monotonic()
        if progress is None or progress <= watched.progress or now - watched.progress_at < _PROGRESS_EVERY_S:
            return
        watched.progress, watched.progress_at = progress, now
        await self._steps.store_progress(watched.task, progress)


class _Poller:
    """The tasks of one provider by the time of their next look, at most ``most`` of them being looked at."""

    def __init__(self, most: int, look: Callable[[_Watched], Coroutine[object, object, None]]) -> None:
        self._most = most
        self._look = look
        self._due: list[tuple[float, int, _Watched]] = []
        self._numbers = itertools.count()
        self._looking: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()

    def add(self, watched: _Watched, *, in_s: float) -> None:
        heapq.heappush(self._due, (time.monotonic() + in_s, next(self._numbers), watched))
        self._changed.set()

    async def run(self) -> None:
        try:
            while True:
                self._changed.clear()
                while self._due and len(self._looking) < self._most and self._due[0][0] <= time.monotonic():
                    self._start(heapq.heappop(self._due)[2])
                await self._pause()
        finally:
            for looking in self._looking:
                looking.cancel()

    async def _pause(self) -> None:
        wait_s = None
        if self._due and len(self._looking) < self._most:
            wait_s = max(0.0, self._due[0][0] - time.monotonic())
        try:
            # Not wait_for: Python 3.11's swallows a cancellation that comes in the moment of the change.
            async with asyncio.timeout(wait_s):
                await self._changed.wait()
        except TimeoutError:
            return

    def _start(self, watched: _Watched) -> None:
        looking = asyncio.create_task(self._look(watched))
        self._looking.add(looking)
        looking.add_done_callback(self._ended)

    def _ended(self, looking: asyncio.Task[None]) -> None:
        self._looking.discard(looking)
        self._changed.set()
