"""One engine's process as the host sees it: start it, talk to it, watch it, end it."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Literal

import msgspec
import structlog

from rivya.engines import frames
from rivya.engines.base import EngineError
from rivya.engines.child import OUT_OF_MEMORY
from rivya.engines.openmp import library_path
from rivya.engines.registry import Entry

log = structlog.get_logger()

End = Literal["crash", "memory", "timeout", "cancelled", "closed", "nonsense"]
"""Why a process ended: by itself (``crash``), or what the host ended it for."""

_LOOK_EVERY_S = 0.5
_STOP_WITHIN_S = 2.0
_KILLED_WITHIN_S = 10.0
_SAID_BYTES = 4096
_KEPT_ENVIRONMENT = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "PYTHONPATH",
    "LD_LIBRARY_PATH",
    "RIVYA_MINI_CHAT_GGUF",
)
_THREADS = {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}


class EngineDied(EngineError):
    """The engine's process ended before its job did."""


class EngineTimeout(EngineDied):
    """The job's time was over before it was done."""


class Process:
    """A running process of one engine. It does one job at a time; the host sees to that."""

    def __init__(self, name: str, entry: Entry, work_dir: Path) -> None:
        """Start it. Takes milliseconds: the engine loads in its own time, and ``ready`` waits for that."""
        self.idle = False
        """True if it is loaded and has no job."""
        self._name = name
        self._entry = entry
        self._ended_for: End | None = None
        self._said = b""
        self._writer: asyncio.StreamWriter | None = None
        self._size: int | None = None
        self._socket, theirs = socket.socketpair()
        command = ["-P", "-m", "rivya.engines.child", name, entry.target, str(entry.memory_mb), str(theirs.fileno())]
        with theirs:
            self._popen = subprocess.Popen(
                [sys.executable, *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(theirs.fileno(),),
                cwd=work_dir,
                env=_environment(work_dir),
                start_new_session=True,
            )
        self._listening = asyncio.create_task(self._listen())
        self._burial: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def alive(self) -> bool:
        return self._ended_for is None and self._popen.poll() is None

    @property
    def crashed(self) -> bool:
        """True if it ended by itself, or took more memory than agreed: nobody ended it for a reason of theirs."""
        return self._ended_for in ("crash", "memory")

    async def ready(self) -> None:
        """Return when the engine is loaded. Raises EngineDied or EngineTimeout."""
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_unix_connection(sock=self._socket)
            await self.receive()

    async def send(self, frame: frames.ToEngine) -> None:
        assert self._writer is not None
        self.idle = self.idle and isinstance(frame, frames.StopAnswer)
        with suppress(ConnectionError):  # receive() tells what happened
            self._writer.write(frames.encode(frame))
            await self._writer.drain()

    async def receive(self) -> frames.FromEngine:
        """Return the next frame; while it is not taken the engine waits. Raises EngineDied or EngineTimeout.

        May be cancelled and called again: no part of a frame is lost.
        """
        try:
            if self._size is None:
                self._size = frames.length(await self._reader.readexactly(frames.LENGTH_BYTES))
            frame = frames.decode_from_engine(await self._reader.readexactly(self._size))
        except (asyncio.IncompleteReadError, ConnectionError):
            raise await self._death() from None
        except (frames.TooLong, msgspec.DecodeError):
            self.kill("nonsense")
            raise await self._death() from None
        self._size = None
        self.idle = not isinstance(frame, frames.Progress | frames.Piece)
        return frame

    @asynccontextmanager
    async def watched(self, until: float) -> AsyncGenerator[None]:
        """Kill the process if meanwhile it takes too much memory, or when the loop's clock shows ``until``."""
        watch = asyncio.create_task(self._watch(until))
        try:
            yield
        finally:
            watch.cancel()

    def kill(self, reason: End) -> None:
        """End it at once; ``ended`` waits for the rest. The first reason given is the one that is told."""
        if self._ended_for is None:
            self._ended_for = reason
        self._popen.kill()

    async def ended(self) -> None:
        """Wait until the process is gone and nothing more is held for it; log its end if nobody asked for it."""
        if self._burial is None:
            self._burial = asyncio.create_task(self._bury())
        await asyncio.shield(self._burial)

    async def stop(self) -> None:
        """Ask it to end, and make it end if it does not."""
        self._ended_for = self._ended_for or "closed"
        self._popen.terminate()
        await self._wait(_STOP_WITHIN_S)
        self._popen.kill()
        await self.ended()

    async def _watch(self, until: float) -> None:
        clock = asyncio.get_running_loop().time
        while (left_s := until - clock()) > 0:
            await asyncio.sleep(min(left_s, _LOOK_EVERY_S))
            if _resident_bytes(self.pid) > self._entry.memory_mb * 1024 * 1024:
                self.kill("memory")
                return
        self.kill("timeout")

    async def _listen(self) -> None:
        """Keep the last lines of what the process prints; taken all the time, so that it never waits for us."""
        assert self._popen.stdout is not None
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), self._popen.stdout)
        try:
            while said := await reader.read(_SAID_BYTES):
                self._said = (self._said + said)[-_SAID_BYTES:]
        finally:
            transport.close()

    async def _death(self) -> EngineDied:
        """Return the error that tells of the end of a process that answers no more."""
        if self._ended_for is None:
            await self._wait(_STOP_WITHIN_S)
            self.kill("memory" if self._popen.returncode == OUT_OF_MEMORY else "crash")
        await self.ended()
        kind = EngineTimeout if self._ended_for == "timeout" else EngineDied
        return kind(f"{self._name}: {self._ended_for}")

    async def _bury(self) -> None:
        self.idle = False
        await self._wait(_KILLED_WITHIN_S)
        if self._writer is not None:
            self._writer.close()
        self._socket.close()
        await asyncio.wait([self._listening], timeout=_STOP_WITHIN_S)
        self._listening.cancel()
        if self._ended_for not in ("cancelled", "closed"):
            said = self._said.decode("utf-8", "replace")
            code = self._popen.returncode
            log.warning("engine.died", engine=self._name, pid=self.pid, reason=self._ended_for, code=code, said=said)

    async def _wait(self, most_s: float) -> None:
        with suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(self._popen.wait, most_s)


def _environment(work_dir: Path) -> dict[str, str]:
    """What the process may know of our environment: where things are; no key and no password."""
    kept = {name: value for name in _KEPT_ENVIRONMENT if (value := os.environ.get(name)) is not None} | _THREADS
    if (folder := library_path(work_dir)) is not None:
        kept["LD_LIBRARY_PATH"] = os.pathsep.join(filter(None, (folder, kept.get("LD_LIBRARY_PATH"))))
    return kept


def _resident_bytes(pid: int) -> int:
    """Return how much memory a process holds; 0 where the system does not tell or the process is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0
