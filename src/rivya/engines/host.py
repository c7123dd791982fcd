"""Runs the built-in engines: each in a process of its own, started at its first job, one job at a time.

An engine may crash, hang or take too much memory: that costs the job it was doing and nothing else. The next job
gets a new process.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from rivya.engines import frames
from rivya.engines.base import Artifact, ChatMessage, ChatUsage, EngineError, InvalidInput, Job
from rivya.engines.process import EngineDied, EngineTimeout, Process
from rivya.engines.registry import ENGINES, PACKAGE, Entry, missing

__all__ = [
    "ChatRun",
    "EngineBusy",
    "EngineDied",
    "EngineHost",
    "EngineNotInstalled",
    "EngineNotLoaded",
    "EngineTimeout",
]

log = structlog.get_logger()

_MOST_WAITING = 64
_STOPPED_WITHIN_S = 20.0
"""A long prompt is read to its end before a stop is heard."""


class EngineBusy(EngineError):
    """Too many jobs wait for this engine."""


class EngineNotInstalled(EngineError):
    """There is no such engine here."""


class EngineNotLoaded(EngineDied):
    """The engine's process ended by itself before the engine was loaded: no job would fare better."""


@dataclass(slots=True)
class _Seat:
    """An engine's one place to work at: who holds ``turn`` may use the process."""

    entry: Entry
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    process: Process | None = None


class EngineHost:
    """Every job may be cancelled by cancelling the task that awaits it: one that waits is dropped, one that runs
    ends with its process, which is the only sure way to stop C code.
    """

    def __init__(
        self, *, work_dir: Path, table: Mapping[str, Entry] = ENGINES, max_waiting: int = _MOST_WAITING
    ) -> None:
        self._work_dir = work_dir
        self._seats = {name: _Seat(entry) for name, entry in table.items()}
        self._max_waiting = max_waiting
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False

    async def warm(self, name: str, *, deadline_s: float = 120.0) -> None:
        """Start the engine's process and load the engine, if that has not happened yet."""
        async with self.turn(name, deadline_s=deadline_s):
            pass

    async def run(
        self,
        name: str,
        job: Job,
        on_progress: Callable[[int], None] | None = None,
        *,
        deadline_s: float = 600.0,
    ) -> list[Artifact]:
        """Do the job when its turn comes and return its files, best first.

        Raises InvalidInput if it cannot be done as asked, EngineError if the engine failed, EngineDied if its
        process ended, EngineTimeout if it was not done ``deadline_s`` after this call, EngineBusy if too many jobs
        wait already, EngineNotInstalled. A job is never done twice.
        """
        async with self.turn(name, deadline_s=deadline_s) as process:
            await process.send(_as_frame(job))
            while True:
                match await process.receive():
                    case frames.Progress(percent):
                        if on_progress is not None:
                            on_progress(percent)
                    case frames.Made(files):
                        return [_artifact(file, job.out_dir) for file in files]
                    case other:
                        raise _refusal(name, other, job=job.id)

    @asynccontextmanager
    async def chat(
        self, name: str, messages: Sequence[ChatMessage], *, max_tokens: int, deadline_s: float = 300.0
    ) -> AsyncGenerator[ChatRun]:
        """Have the messages answered when the turn comes: ``async with host.chat(...) as run``.

        Raises what ``run`` raises. Leaving the ``async with`` before the end stops the answer and keeps the process.
        """
        said = [frames.Message(message.role, message.content) for message in messages]
        async with self.turn(name, deadline_s=deadline_s) as process:
            await process.send(frames.Answer(said, max_tokens))
            run = ChatRun(name, process)
            try:
                yield run
            finally:
                with suppress(EngineError):  # told to who reads or finishes; who leaves has heard enough
                    await run.finish()

    async def close(self) -> None:
        """Stop every process; the jobs in work end with EngineDied, and new ones too. No process outlives this."""
        self._closed = True
        processes = [seat.process for seat in self._seats.values() if seat.process is not None]
        await asyncio.gather(*[process.stop() for process in processes], *self._ending)

    @asynccontextmanager
    async def turn(self, name: str, *, deadline_s: float) -> AsyncGenerator[Process]:
        """Wait for the engine and hold its process, loaded and watched.

        The process survives only if it was left idle: a job that was not heard to its end, ends with it.
        """
        seat = self._seat(name)
        until = asyncio.get_running_loop().time() + deadline_s
        await self._wait(seat, until)
        try:
            process = self._process(name, seat)
            try:
                async with process.watched(until):
                    await _loaded(name, process)
                    yield process
            finally:
                if not process.idle:
                    self._end(seat, process)
        finally:
            seat.turn.release()

    def _seat(self, name: str) -> _Seat:
        seat = self._seats.get(name)
        if seat is None:
            raise EngineNotInstalled(f"no engine is called {name}")
        if absent := missing(seat.entry):
            raise EngineNotInstalled(f"{name} needs {', '.join(absent)}: install {PACKAGE}")
        return seat

    async def _wait(self, seat: _Seat, until: float) -> None:
        if seat.waiting >= self._max_waiting:
            raise EngineBusy(f"{seat.waiting} jobs wait")
        seat.waiting += 1
        try:
            async with asyncio.timeout_at(until):
                await seat.turn.acquire()
        except TimeoutError:
            raise EngineTimeout("its turn did not come in time") from None
        finally:
            seat.waiting -= 1

    def _process(self, name: str, seat: _Seat) -> Process:
        if self._closed:
            raise EngineDied(f"{name}: the host is closed")
        if seat.process is not None and not seat.process.alive:
            self._end(seat, seat.process)
        if seat.process is None:
            self._work_dir.mkdir(parents=True, exist_ok=True)
            seat.process = Process(name, seat.entry, self._work_dir)
            log.info("engine.started", engine=name, pid=seat.process.pid)
        return seat.process

    def _end(self, seat: _Seat, process: Process) -> None:
        process.kill("cancelled")
        seat.process = None
        ending = asyncio.create_task(process.ended())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)


class ChatRun:
    """An answer being made: read ``pieces()``, then ``finish()``.

    The engine makes no more than is read and some buffers hold. ``usage`` is there with the first piece, and final as
    soon as the answer has ended, whoever ended it.
    """

    def __init__(self, name: str, process: Process) -> None:
        self._name = name
        self._process = process
        self._error: EngineError | None = None
        self.usage: ChatUsage | None = None
        self.untold = ""
        """What was made before the answer was stopped, and was not read: ``usage`` counts it."""

    @property
    def ended(self) -> bool:
        return self.usage is not None and self.usage.finish_reason is not None

    async def pieces(self) -> AsyncIterator[str]:
        """Yield the answer as it is made. Raises InvalidInput, EngineError, EngineDied or EngineTimeout."""
        while (piece := await self._next()) is not None:
            yield piece

    async def finish(self) -> ChatUsage:
        """Stop the answer if it has not ended, and return what was really made. Raises what ``pieces`` raises."""
        if not self.ended and self._error is None:
            await self._process.send(frames.StopAnswer())
            try:
                async with asyncio.timeout(_STOPPED_WITHIN_S):
                    while (piece := await self._next()) is not None:
                        self.untold += piece
            except TimeoutError:
                self._error = EngineTimeout(f"{self._name} did not stop")
        if self._error is not None:
            raise self._error
        assert self.usage is not None
        return self.usage

    async def _next(self) -> str | None:
        if self._error is not None:
            raise self._error
        if self.ended:
            return None
        try:
            match await self._process.receive():
                case frames.Piece(text, input_tokens, output_tokens):
                    self.usage = ChatUsage(input_tokens, output_tokens)
                    return text
                case frames.Answered(input_tokens, output_tokens, finish_reason):
                    self.usage = ChatUsage(input_tokens, output_tokens, finish_reason)
                    return None
                case other:
                    raise _refusal(self._name, other)
        except EngineError as error:
            self._error = error
            raise


async def _loaded(name: str, process: Process) -> None:
    try:
        await process.ready()
    except EngineDied as error:
        if process.crashed:
            raise EngineNotLoaded(f"{name} could not be loaded: {error}") from error
        raise


def _refusal(name: str, frame: frames.FromEngine, **ids: str) -> EngineError:
    match frame:
        case frames.Rejected(message):
            return InvalidInput(message)
        case frames.Failed(detail):
            log.error("engine.failed", engine=name, detail=detail, **ids)
            return EngineError(f"{name} failed")
        case other:
            return EngineError(f"{name} answered with {type(other).__name__}")


def _as_frame(job: Job) -> frames.MakeFiles:
    references = [frames.Ref(ref.kind, str(ref.path), ref.mime_type) for ref in job.references]
    return frames.MakeFiles(job.id, str(job.out_dir), job.prompt, dict(job.params), references)


def _artifact(file: frames.File, out_dir: Path) -> Artifact:
    """Raises EngineError if the file is not below ``out_dir``: a process that reads strangers' media may be led."""
    path = Path(file.path)
    if not path.is_file() or not path.resolve().is_relative_to(out_dir.resolve()):
        raise EngineError("a returned file is not in the job's folder")
    return Artifact(path, file.mime_type)
