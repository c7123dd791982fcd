"""What the server says: one file, bounded at each start."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

_LOG_BYTES = 10 * 1024 * 1024
_LOG_TAIL_LINES = 20


def open_log(path: Path) -> BinaryIO:
    """Open the server's log for appending; what was more than 10 MB moves to ``.1``, in place of the one there."""
    if path.exists() and path.stat().st_size > _LOG_BYTES:
        path.replace(path.with_name(path.name + ".1"))
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    log = os.fdopen(descriptor, "ab")
    log.seek(0, os.SEEK_END)
    return log


def tail(path: Path, begin: int) -> str:
    with path.open("rb") as log:
        log.seek(max(begin, path.stat().st_size - 64 * 1024))
        return "\n".join(log.read().decode("utf-8", "replace").splitlines()[-_LOG_TAIL_LINES:])
