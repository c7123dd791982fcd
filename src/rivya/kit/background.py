"""Keep running what runs beside the calls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger()

_PAUSE_S = 1.0


async def keep_running(run: Callable[[], Awaitable[None]], *, pause_s: float = _PAUSE_S) -> None:
    """Run until cancelled, begun again a moment after it broke: nobody waits for it, who would notice its end."""
    while True:
        try:
            await run()
        except Exception:
            log.exception("background.failed", of=run.__qualname__)
        await asyncio.sleep(pause_s)
