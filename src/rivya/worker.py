"""A worker process: takes jobs, hands them to providers, watches, settles, and cleans up after others."""

from __future__ import annotations

import asyncio
import shutil
import signal

import structlog

from rivya.generations.cancels import Cancels
from rivya.generations.health import Health
from rivya.generations.run import Runner
from rivya.generations.settle import Settler
from rivya.generations.steps import Held, Steps
from rivya.generations.watch import Watcher
from rivya.installation import Installation, installation, open_providers
from rivya.kit.db import Pool, open_pool, patiently
from rivya.kit.garbage import leave_what_was_loaded
from rivya.kit.ids import AccountId, TaskId, WorkerId, new_id
from rivya.kit.notify import NotifyHub
from rivya.kit.outbound import Outbound
from rivya.providers.base import Provider
from rivya.providers.routing import Route, entrypoint, name_of
from rivya.queue import janitors
from rivya.queue.janitors.all import JANITORS
from rivya.queue.jobs import Entrypoint, Handler, JobLoop
from rivya.queue.lease import Lease, Serving
from rivya.settings import Settings
from rivya.webhooks.callbacks import CHANNEL
from rivya.webhooks.delivery.outgoing import deliverer, open_outbound

log = structlog.get_logger()

_LAST_JOBS_S = 10.0
_DATABASE_WITHIN_S = 60.0


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
    webhooks = open_outbound(settings)
    try:
        async with open_pool(
            dsn, size=settings.database_connections, application_name="rivya worker", wait_s=_DATABASE_WITHIN_S
        ) as pool:
            await _Worker(installed, pool, hub, providers, webhooks, worker).run(stop)
    finally:
        await webhooks.close()
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
        webhooks: Outbound,
        worker: WorkerId,
    ) -> None:
        settings = installed.settings
        self._hub = hub
        self._catalog = installed.catalog
        self._pool = pool
        # What is installed meanwhile counts from the next start: the queue is told once for what to send jobs.
        self._served = {
            name_of(route): route
            for route in installed.routing(lambda _: True).all()
            if route.provider in providers and providers[route.provider].serves(route.target)
        }
        routing = installed.routing(lambda route: name_of(route) in self._served)
        circuits = self._circuits = installed.circuits()
        health = Health(routing, circuits)
        steps = self._steps = Steps(pool, worker)
        settler = Settler(
            steps,
            installed.store,
            health,
            models=installed.models,
            max_bytes=settings.max_output_bytes,
        )
        self._watcher = Watcher(steps, settler, health, providers, self._lost)
        self._runner = Runner(
            steps,
            routing=routing,
            health=health,
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
            grace_s=max(settings.worker_grace_s, settings.worker_lease_s),
            serving=self._serving,
            take_over=self._runner.take_over,
        )
        self._jobs = JobLoop(
            pool,
            self._entrypoints(installed),
            most=settings.worker_concurrency,
            lease_s=settings.queue_lease_s,
        )
        self._deliverer = deliverer(settings, pool, hub, webhooks, worker=worker, links=installed.links)
        self._tools = janitors.Tools(
            pool,
            steps,
            routing,
            installed.store,
            installed.tokenizers,
            keep_sessions_days=settings.chat_retention_days,
            keep_deliveries_days=settings.webhooks_retention_days,
        )
        self._cancels = Cancels(pool, hub, self._watcher, worker=worker, every_s=settings.worker_heartbeat_s)
        circuits.listen(self._lease.soon)
        hub.listen(CHANNEL, self._called_back)

    async def run(self, stop: asyncio.Event) -> None:
        await patiently(self._lease.begin, for_s=_DATABASE_WITHIN_S)
        leave_what_was_loaded()
        background = [
            asyncio.create_task(coroutine)
            for coroutine in (
                self._hub.run(),
                self._watcher.run(),
                self._cancels.run(),
                self._lease.run(),
                self._catalog.watch(),
                *(janitors.run(janitor, self._tools) for janitor in JANITORS),
            )
        ]
        jobs = asyncio.create_task(self._jobs.run())
        delivering = asyncio.create_task(self._deliverer.run())
        stopping = asyncio.create_task(stop.wait())
        log.info("worker.ready")
        ended, _ = await asyncio.wait({stopping, jobs, delivering, *background}, return_when=asyncio.FIRST_COMPLETED)
        self._jobs.stop()
        self._deliverer.stop()
        await asyncio.wait({jobs, delivering}, timeout=_LAST_JOBS_S)
        for task in (stopping, jobs, delivering, *background):
            task.cancel()
        await asyncio.gather(jobs, delivering, *background, return_exceptions=True)
        await self._lease.hand_over()
        log.info("worker.stopped", watched=len(self._watcher))
        for task in (ended | {jobs, delivering}) - {stopping}:
            if not task.cancelled():
                task.result()

    async def _lost(self, task: Held) -> None:
        await self._runner.again(task)

    def _called_back(self, payload: str | None) -> None:
        if payload is not None:  # a callback that was missed is no harm: the task has its turn
            provider, task = payload.rsplit(" ", 1)
            self._watcher.wake(TaskId(task), provider=provider)

    def _serving(self) -> Serving:
        shut = {name for name in self._served if self._circuits.of(name).state == "open"}
        return sorted(self._served.keys() - shut), sorted(shut)

    def _entrypoints(self, installed: Installation) -> dict[str, Entrypoint]:
        found: dict[str, Entrypoint] = {}
        for route in self._served.values():
            engines = installed.providers_file.providers[route.provider].kind == "engines"
            limit = installed.settings.engine_concurrency if engines else 0
            found[entrypoint(route)] = Entrypoint(self._handler(route), limit)
        return found

    def _handler(self, route: Route) -> Handler:
        async def handle(account: AccountId, task: TaskId) -> None:
            await self._runner.run(account, task, route)

        return handle
