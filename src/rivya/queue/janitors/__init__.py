"""What is done again and again, so that nothing stays as a crash left it. One file each.

Every worker runs all of them; each is safe beside itself.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from rivya import metrics
from rivya.files.store import ObjectStore
from rivya.generations.steps import Steps
from rivya.kit.db import CONNECTION_LOST, Pool
from rivya.providers.routing import Routing
from rivya.providers.tokenizers import Tokenizers

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Tools:
    """What janitors work with."""

    pool: Pool
    steps: Steps
    routing: Routing
    store: ObjectStore
    tokenizers: Tokenizers
    keep_sessions_days: int
    keep_deliveries_days: int


@dataclass(frozen=True, slots=True)
class Janitor:
    """``sweep`` returns how many things it put right."""

    name: str
    every_s: float
    sweep: Callable[[Tools], Awaitable[int]]


async def run(janitor: Janitor, tools: Tools) -> None:
    """Sweep until cancelled, at its own pace with jitter, so that workers do not sweep in step."""
    while True:
        await asyncio.sleep(janitor.every_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
        try:
            done = await janitor.sweep(tools)
        except (*CONNECTION_LOST, TimeoutError) as error:
            log.warning("janitor.database_unreachable", janitor=janitor.name, error=type(error).__name__)
        except Exception:
            log.exception("janitor.failed", janitor=janitor.name)
        else:
            metrics.SWEPT.labels(janitor.name).inc(done)
            if done:
                log.info("janitor.swept", janitor=janitor.name, count=done)
