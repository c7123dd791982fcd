"""Where media is kept: a folder by default, or any store that obstore speaks to (S3, GCS, Azure)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import obstore
from obstore.store import LocalStore, from_url

CHUNK_BYTES = 256 * 1024


class NoSuchObject(Exception):
    """The store holds nothing under this key."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of an object: bytes ``start`` to ``end`` (exclusive) of ``size``."""

    start: int
    end: int
    size: int
    chunks: AsyncIterator[bytes]


class ObjectStore:
    """Keys are paths of ours (``results/{account}/{task}/0.png``), never a name that a user gave."""

    def __init__(self, *, folder: Path | None = None, url: str | None = None) -> None:
        self._folder = folder
        self._store: Any = from_url(url) if url is not None else LocalStore(_made(folder), mkdir=True)

    async def put(self, key: str, content: Path | bytes) -> None:
        """Store an object, whole or not at all; replaces one of the same key."""
        await obstore.put_async(self._store, key, content)

    async def size(self, key: str) -> int:
        """Return an object's size in bytes. Raises NoSuchObject."""
        try:
            meta = await obstore.head_async(self._store, key)
        except FileNotFoundError:
            raise NoSuchObject(key) from None
        return meta["size"]

    async def read(self, key: str, *, start: int, end: int) -> AsyncIterator[bytes]:
        """Return bytes ``start`` to ``end`` (exclusive) as a stream; ``end`` must be above ``start``."""
        try:
            result = await obstore.get_async(self._store, key, options={"range": (start, end)})
        except FileNotFoundError:
            raise NoSuchObject(key) from None
        return _chunks(result.stream(min_chunk_size=CHUNK_BYTES))

    @asynccontextmanager
    async def on_disk(self, key: str) -> AsyncGenerator[Path]:
        """Lend an object as a file of this machine, to be read only, until the block ends. Raises NoSuchObject."""
        if self._folder is not None:
            path = self._folder / key
            if not path.is_file():
                raise NoSuchObject(key)
            yield path
            return
        with TemporaryDirectory(prefix="rivya-") as folder:
            path = Path(folder) / Path(key).name
            size = await self.size(key)
            with path.open("wb") as file:
                if size:
                    async for chunk in await self.read(key, start=0, end=size):
                        file.write(chunk)
            yield path


async def _chunks(stream: Any) -> AsyncIterator[bytes]:
    async for chunk in stream:
        yield bytes(chunk)


def _made(folder: Path | None) -> Path:
    if folder is None:
        raise ValueError("an object store needs a folder or a URL")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
