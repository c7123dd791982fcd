"""The built-in engines as a provider: the work happens on this machine, in processes of this worker.

A handle means something only in the process that gave it: after a crash another worker finds it lost, and since
repeating costs nothing the work is made again.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rivya.engines import registry
from rivya.engines.base import Artifact, EngineError, InvalidInput, Job, Reference
from rivya.engines.host import EngineHost, EngineNotInstalled, EngineNotLoaded, EngineTimeout
from rivya.kit.clock import utc_now
from rivya.providers.base import Work
from rivya.providers.outcome import (
    Accepted,
    Checked,
    Done,
    Failed,
    Lost,
    Output,
    Refused,
    Running,
    Submitted,
    Unknown,
)


@dataclass(slots=True)
class _Running:
    job: asyncio.Task[list[Artifact]]
    folder: Path
    progress: int = 0


class Engines:
    name = "engines"
    repeatable = True
    most_checks = 64
    check_every_s = 0.0

    def __init__(self, host: EngineHost, *, work_dir: Path) -> None:
        self._host = host
        self._work_dir = work_dir
        self._running: dict[str, _Running] = {}
        self._turns: dict[str, asyncio.Semaphore] = {}

    def serves(self, target: str) -> bool:
        entry = registry.ENGINES.get(target)
        return entry is not None and entry.kind == "files" and registry.installed(target)

    async def submit(self, work: Work) -> Submitted:
        """Wait for the engine's turn, then start: a task is handed over when it begins, not when it queues."""
        if not self.serves(work.target):
            return Refused("upstream_error", detail=f"{work.target} is not installed")
        turn = self._turns.setdefault(work.target, asyncio.Semaphore(1))
        await turn.acquire()
        try:
            folder, references = await asyncio.to_thread(self._lay_out, work)
        except OSError as error:
            turn.release()
            return Refused("upstream_error", retryable=True, detail=repr(error))
        job = Job(work.id, folder / "out", work.prompt, work.params, references)
        running = _Running(asyncio.create_task(self._run(work, job)), folder)
        running.job.add_done_callback(lambda _: turn.release())
        running.job.add_done_callback(lambda ended: _tidy(ended, folder, references))
        self._running[work.id] = running
        return Accepted(work.id)

    async def check(self, handle: str, *, wait_s: float) -> Checked:
        running = self._running.get(handle)
        if running is None:
            return Lost()
        await asyncio.wait([running.job], timeout=wait_s)
        if not running.job.done():
            return Running(running.progress)
        del self._running[handle]
        return _outcome(running.job)

    async def look_up(self, work_id: str) -> Accepted | Lost | Unknown:
        return Accepted(work_id) if work_id in self._running else Lost()

    async def cancel(self, handle: str) -> bool:
        running = self._running.pop(handle, None)
        if running is not None:
            running.job.cancel()
            await asyncio.wait([running.job])
        return True

    async def close(self) -> None:
        for handle in list(self._running):
            await self.cancel(handle)
        await self._host.close()

    async def _run(self, work: Work, job: Job) -> list[Artifact]:
        left_s = (work.deadline_at - utc_now()).total_seconds()

        def note(progress: int) -> None:
            if (running := self._running.get(work.id)) is not None:
                running.progress = progress

        return await self._host.run(work.target, job, on_progress=note, deadline_s=max(1.0, left_s))

    def _lay_out(self, work: Work) -> tuple[Path, list[Reference]]:
        folder = self._work_dir / work.id
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "out").mkdir(parents=True)
        references: list[Reference] = []
        for number, given in enumerate(work.inputs):
            copy = folder / f"reference-{number}{given.path.suffix}"
            shutil.copyfile(given.path, copy)
            references.append(Reference(given.kind, copy, given.mime_type))
        return folder, references


def _tidy(job: asyncio.Task[list[Artifact]], folder: Path, references: Sequence[Reference]) -> None:
    """Leave nothing of a job that has ended but what it made."""
    for given in references:
        given.path.unlink(missing_ok=True)
    if job.cancelled() or job.exception() is not None:
        shutil.rmtree(folder, ignore_errors=True)


def _outcome(job: asyncio.Task[list[Artifact]]) -> Checked:
    try:
        return Done(tuple(Output(artifact.path) for artifact in job.result()))
    except InvalidInput as error:
        return Failed("invalid_input", public_message=str(error))
    except EngineTimeout:
        return Failed("timeout")
    except (EngineNotInstalled, EngineNotLoaded) as error:
        return Failed("upstream_error", detail=repr(error), down=True)
    except EngineError as error:
        return Failed("upstream_error", detail=repr(error))
    except asyncio.CancelledError:
        return Lost()
