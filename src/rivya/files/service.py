"""What a caller can do with files: upload, read, list, delete."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
import structlog

from rivya.errors import FileTooLarge, FileTypeRejected, IdempotencyConflict, NotFound, ValidationFailed
from rivya.files.duration_token import DurationTokens
from rivya.files.form import Form, Incoming, receive
from rivya.files.keeping import put_patiently
from rivya.files.limits import Limits, check_media
from rivya.files.links import MediaLinks
from rivya.files.media import Media, NotMedia
from rivya.files.model import File, FileId, file_of
from rivya.files.names import clean_name
from rivya.files.probe_process import Probers
from rivya.files.room import Room
from rivya.files.schemas import FileObject, file_object
from rivya.files.spool import Spool, made_ready
from rivya.files.store import ObjectStore
from rivya.files.uploads import Answer, Upload, under_way
from rivya.kit.batch import Gatherer
from rivya.kit.clock import utc_now
from rivya.kit.db import Pool, is_data_fault, load_queries
from rivya.kit.ids import AccountId, is_id, new_id
from rivya.kit.pages import ListObject, Page, listed

log = structlog.get_logger()

_SQL = load_queries("rivya.files")
_encode = msgspec.json.Encoder().encode
_MOST_UPLOADS = 32
_MOST_OF_ONE_ACCOUNT = 8


class Files:
    """The public verbs. One an API process."""

    def __init__(
        self,
        pool: Pool,
        *,
        store: ObjectStore,
        links: MediaLinks,
        tokens: DurationTokens,
        probers: Probers,
        folder: Path,
        keep_days: int,
    ) -> None:
        """Make them; ``folder`` is where uploads rest until they are stored."""
        self._pool = pool
        self._store = store
        self._links = links
        self._tokens = tokens
        self._probers = probers
        self._folder = made_ready(folder)
        self._keep = timedelta(days=keep_days)
        self._room = Room(most=_MOST_UPLOADS, most_of_one=_MOST_OF_ONE_ACCOUNT, what="uploads")
        self._find = Gatherer(self._find_many, max_batch=128, max_calls=2, is_one_items_fault=is_data_fault)

    async def upload(
        self, incoming: Incoming, *, account: AccountId, limits: Limits, idempotency_key: str | None
    ) -> Answer:
        """Take a file in.

        The same Idempotency-Key and body gets the first answer again. Raises ValidationFailed, FileTooLarge,
        FileTypeRejected, RateLimited or IdempotencyConflict; nothing was kept then.
        """
        with self._room.hold(account):
            async with under_way(self._pool, account, idempotency_key) as upload:
                with Spool(self._folder) as spool:
                    try:
                        form = await receive(incoming, spool, limits)
                    except (ValidationFailed, FileTooLarge) as error:
                        if upload.done:  # what was answered before was not this
                            raise IdempotencyConflict from error
                        raise
                    fingerprint = _fingerprint(form, spool)
                    if upload.done:
                        return await upload.first_answer(fingerprint)
                    media = await self._look_into(form, spool, limits)
                    return await self._keep_file(upload, form, media, spool.path, fingerprint)

    async def read(self, *, account: AccountId, file: str) -> FileObject:
        """Return a file of this account. Raises NotFound."""
        found = await self.find(account=account, file=file)
        if found is None:
            raise NotFound
        return self._show(found)

    async def find(self, *, account: AccountId, file: str) -> File | None:
        """Return a file of this account as it is kept; None if there is no such one, or not any more."""
        return await self._find((account, file)) if is_id("file", file) else None

    async def list(self, *, account: AccountId, page: Page) -> ListObject[FileObject]:
        """Return a page of the account's files, newest first."""
        rows = await self._pool.fetch(_SQL["list"], account, page.after, utc_now(), page.rows)
        return listed([file_of(row) for row in rows], page, id_of=lambda file: file.id, show=self._show)

    async def delete(self, *, account: AccountId, file: str) -> None:
        """Remove a file and its object, for good. Raises NotFound."""
        key = None
        if is_id("file", file):
            key = await self._pool.fetchval(_SQL["delete"], account, file, utc_now())
        if key is None:
            raise NotFound
        try:
            await self._store.delete(key)
        except OSError as error:  # the janitor tries again
            log.warning("store.delete_failed", key=key, error=repr(error))

    async def _look_into(self, form: Form, spool: Spool, limits: Limits) -> Media:
        try:
            media = await self._probers.look_into(spool.path)
        except NotMedia as error:
            raise FileTypeRejected(f"The file cannot be accepted: {error}.", param="file") from error
        check_media(media, kind=form.kind, limit=limits.of(form.kind, form.model))
        return media

    async def _keep_file(self, upload: Upload, form: Form, media: Media, path: Path, fingerprint: bytes) -> Answer:
        now = utc_now()
        id = FileId(new_id("file"))
        file = File(
            id=id,
            account=upload.account,
            kind=media.kind,
            file_name=clean_name(form.file_name, extension=media.extension),
            mime_type=media.mime_type,
            size_bytes=media.size_bytes,
            object_key=f"files/{upload.account}/{id}.{media.extension}",
            width=media.width,
            height=media.height,
            duration_s=media.duration_s,
            client_request_id=form.client_request_id,
            created_at=now,
            expires_at=now + self._keep,
        )
        await upload.note_object(file.object_key)
        await put_patiently(self._store, file.object_key, path)
        answer = await upload.store(file, fingerprint=fingerprint, response=_encode(self._show(file)))
        log.info("file.stored", file=file.id, kind=file.kind, mime_type=file.mime_type, size=file.size_bytes)
        return answer

    def _show(self, file: File) -> FileObject:
        return file_object(file, links=self._links, tokens=self._tokens)

    async def _find_many(self, asked: Sequence[tuple[AccountId, str]]) -> Sequence[File | None]:
        rows = await self._pool.fetch(
            _SQL["read"], [account for account, _ in asked], [file for _, file in asked], utc_now()
        )
        found = {(row["account_id"], row["id"]): file_of(row) for row in rows}
        return [found.get(one) for one in asked]


def _fingerprint(form: Form, spool: Spool) -> bytes:
    """Return what tells one upload from another, whatever its boundary and the order of its fields."""
    return hashlib.sha256(_encode([spool.sha256, form])).digest()
