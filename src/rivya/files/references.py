"""From the URL that a client gives to an object in our store: its own without a network hop, a foreign one fetched."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

from rivya.errors import ValidationFailed
from rivya.files.duration_token import DurationTokens
from rivya.files.formats import mime_of
from rivya.files.limits import Limit
from rivya.files.links import MediaLinks
from rivya.files.model import File
from rivya.kit.ids import AccountId, is_id

_NEEDS_TOKEN = ("video", "audio")
MOST_URL = 4096
_WEB = re.compile(r"https?:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference resolved to an object in our store. Size and duration are known for files, not for results."""

    kind: str
    key: str
    mime_type: str
    size_bytes: int | None = None
    duration_s: float | None = None


class _Find(Protocol):
    def __call__(self, *, account: AccountId, file: str) -> Awaitable[File | None]: ...


class _Fetch(Protocol):
    def __call__(
        self, account: AccountId, url: str, kind: str, *, limit: Limit, where: str
    ) -> Awaitable[Reference]: ...


class References:
    """Resolves references. ``find`` reads a living file of an account, ``fetch`` brings in a foreign one."""

    def __init__(self, *, links: MediaLinks, tokens: DurationTokens, find: _Find, fetch: _Fetch) -> None:
        self._links = links
        self._tokens = tokens
        self._find = find
        self._fetch = fetch

    async def resolve(
        self,
        account: AccountId,
        url: str,
        kind: str,
        duration_token: str | None = None,
        *,
        limit: Limit,
        path: str = "reference",
    ) -> Reference:
        """Return what a URL stands for: the link of a file or a result of this account, a file's id, or for an image
        any public https URL, which is fetched now and must be within ``limit``.

        Audio and video files need the duration token that their upload returned. Raises ValidationFailed naming
        the field below ``path``, in the same words whether an object is missing, expired or somebody else's; or
        RateLimited when too much is being fetched.
        """
        if self._is_foreign(url):
            if kind in _NEEDS_TOKEN:
                raise _not_ones_own(path)
            return await self._fetch(account, url, kind, limit=limit, where=f"{path}.url")
        found = await self._object_of(account, url)
        if found is None:
            raise _not_ones_own(path)
        if isinstance(found, str):
            reference = Reference(mime_of(found).split("/")[0], found, mime_of(found))
        else:
            reference = self._of_file(found, duration_token, path=path)
        if reference.kind != kind:
            raise ValidationFailed(f"{path} is {reference.mime_type}, not {kind}.", param=f"{path}.kind")
        return reference

    def _is_foreign(self, url: str) -> bool:
        return _WEB.match(url) is not None and not self._links.is_ours(url)

    async def _object_of(self, account: AccountId, url: str) -> File | str | None:
        """Return the file, or the key of the result, that a URL of ours leads to; None if it leads nowhere."""
        if len(url) > MOST_URL:
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


def _not_ones_own(path: str) -> ValidationFailed:
    return ValidationFailed(
        f"{path}.url must be the id or the url of a file of this account, or the url of one of its results, that has "
        "not expired; or for an image any public https url. Upload video and audio to POST /api/v1/files first.",
        param=f"{path}.url",
    )
