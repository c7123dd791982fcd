"""End with the process that started us, however it ended."""

from __future__ import annotations

import os
import signal
import threading


def stop_with_parent(fd: int) -> None:
    """Send this process SIGTERM when the other end of the pipe ``fd`` is closed: the parent is gone.

    The parent keeps the writing end open and never writes; the kernel closes it even after kill -9.
    """

    def wait() -> None:
        while os.read(fd, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="stop with parent", daemon=True).start()
