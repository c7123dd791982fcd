"""Which PostgreSQL processes live on a data folder, and how to end them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

POLL_S = 0.01
_IMMEDIATE_SHUTDOWN_S = 5
_KILLED_S = 10


class ServerWillNotEnd(Exception):
    """A PostgreSQL process outlived SIGKILL."""


@dataclass(frozen=True)
class Postmaster:
    """What ``postmaster.pid`` says; PostgreSQL writes its lines one by one while it starts."""

    pid: int
    socket_dir: Path | None
    is_ready: bool


def read_postmaster(pgdata: Path) -> Postmaster | None:
    """Return what the running or crashed server wrote of itself, None if there is nothing legible."""
    try:
        lines = os.fsdecode((pgdata / "postmaster.pid").read_bytes()).splitlines()
        pid = abs(int(lines[0]))
    except (FileNotFoundError, NotADirectoryError, ValueError, IndexError):
        return None
    socket_dir = Path(lines[4]) if len(lines) > 4 and lines[4] else None
    return Postmaster(pid, socket_dir, is_ready=len(lines) > 7 and lines[7].strip() == "ready")


def processes_on(pgdata: Path) -> set[int]:
    """Return the ids of the PostgreSQL processes at work on this folder, its postmaster's and its backends'.

    On Linux by their working folder, which for all of them is the data folder. Elsewhere only the postmaster is
    found, by its command line: its backends end by themselves when they see it gone.
    """
    if sys.platform == "linux":
        pids = (int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit())
        return {pid for pid in pids if _works_in(pid, pgdata)}
    postmaster = read_postmaster(pgdata)
    if postmaster is None:
        return set()
    command = subprocess.run(
        ["/bin/ps", "-p", str(postmaster.pid), "-o", "command="], capture_output=True, text=True, check=False
    ).stdout
    return {postmaster.pid} if "postgres" in command and str(pgdata) in command else set()


def _works_in(pid: int, pgdata: Path) -> bool:
    process = Path("/proc", str(pid))
    try:
        return process.joinpath("cwd").samefile(pgdata) and process.joinpath("exe").readlink().name.startswith(
            "postgres"
        )
    except OSError:  # it ended meanwhile, it is a kernel thread, or it is somebody else's
        return False


def end_processes(pgdata: Path, *, patience_s: float) -> None:
    """End every PostgreSQL process on this folder, the gentle way first.

    The postmaster is asked for a fast shutdown (SIGINT), after ``patience_s`` for an immediate one (SIGQUIT).
    What is left 5 seconds later is killed, as are backends without a postmaster: they hold the shared memory that
    a new server needs. Raises ServerWillNotEnd when one is alive 10 seconds after that.
    """
    for signal_number, bound_s in ((signal.SIGINT, patience_s), (signal.SIGQUIT, _IMMEDIATE_SHUTDOWN_S)):
        postmaster = read_postmaster(pgdata)
        if postmaster is None or postmaster.pid not in processes_on(pgdata):
            break
        _signal(postmaster.pid, signal_number)
        if _gone_within(pgdata, bound_s):
            return
    for pid in processes_on(pgdata):
        _signal(pid, signal.SIGKILL)
    if not _gone_within(pgdata, _KILLED_S):
        raise ServerWillNotEnd(f"PostgreSQL on {pgdata} outlived SIGKILL: {sorted(processes_on(pgdata))}.")


def _signal(pid: int, signal_number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal_number)


def _gone_within(pgdata: Path, bound_s: float) -> bool:
    deadline = time.monotonic() + bound_s
    while processes_on(pgdata):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def remove_stale_lock_files(pgdata: Path, socket_dir: Path) -> None:
    """Remove what a server that was killed left behind, if its process id now belongs to another program.

    PostgreSQL would take that program for a server of this folder and refuse to start: usual in containers, where
    the same small ids come back, and with a dead process that its parent has not collected yet. To be called only
    by the owner of the folder; does nothing while a server is at work on it.
    """
    if processes_on(pgdata):
        return
    postmaster = read_postmaster(pgdata)
    if postmaster is not None and is_alive(postmaster.pid):
        (pgdata / "postmaster.pid").unlink(missing_ok=True)
    # The socket's folder is this server's alone. Without a postmaster.pid its lock says nothing more.
    for lock in socket_dir.glob(".s.PGSQL.*.lock"):
        lock.unlink(missing_ok=True)


def is_alive(pid: int) -> bool:
    """Return True if there is a process of this id, of whatever user."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
