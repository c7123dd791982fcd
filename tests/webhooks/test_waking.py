"""A callback has its task looked at now, once, and loses nothing of what is being asked about at that moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast

import pytest

from rivya.generations.steps import Held
from rivya.generations.watch import Watcher
from rivya.kit.clock import utc_now
from rivya.kit.ids import AccountId, TaskId
from rivya.providers.outcome import Checked, Done, Output, Running

TASK = TaskId("task_1")
NEVER_S = 100_000.0


class Vendor:
    """A provider that is asked once in a day, unless it calls back."""

    most_checks = 4

    def __init__(self, first_check_s: float = NEVER_S) -> None:
        self.check_every_s = first_check_s
        self.done = False
        self.checks = 0
        self.asked = asyncio.Event()
        self.answer = asyncio.Event()
        self.answer.set()

    async def check(self, handle: str, *, wait_s: float) -> Checked:
        self.checks += 1
        found = Done((Output(b"a picture"),)) if self.done else Running()
        self.asked.set()
        await self.answer.wait()
        return found


class Settled:
    def __init__(self) -> None:
        self.tasks: list[str] = []
        self.first = asyncio.Event()

    async def succeed(self, task: Held, outputs: Any) -> None:
        self.tasks.append(task.id)
        self.first.set()


@asynccontextmanager
async def watching(vendor: Vendor) -> AsyncIterator[tuple[Watcher, Settled]]:
    settled = Settled()

    async def lost(task: Held) -> None:
        raise AssertionError(task)

    nothing = cast("Any", None)
    watcher = Watcher(nothing, cast("Any", settled), nothing, {"vendor": cast("Any", vendor)}, lost)
    task = Held(AccountId("acct_1"), TASK, 1, "vendor", "model", 1, utc_now() + timedelta(hours=1))
    running = asyncio.create_task(watcher.run())
    watcher.add(task, "handle")
    try:
        yield watcher, settled
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_task_that_is_called_back_about_is_looked_at_now() -> None:
    vendor = Vendor()
    async with watching(vendor) as (watcher, settled):
        vendor.done = True
        watcher.wake(TASK, provider="vendor")
        await asyncio.wait_for(settled.first.wait(), 30)
    assert (settled.tasks, vendor.checks, len(watcher)) == ([TASK], 1, 0)


async def test_a_callback_during_a_look_brings_another_look() -> None:
    """What the provider answered may be from before it called back."""
    vendor = Vendor(first_check_s=0.0)
    vendor.answer.clear()
    async with watching(vendor) as (watcher, settled):
        await asyncio.wait_for(vendor.asked.wait(), 30)
        vendor.done, vendor.check_every_s = True, NEVER_S
        watcher.wake(TASK, provider="vendor")
        vendor.answer.set()
        await asyncio.wait_for(settled.first.wait(), 30)
    assert (settled.tasks, vendor.checks) == ([TASK], 2)


async def test_many_callbacks_settle_a_task_once() -> None:
    vendor = Vendor()
    async with watching(vendor) as (watcher, settled):
        vendor.done = True
        for _ in range(50):
            watcher.wake(TASK, provider="vendor")
        await asyncio.wait_for(settled.first.wait(), 30)
    assert (settled.tasks, vendor.checks) == ([TASK], 1)


@pytest.mark.parametrize(("task", "provider"), [(TASK, "another"), (TaskId("task_2"), "vendor")])
async def test_another_providers_callback_and_one_about_another_task_wake_nothing(task: TaskId, provider: str) -> None:
    vendor = Vendor()
    async with watching(vendor) as (watcher, settled):
        vendor.done = True
        watcher.wake(task, provider=provider)
        watcher.wake(TASK, provider="vendor")
        await asyncio.wait_for(settled.first.wait(), 30)
    assert vendor.checks == 1
