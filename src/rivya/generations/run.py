"""From queue job to provider's handle: the first half of a task's life, which no crash may make ambiguous.

The attempt is recorded before the provider is called and its handle after. A provider is asked twice for one
task only when it surely did no billable work, or when repeating costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack

import structlog

from rivya import metrics
from rivya.files.store import NoSuchObject, ObjectStore
from rivya.generations.health import Health
from rivya.generations.model import Task
from rivya.generations.settle import Settler
from rivya.generations.steps import Held, Steps, held
from rivya.generations.watch import Watcher
from rivya.kit.ids import AccountId, TaskId
from rivya.kit.tracing import span
from rivya.providers.base import Input, Provider, Work
from rivya.providers.outcome import Accepted, Done, Failed, Lost, Refused, Submitted, Unknown
from rivya.providers.routing import Route, Routing

log = structlog.get_logger()

_MOST_ATTEMPTS = 12


class TryLater(Exception):
    """Every provider refused for now: the job should come back after a while."""


class Runner:
    """Hands tasks to providers. One a worker."""

    def __init__(
        self,
        steps: Steps,
        *,
        routing: Routing,
        health: Health,
        providers: Mapping[str, Provider],
        store: ObjectStore,
        settler: Settler,
        watcher: Watcher,
    ) -> None:
        self._steps = steps
        self._routing = routing
        self._health = health
        self._providers = providers
        self._store = store
        self._settler = settler
        self._watcher = watcher

    async def run(self, account: AccountId, task_id: TaskId, route: Route) -> None:
        """Begin a queued task, or go on with one whose providers refused for now.

        Does nothing when the task is somebody else's or has ended: the job was delivered twice. Raises TryLater.
        """
        task = await self._steps.begin(account, task_id, attempts=0, provider=route.provider)
        if task is not None:
            await self._go(task, route)
            return
        last = await self._steps.last_attempt(account, task_id)
        if last is not None and last.outcome == "refused":
            await self._again(account, task_id, last.number)

    async def again(self, task: Held) -> None:
        """Make a lost attempt again, where that costs nothing; a task that can only wait is left to its job."""
        await self._steps.end_attempt(task, "lost")
        try:
            await self._again(task.account, task.id, task.attempt)
        except TryLater:
            await self._settler.fail(task, Failed("upstream_error", detail="refused after a lost attempt"))

    async def take_over(self, task: Task) -> None:
        """Go on with a task whose worker is gone."""
        last = await self._steps.last_attempt(task.account, task.id)
        if last is None or last.outcome is not None:
            return  # between two attempts: its queue job is still there and will go on
        mine = held(task, last.provider)
        log.info("task.adopted", task=task.id, provider=last.provider, has_handle=last.handle is not None)
        if last.handle is not None:
            await self._watch(mine, last.handle, cancel=task.cancel_requested)
            return
        await self._after_silence(mine)

    async def _again(self, account: AccountId, task_id: TaskId, attempts: int) -> None:
        task = await self._steps.read(account, task_id)
        routes = self._routing.of(task.model) if task is not None else []
        if not routes:
            raise TryLater
        begun = await self._steps.begin(account, task_id, attempts=attempts, provider=routes[0].provider)
        if begun is not None:
            await self._go(begun, routes[0])

    async def _go(self, task: Task, route: Route) -> None:
        """Ask the route's provider, and each next one while they surely did nothing."""
        with span("task.submit", of=task.id, rivya__task=task.id, rivya__model=task.model, rivya__account=task.account):
            await self._go_traced(task, route)

    async def _go_traced(self, task: Task, route: Route) -> None:
        asked = (route.provider, route.target)
        rest = [other for other in self._routing.of(task.model) if (other.provider, other.target) != asked]
        refusals: list[Refused] = []
        while True:
            mine = held(task, route.provider)
            outcome = await self._submit(task, route)
            if not isinstance(outcome, Refused):
                await self._follow(mine, outcome)
                return
            log.info("attempt.refused", task=task.id, provider=route.provider, detail=outcome.detail)
            refusals.append(outcome)
            if not rest:
                await self._all_refused(mine, refusals)
                return
            await self._steps.end_attempt(mine, "refused")
            route = rest.pop(0)
            begun = await self._steps.begin(task.account, task.id, attempts=task.attempt, provider=route.provider)
            if begun is None:
                return
            task = begun

    async def _all_refused(self, task: Held, refusals: list[Refused]) -> None:
        if any(refusal.retryable for refusal in refusals) and task.attempt < _MOST_ATTEMPTS:
            await self._steps.end_attempt(task, "refused")
            raise TryLater
        await self._settler.fail(task, refusals[-1])

    async def _submit(self, task: Task, route: Route) -> Submitted:
        if not self._health.enter(route):
            return Refused("upstream_error", retryable=True, detail="left alone for a while, because it kept failing")
        outcome = await self._ask(task, route)
        self._health.note(held(task, route.provider), outcome)
        return outcome

    async def _ask(self, task: Task, route: Route) -> Submitted:
        provider = self._providers[route.provider]
        async with AsyncExitStack() as files:
            try:
                inputs = [
                    Input(item.kind, await files.enter_async_context(self._store.on_disk(item.key)), item.mime_type)
                    for item in task.inputs
                ]
            except NoSuchObject:
                message = "A reference is no longer kept. The reserved credits are back in your wallet."
                return Failed("invalid_input", public_message=message)
            work = Work(
                id=held(task, route.provider).work_id,
                task=task.id,
                target=route.target,
                prompt=task.prompt,
                params=task.params,
                inputs=inputs,
                deadline_at=task.deadline_at,
            )
            asking = span(
                "provider.submit",
                kind="client",
                rivya__provider=route.provider,
                rivya__target=route.target,
                rivya__attempt=task.attempt,
            )
            with metrics.PROVIDER_SECONDS.labels(route.provider).time(), asking as traced:
                outcome = await _submitted(provider, work)
                traced.set(rivya__outcome=(word := type(outcome).__name__.lower()))
            metrics.PROVIDER_ANSWERS.labels(route.provider, word).inc()
            return outcome

    async def _follow(self, task: Held, outcome: Accepted | Done | Failed | Unknown) -> None:
        match outcome:
            case Accepted(handle):
                stored = await self._steps.store_handle(task, handle)
                if stored == "overtaken":
                    log.info("attempt.overtaken", task=task.id, provider=task.provider)
                    await self._providers[task.provider].cancel(handle)
                    return
                await self._watch(task, handle, cancel=stored == "cancelled")
            case Done(outputs):
                await self._settler.succeed(task, outputs)
            case Failed():
                await self._settler.fail(task, outcome)
            case Unknown():
                await self._after_silence(task)

    async def _watch(self, task: Held, handle: str, *, cancel: bool) -> None:
        self._watcher.add(task, handle)
        if cancel:
            await self._watcher.cancel(task.id)

    async def _after_silence(self, task: Held) -> None:
        """Decide about an attempt of which nobody knows whether the provider heard it."""
        provider = self._providers.get(task.provider)
        found = await provider.look_up(task.work_id) if provider is not None else Unknown("no such provider")
        match found:
            case Accepted():
                await self._follow(task, found)
            case Lost():
                await self.again(task)
            case Unknown() if provider is not None and provider.repeatable:
                await self.again(task)
            case Unknown(detail):
                await self._settler.fail(task, Failed("upstream_error", detail=f"unknown outcome: {detail}"))


async def _submitted(provider: Provider, work: Work) -> Submitted:
    try:
        return await provider.submit(work)
    except Exception:
        # A fault of ours in an adapter: what the provider did is not known.
        log.exception("provider.submit_raised", task=work.task, provider=provider.name)
        return Unknown("adapter raised")
