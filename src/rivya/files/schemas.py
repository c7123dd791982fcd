"""What goes over the wire."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from rivya.files.duration_token import DurationTokens
from rivya.files.links import MediaLinks
from rivya.files.model import File
from rivya.kit.clock import iso
from rivya.kit.wire import Trace, id_of, one_of, url_like


class FileObject(msgspec.Struct, frozen=True):
    """The file as clients see it."""

    id: Annotated[str, id_of("file")]
    """The id of the file."""
    object: Annotated[str, one_of("file")]
    kind: Annotated[str, one_of("image", "video", "audio")]
    """What its content was found to be."""
    file_name: Annotated[str, Meta(min_length=1, max_length=255, examples=["harbour.png"])]
    """The name that was sent, made harmless."""
    mime_type: Annotated[str, Meta(pattern=r"^(image|video|audio)/[\w.+-]+$", examples=["image/png"])]
    """The type that its content was found to have, whatever was declared."""
    size_bytes: Annotated[int, Meta(ge=1, examples=[482913])]
    """How large it is."""
    url: Annotated[str, url_like("https://api.example.com/media/files/acct_1/file_2.png?expires=3&signature=4")]
    """A link to the content, signed and made anew at each read."""
    duration_seconds: Annotated[float, Meta(ge=0)] | None
    """How long it lasts, as measured; null for an image."""
    duration_token: Annotated[str, Meta(pattern=r"^rvdt_\d+_\d+_[A-Za-z0-9_-]{32}$")] | None
    """Vouches for the duration where the file is a reference; null for an image."""
    created_at: str
    expires_at: str
    """When it is deleted."""


class FileUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The multipart form of POST /files; the order of its parts does not matter."""

    file: bytes
    """The content. Its type is detected; the declared one and the extension do not count."""
    kind: Annotated[str, one_of("image", "video", "audio")]
    """What it is. It must be what its content is found to be."""
    model: str | UnsetType = UNSET
    """A model that the file is meant for: then its own limits hold, instead of the usual ones."""
    client_request_id: Trace | UnsetType = UNSET
    """A trace of yours."""


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
