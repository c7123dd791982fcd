"""One owner a folder: a lock that the kernel gives back when its holder ends, however it ends."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from rivya.kit.operator_error import OperatorError

_PATIENCE_S = 0.2
_POLL_S = 0.01


class DataDirInUse(OperatorError):
    """Another process owns this data folder."""


_held_locks: set[int] = set()


def _close_in_forked_child() -> None:
    # A forked child shares the lock; were it to outlive the owner, the folder would stay taken.
    for descriptor in _held_locks:
        os.close(descriptor)
    _held_locks.clear()


os.register_at_fork(after_in_child=_close_in_forked_child)


def take_ownership(folder: Path) -> int:
    """Return a descriptor (closed on exec) that holds ``folder/owner.lock``; raise DataDirInUse if it is held."""
    path = folder / "owner.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            # Somebody who only asks (find_running) holds it for a moment.
            if time.monotonic() > deadline:
                owner = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
                os.close(descriptor)
                raise DataDirInUse(
                    f"{folder} is in use by process {owner or 'unknown'}: only one process may run its PostgreSQL."
                ) from None
            time.sleep(_POLL_S)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    _held_locks.add(descriptor)
    return descriptor


def give_up_ownership(descriptor: int) -> None:
    """Let the next owner in; in a forked child, where the lock is not held, nothing happens."""
    if descriptor in _held_locks:
        _held_locks.discard(descriptor)
        os.close(descriptor)


def is_owned(data_dir: Path) -> bool:
    """Return True if a living process, be it this one, owns the folder."""
    try:
        descriptor = os.open(data_dir / "owner.lock", os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
