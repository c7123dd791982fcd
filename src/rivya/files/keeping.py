"""Put a file into the object store, through a short trouble of the store's."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from rivya.files.store import ObjectStore

log = structlog.get_logger()

_TRIES = 3


async def put_patiently(store: ObjectStore, key: str, path: Path) -> None:
    """Store an object, whole or not at all. Raises OSError when the store has refused three times."""
    for number in range(1, _TRIES):
        try:
            await store.put(key, path)
            return
        except OSError as error:
            log.warning("store.put_failed", key=key, tries=number, error=repr(error))
            await asyncio.sleep(0.25 * 2**number)
    await store.put(key, path)
