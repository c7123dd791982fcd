"""Where media is kept: a folder by default, or any store that obstore speaks to (S3, GCS, Azure)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, LocalStore, S3Store, from_url

from rivya.files.formats import mime_of

_STRETCH_BYTES = 1024 * 1024
_LOCAL_PART_BYTES = 512 * 1024
_REMOTE_PART_BYTES = 5 * 1024 * 1024  # S3 takes no smaller ones
_READ_BYTES = 64 * 1024


class NoSuchObject(Exception):
    """The store holds nothing under this key."""


class StoreFault(OSError):
    """The store could not be reached, or it refused: trying again may help."""


class ObjectStore:
    """Keys are paths of ours (``results/{account}/{task}/0.png``), never a name that a user gave."""

    def __init__(self, *, folder: Path | None = None, url: str | None = None) -> None:
        self._store: Any = from_url(url) if url is not None else LocalStore(_made(folder), mkdir=True)
        self._folder: Path | None = self._store.prefix if isinstance(self._store, LocalStore) else None

    async def put(self, key: str, content: Path | bytes) -> None:
        """Store an object, whole or not at all, synced to the disk; replaces one of the same key. Raises OSError.

        Of a file one part at a time is in memory: 512 KiB for a disk, 5 MiB for any other store.
        """
        local = self._folder is not None
        with _faults():
            await obstore.put_async(
                self._store,
                key,
                content if local else _source(content),
                attributes=None if local else {"Content-Type": mime_of(key), **headers_of(key)},
                chunk_size=_LOCAL_PART_BYTES if local else _REMOTE_PART_BYTES,
                max_concurrency=1,  # left to itself, obstore holds twelve parts
            )
        if self._folder is not None:
            # A task that succeeded must have its media after a power failure too; obstore does not sync.
            await asyncio.to_thread(_sync, self._folder / key, self._folder)

    async def delete(self, key: str) -> None:
        """Remove an object; does nothing if it is not there. Raises OSError."""
        with suppress(FileNotFoundError), _faults():
            await obstore.delete_async(self._store, key)

    async def signed_url(self, key: str, *, lives: timedelta) -> str | None:
        """Return a URL by which anybody may GET the object from the store itself for so long (S3: 7 days at most).

        It says how to show the object what ``put`` said. Returns None if the store signs none; raises OSError.
        """
        if not isinstance(self._store, S3Store | GCSStore | AzureStore):
            return None
        with _faults():
            return await obstore.sign_async(self._store, "GET", key, lives)

    async def size(self, key: str) -> int:
        """Return an object's size in bytes. Raises NoSuchObject, or OSError."""
        try:
            with _faults():
                meta = await obstore.head_async(self._store, key)
        except FileNotFoundError:
            raise NoSuchObject(key) from None
        return meta["size"]

    async def read(self, key: str, *, start: int, end: int) -> AsyncIterator[bytes]:
        """Return bytes ``start`` to ``end`` (exclusive) as a stream; ``end`` must be above ``start``.

        A reader may be as slow as it likes: each stretch is a request of its own, made when the one before it was
        taken. (One request for everything is given up by obstore after three minutes.) Raises NoSuchObject, or
        OSError, and so may the stream.
        """
        first = await self._stretch(key, start, end)

        async def stretches() -> AsyncIterator[bytes]:
            yield first
            for at in range(start + _STRETCH_BYTES, end, _STRETCH_BYTES):
                yield await self._stretch(key, at, end)

        return stretches()

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

    async def _stretch(self, key: str, start: int, end: int) -> bytes:
        try:
            with _faults():
                end = min(start + _STRETCH_BYTES, end)
                return bytes(await obstore.get_range_async(self._store, key, start=start, end=end))
        except FileNotFoundError:
            raise NoSuchObject(key) from None


def headers_of(key: str) -> dict[str, str]:
    """Return how an object may be shown, whoever serves it: pictures, video and sound in place, no others."""
    shown = mime_of(key).split("/")[0] in ("image", "video", "audio")
    return {"Content-Disposition": "inline" if shown else "attachment", "Cache-Control": "private, max-age=3600"}


@contextmanager
def _faults() -> Generator[None]:
    """Turn what the store's library raises into an OSError; that an object is missing is one already."""
    try:
        yield
    except BaseError as error:
        raise StoreFault(type(error).__name__) from error


def _source(content: Path | bytes) -> Path | bytes | AsyncIterator[bytes]:
    """Return what obstore is to send: a large file in pieces, since of a path it reads a part ahead and holds two."""
    if isinstance(content, Path) and content.stat().st_size > _REMOTE_PART_BYTES:
        return _pieces(content)
    return content


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while piece := await asyncio.to_thread(file.read, _READ_BYTES):
            yield piece


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
