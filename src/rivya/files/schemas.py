"""What goes over the wire."""

from __future__ import annotations

import msgspec

from rivya.files.duration_token import DurationTokens
from rivya.files.links import MediaLinks
from rivya.files.model import File
from rivya.kit.clock import iso


class FileObject(msgspec.Struct, frozen=True):
    """The file as clients see it."""

    id: str
    object: str
    kind: str
    file_name: str
    mime_type: str
    size_bytes: int
    url: str
    duration_seconds: float | None
    duration_token: str | None
    created_at: str
    expires_at: str


def file_object(file: File, *, links: MediaLinks, tokens: DurationTokens) -> FileObject:
    """Return a file for the wire, with a link that lives from now on."""
    token = None
    if file.duration_s is not None:
        token = tokens.make(account=file.account, file=file.id, duration_s=file.duration_s, expires_at=file.expires_at)
    return FileObject(
        id=file.id,
        object="file",
        kind=file.kind,
        file_name=file.file_name,
        mime_type=file.mime_type,
        size_bytes=file.size_bytes,
        url=links.sign(file.object_key),
        duration_seconds=file.duration_s,
        duration_token=token,
        created_at=iso(file.created_at),
        expires_at=iso(file.expires_at),
    )
