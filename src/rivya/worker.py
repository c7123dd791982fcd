"""A worker process: takes jobs, hands them to providers, watches, settles, and cleans up after others."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal

import structlog

from rivya.generations.run import Runner
from rivya.generations.settle import Settler
from rivya.generations.steps import Held, Steps
from rivya.generations.watch import Watcher
from rivya.installation import Installation, installation, open_providers
from rivya.kit.db import Pool, open_pool
from rivya.kit.ids import AccountId, TaskId, WorkerId, new_id
from rivya.kit.notify import NotifyHub
from rivya.providers.base import Provider
from rivya.providers.routing import Route, entrypoint
from rivya.queue import janitors
from rivya.queue.janitors.all import JANITORS
from rivya.queue.jobs import Entrypoint, Handler, JobLoop
from rivya.queue.lease import Lease
from rivya.settings import Settings

log = structlog.get_logger()

_LAST_JOBS_S = 10.0


async def work(settings: Settings, dsn: str) -> None:
    """Work until SIGTERM or SIGINT; then finish the submissions in hand and give the tasks to the other workers."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    worker = WorkerId(new_id("wkr"))
    structlog.contextvars.bind_contextvars(worker=worker)
    installed = installation(settings)
    hub = NotifyHub(dsn)
    providers = open_providers(installed, worker)
    try:
        async with open_pool(dsn, size=settings.database_connections, application_name="rivya worker") as pool:
            await _Worker(installed, pool, hub, providers, worker).run(stop)
    finally:
        for provider in providers.values():
            await provider.close()
        shutil.rmtree(settings.data_dir / "work" / worker, ignore_errors=True)


class _Worker:
    def __init__(
        self,
        installed: Installation,
        pool: Pool,
        hub: NotifyHub,
        providers: dict[str, Provider],
        worker: WorkerId,
    ) -> None:
        settings = installed.settings
        self._hub = hub
        self._catalog = installed.catalog
        self._pool = pool
        steps = self._steps = Steps(pool, worker)
        settler = Settler(
            steps,
            installed.store,
            models=installed.models,
            max_bytes=settings.max_output_bytes,
        )
        self._watcher = Watcher(steps, settler, providers, self._lost)
        self._runner = Runner(
            steps,
            routing=installed.routing,
            providers=providers,
            store=installed.store,
            settler=settler,
            watcher=self._watcher,
        )
        self._lease = Lease(
            pool,
            steps,
            hub,
            worker=worker,
            beat_s=settings.worker_heartbeat_s,
            lease_s=settings.worker_lease_s,
            take_over=self._runner.take_over,
        )
        self._jobs = JobLoop(
            pool,
            self._entrypoints(installed),
            most=settings.worker_concurrency,
            lease_s=settings.queue_lease_s,
        )
        self._tools = janitors.Tools(pool, steps, installed.routing, installed.store, settings.chat_retention_days)
        self._cancelling: set[asyncio.Task[None]] = set()
        hub.listen("rivya_cancel", self._cancel)

    async def run(self, stop: asyncio.Event) -> None:
        await self._lease.begin()
        background = [
            asyncio.create_task(coroutine)
            for coroutine in (
                self._hub.run(),
                self._watcher.run(),
                self._lease.run(),
                self._catalog.watch(),
                *(janitors.run(janitor, self._tools) for janitor in JANITORS),
            )
        ]
        jobs = asyncio.create_task(self._jobs.run())
        stopping = asyncio.create_task(stop.wait())
        log.info("worker.ready")
        ended, _ = await asyncio.wait({stopping, jobs, *background}, return_when=asyncio.FIRST_COMPLETED)
        self._jobs.stop()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(jobs, _LAST_JOBS_S)
        for task in (stopping, *background):
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await self._lease.hand_over()
        log.info("worker.stopped", watched=len(self._watcher))
        for task in ended - {stopping}:
            task.result()

    async def _lost(self, task: Held) -> None:
        await self._runner.again(task)

    def _cancel(self, payload: str | None) -> None:
        cancelling = asyncio.create_task(
            self._cancel_asked() if payload is None else self._watcher.cancel(TaskId(payload.split(" ")[-1]))
        )
        self._cancelling.add(cancelling)
        cancelling.add_done_callback(self._cancelling.discard)

    async def _cancel_asked(self) -> None:
        """Cancel what was asked for while nothing could be heard."""
        for task in await self._steps.cancels_asked():
            await self._watcher.cancel(task)

    def _entrypoints(self, installed: Installation) -> dict[str, Entrypoint]:
        found: dict[str, Entrypoint] = {}
        for route in installed.routing.all():
            engines = installed.providers_file.providers[route.provider].kind == "engines"
            limit = installed.settings.engine_concurrency if engines else 0
            found[entrypoint(route)] = Entrypoint(self._handler(route), limit)
        return found

    def _handler(self, route: Route) -> Handler:
        async def handle(account: AccountId, task: TaskId) -> None:
            await self._runner.run(account, task, route)

        return handle
