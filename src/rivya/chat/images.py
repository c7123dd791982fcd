"""Pictures in a conversation: files of the account, read when a model is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from rivya.chat.model import StoredImage
from rivya.errors import ChatAttachmentNotSupported, NotFound
from rivya.files.model import File
from rivya.files.store import NoSuchObject, ObjectStore
from rivya.kit.ids import AccountId
from rivya.providers.chat import Image, Said

log = structlog.get_logger()

_GONE = "[A picture that was here is no longer kept.]"
_MOST_BYTES = 40 * 1024 * 1024
"""The most bytes of pictures that one turn holds in memory: older ones beyond it are left out."""


class _Find(Protocol):
    def __call__(self, *, account: AccountId, file: str) -> Awaitable[File | None]: ...


class Images:
    """``find`` reads a living file of an account."""

    def __init__(self, store: ObjectStore, *, find: _Find) -> None:
        self._store = store
        self._find = find

    async def of(self, account: AccountId, files: Sequence[str]) -> Sequence[StoredImage]:
        """Return the pictures of these files. Raises NotFound, or ChatAttachmentNotSupported for another kind."""
        found = await asyncio.gather(*(self._find(account=account, file=file) for file in files))
        images: list[StoredImage] = []
        for number, file in enumerate(found):
            param = f"attachments[{number}].file_id"
            if file is None:
                raise NotFound(f"{param}: there is no such file in this account.", param=param)
            if file.kind != "image":
                raise ChatAttachmentNotSupported(f"{param} is {file.mime_type}: only images are accepted.", param=param)
            images.append(StoredImage(file.id, file.object_key, file.mime_type))
        return images

    async def shown(self, said: Sequence[Said], images: Mapping[int, Sequence[StoredImage]]) -> list[Said]:
        """Return the messages with their pictures, newest first in what fits. One that is gone leaves a word behind."""
        shown = list(said)
        left = _MOST_BYTES
        for place in sorted(images, reverse=True):
            for image in images[place]:
                read = await self._read(image) if left > 0 else None
                message = shown[place]
                if read is None:
                    shown[place] = replace(message, content=f"{message.content}\n\n{_GONE}")
                else:
                    left -= len(read.content)
                    shown[place] = replace(message, images=[*message.images, read])
        return shown

    async def _read(self, image: StoredImage) -> Image | None:
        try:
            size = await self._store.size(image.key)
            chunks = [bytes(chunk) async for chunk in await self._store.read(image.key, start=0, end=size)]
        except NoSuchObject:
            return None
        return Image(b"".join(chunks), image.mime_type)
