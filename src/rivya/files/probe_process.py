"""Processes that look into uploads, one file at a time each: started when needed, kept warm, replaced when used up.

A process that does not answer in time, or ends, takes only the file with it that it had.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog

from rivya.files.media import Found, Media, NotMedia

log = structlog.get_logger()

_KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH")
_MOST_ANSWER_BYTES = 64 * 1024
_decode = msgspec.json.Decoder(Found).decode


class Probers:
    """At most ``most`` processes; calls beyond that wait for their turn.

    One process looks into at most ``files`` files, so that what a library leaks stays small, and an idle one
    ends after ``idle_s`` seconds.
    """

    def __init__(self, *, most: int = 2, within_s: float = 30.0, files: int = 200, idle_s: float = 300.0) -> None:
        self._turns = asyncio.Semaphore(most)
        self._within_s = within_s
        self._files = files
        self._idle_s = idle_s
        self._idle: list[_Prober] = []
        self._closed = False

    async def look_into(self, path: Path) -> Media:
        """Return what an uploaded file is. Raises NotMedia, also when the look took too long or too much."""
        async with self._turns:
            prober = self._warm()
            found = await self._ask(prober, path) if prober is not None else None
            if found is None:  # a used process may have died of what it saw before
                found = await self._ask(await _Prober.start(), path) or Found(refused="it breaks the decoder")
        if found.media is None:
            log.info("upload.refused", reason=found.refused)
            raise NotMedia(found.refused)
        return found.media

    async def close(self) -> None:
        """End the processes that are idle; the others end with the file they have."""
        self._closed = True
        while self._idle:
            await self._idle.pop().end()

    async def _ask(self, prober: _Prober, path: Path) -> Found | None:
        """Return a process's answer, None if it died; keep it for more, or end it."""
        found = None
        try:
            found = await prober.ask(path, within_s=self._within_s)
        finally:  # whoever asked may be gone: an answer that comes now is nobody's
            if found is None or found.spent or prober.asked >= self._files or self._closed:
                await prober.end()
            else:
                self._rest(prober)
        return found

    def _warm(self) -> _Prober | None:
        while self._idle:
            prober = self._idle.pop()
            prober.wake()
            if prober.alive:
                return prober
        return None

    def _rest(self, prober: _Prober) -> None:
        self._idle.append(prober)
        prober.rest(self._idle_s, lambda: self._idle.remove(prober))


class _Prober:
    def __init__(self, process: Process) -> None:
        self.asked = 0
        self._process = process
        self._bedtime: asyncio.TimerHandle | None = None

    @classmethod
    async def start(cls) -> _Prober:
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "rivya.files.probing",
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                env={name: value for name in _KEPT_ENVIRONMENT if (value := os.environ.get(name)) is not None},
                limit=_MOST_ANSWER_BYTES,
                start_new_session=True,
            )
        )

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def ask(self, path: Path, *, within_s: float) -> Found | None:
        """Return its answer: a refusal when none comes in time, None when it died."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.asked += 1
        try:
            async with asyncio.timeout(within_s):
                self._process.stdin.write(os.fsencode(path) + b"\n")
                await self._process.stdin.drain()
                return _decode(await self._process.stdout.readuntil(b"\n"))
        except TimeoutError:
            log.warning("upload.probe_slow", within_s=within_s)
            return Found(refused="it takes too long to decode", spent=True)
        except (OSError, EOFError, asyncio.LimitOverrunError, msgspec.DecodeError) as error:
            log.warning("upload.probe_died", error=type(error).__name__, asked=self.asked)
            return None

    async def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    def rest(self, for_s: float, leave: Callable[[], None]) -> None:
        """Wait for more; after so long, leave and end."""

        def end() -> None:
            leave()
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

        self._bedtime = asyncio.get_running_loop().call_later(for_s, end)

    def wake(self) -> None:
        if self._bedtime is not None:
            self._bedtime.cancel()
