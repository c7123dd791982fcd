"""References of an earlier work as a form takes them again."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rivya.catalog.model import Model
from rivya.errors import NotFound
from rivya.files.links import MediaLinks
from rivya.files.schemas import FileObject
from rivya.files.service import Files
from rivya.generations.model import StoredInput
from rivya.kit.ids import AccountId


class Given(msgspec.Struct, frozen=True, rename="camel"):
    """One reference in a form: what is sent as ``params.referenceMediaItems``."""

    url: str
    kind: str
    name: str
    mime_type: str
    duration_seconds: float | None = None
    duration_token: str | None = None
    file_id: str | None = None
    """The upload that it is; None for a result."""


async def given_again(
    inputs: Sequence[StoredInput], *, model: Model, account: AccountId, files: Files, links: MediaLinks
) -> list[Given]:
    """Return those of a work's references that are still kept and that the model takes."""
    if model.reference_media is None:
        return []
    found: list[Given] = []
    for one in inputs:
        if one.kind not in model.reference_media.kinds or len(found) == model.reference_media.max_files:
            continue
        if one.key.startswith(f"results/{account}/"):
            found.append(given_result(one.key, one.mime_type, links))
        elif one.key.startswith(f"files/{account}/"):
            try:
                file = await files.read(account=account, file=one.key.rsplit("/", 1)[1].split(".")[0])
            except NotFound:
                continue
            found.append(given(file))
    return found


def given(file: FileObject) -> Given:
    """Return an uploaded file as a reference."""
    return Given(
        file.url, file.kind, file.file_name, file.mime_type, file.duration_seconds, file.duration_token, file.id
    )


def given_result(key: str, mime_type: str, links: MediaLinks) -> Given:
    """Return a result as a reference."""
    return Given(links.sign(key), mime_type.split("/")[0], "An earlier result", mime_type)
