"""Where media is kept: a folder by default, or any store that obstore speaks to (S3, GCS, Azure)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, LocalStore, S3Store, from_url

from rivya.files.formats import mime_of
from rivya.files.links import MediaLinks

CHUNK_BYTES = 256 * 1024
_LOCAL_PART_BYTES = 512 * 1024
_REMOTE_PART_BYTES = 5 * 1024 * 1024  # S3 takes no smaller ones
_LONGEST_SIGNED = timedelta(days=7)  # S3 signs for no longer


class NoSuchObject(Exception):
    """The store holds nothing under this key."""


class StoreFault(OSError):
    """The store could not be reached, or it refused: trying again may help."""


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
        """Store an object, whole or not at all, synced to the disk; replaces one of the same key. Raises OSError.

        A file is read in parts, one at a time: left to itself, obstore holds twelve of 5 MiB in memory.
        """
        local = self._folder is not None
        with _faults():
            await obstore.put_async(
                self._store,
                key,
                content,
                attributes=None if local else {"Content-Type": mime_of(key)},
                chunk_size=_LOCAL_PART_BYTES if local else _REMOTE_PART_BYTES,
                max_concurrency=1,
            )
        if self._folder is not None:
            # A task that succeeded must have its media after a power failure too; obstore does not sync.
            await asyncio.to_thread(_sync, self._folder / key, self._folder)

    async def delete(self, key: str) -> None:
        """Remove an object; does nothing if it is not there. Raises OSError."""
        with suppress(FileNotFoundError), _faults():
            await obstore.delete_async(self._store, key)

    async def link(self, key: str, *, links: MediaLinks, lives: timedelta) -> str:
        """Return a link straight to the store, where it signs links of its own; else one of ours.

        Such a link spares this installation the traffic, but says nothing of our own about how to show the object.
        """
        if not isinstance(self._store, S3Store | GCSStore | AzureStore):
            return links.sign(key)
        with _faults():
            return await obstore.sign_async(self._store, "GET", key, min(lives, _LONGEST_SIGNED))

    async def size(self, key: str) -> int:
        """Return an object's size in bytes. Raises NoSuchObject, or OSError."""
        try:
            with _faults():
                meta = await obstore.head_async(self._store, key)
        except FileNotFoundError:
            raise NoSuchObject(key) from None
        return meta["size"]

    async def read(self, key: str, *, start: int, end: int) -> AsyncIterator[bytes]:
        """Return bytes ``start`` to ``end`` (exclusive) as a stream; ``end`` must be above ``start``."""
        try:
            with _faults():
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


@contextmanager
def _faults() -> Generator[None]:
    """Turn what the store's library raises into an OSError; that an object is missing is one already."""
    try:
        yield
    except BaseError as error:
        raise StoreFault(type(error).__name__) from error


async def _chunks(stream: Any) -> AsyncIterator[bytes]:
    async for chunk in stream:
        yield bytes(chunk)


def _made(folder: Path | None) -> Path:
    if folder is None:
        raise ValueError("an object store needs a folder or a URL")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _sync(file: Path, folder: Path) -> None:
    """Bring a file to the disk, and the names on the way to it: its folders may be as new as itself."""
    for path in (file, *(parent for parent in file.parents if parent.is_relative_to(folder))):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
