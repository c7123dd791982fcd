"""Where an upload rests until it is known what it is: a file of this machine that is gone when the block ends."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import IO

_PREFIX = "upload-"
_FLUSH_BYTES = 256 * 1024
_LEFT_BEHIND_S = 3600


class Spool:
    """Takes the content piece by piece; holds at most 256 KiB of it in memory. Disk and digest work in threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._digest = hashlib.sha256()
        self.size = 0
        """How many bytes have been written so far."""

    def __enter__(self) -> Spool:
        handle, name = tempfile.mkstemp(prefix=_PREFIX, dir=self._folder)
        self.path = Path(name)
        self._file: IO[bytes] = os.fdopen(handle, "wb", buffering=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)

    async def write(self, content: bytes) -> None:
        self.size += len(content)
        self._waiting.append(content)
        self._waiting_bytes += len(content)
        if self._waiting_bytes >= _FLUSH_BYTES:
            await self.flush()

    async def flush(self) -> None:
        """Put what was written into the file, so that others can read it."""
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        if waiting:
            await asyncio.to_thread(self._flush, waiting)

    @property
    def sha256(self) -> str:
        """The digest of all that was flushed, in hexadecimal."""
        return self._digest.hexdigest()

    def _flush(self, waiting: list[bytes]) -> None:
        for content in waiting:
            self._digest.update(content)
            rest = memoryview(content)
            while rest:
                rest = rest[self._file.write(rest) :]


def made_ready(folder: Path) -> Path:
    """Return the folder, made if it is missing, without what processes that were killed left in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob(f"{_PREFIX}*"):
        try:
            if time.time() - path.stat().st_mtime > _LEFT_BEHIND_S:
                path.unlink()
        except FileNotFoundError:  # another process was quicker
            continue
    return folder
