"""From the URL that a client gives to an object in our store: only its own, and without a network hop."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

from rivya.errors import ValidationFailed
from rivya.files.duration_token import DurationTokens
from rivya.files.formats import mime_of
from rivya.files.links import MediaLinks
from rivya.files.model import File
from rivya.kit.ids import AccountId, is_id

_NEEDS_TOKEN = ("video", "audio")
_MOST_URL = 4096


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference resolved to an object in our store. Size and duration are known for uploaded files."""

    kind: str
    key: str
    mime_type: str
    size_bytes: int | None = None
    duration_s: float | None = None


class _Find(Protocol):
    def __call__(self, *, account: AccountId, file: str) -> Awaitable[File | None]: ...


class References:
    """Resolves references. ``find`` reads a living file of an account."""

    def __init__(self, *, links: MediaLinks, tokens: DurationTokens, find: _Find) -> None:
        self._links = links
        self._tokens = tokens
        self._find = find

    async def resolve(
        self, account: AccountId, url: str, kind: str, duration_token: str | None = None, *, path: str = "reference"
    ) -> Reference:
        """Return what a URL stands for: the link of a file or a result of this account, or a file's id.

        Audio and video files need the duration token that their upload returned. Raises ValidationFailed naming
        the field below ``path``, in the same words whether the object is missing, expired or somebody else's.
        """
        found = await self._object_of(account, url)
        if found is None:
            raise ValidationFailed(
                f"{path}.url must be the id or the url of a file of this account, or the url of one of its results, "
                "that has not expired. Upload other media to POST /api/v1/files first.",
                param=f"{path}.url",
            )
        if isinstance(found, str):
            reference = Reference(mime_of(found).split("/")[0], found, mime_of(found))
        else:
            reference = self._of_file(found, duration_token, path=path)
        if reference.kind != kind:
            raise ValidationFailed(f"{path} is {reference.mime_type}, not {kind}.", param=f"{path}.kind")
        return reference

    async def _object_of(self, account: AccountId, url: str) -> File | str | None:
        """Return the file, or the key of the result, that a URL leads to; None if it leads nowhere we may go."""
        if len(url) > _MOST_URL:
            return None
        if is_id("file", url):
            return await self._find(account=account, file=url)
        key = self._links.key_of(url)
        if key is None:
            return None
        if key.startswith(f"results/{account}/"):
            return key
        if not key.startswith(f"files/{account}/"):
            return None
        return await self._find(account=account, file=key.rsplit("/", 1)[1].split(".")[0])

    def _of_file(self, file: File, token: str | None, *, path: str) -> Reference:
        duration_s = None
        if file.kind in _NEEDS_TOKEN:
            param = f"{path}.durationToken"
            if token is None:
                raise ValidationFailed(
                    f"{param} is required for {file.kind}: it is the duration_token of the file.", param=param
                )
            duration_s = self._tokens.check(token, account=file.account, file=file.id, param=param)
        return Reference(file.kind, file.object_key, file.mime_type, file.size_bytes, duration_s)
