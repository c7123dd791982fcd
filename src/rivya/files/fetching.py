"""Bring in a picture from a URL that a client gave, at acceptance: what is wrong with it is known before it costs.

Nothing in an error tells what is in the network that we stand in: a host that is not there, one that is not public
and one that refuses are the same to whoever asks. Operators find the difference in the log.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from rivya.errors import RateLimited, ValidationFailed
from rivya.files.keeping import put_patiently
from rivya.files.limits import Limit, fits
from rivya.files.media import Media, NotMedia
from rivya.files.probe_process import Probers
from rivya.files.references import Reference
from rivya.files.room import Room
from rivya.files.spool import Spool, made_ready
from rivya.files.store import ObjectStore
from rivya.kit.clock import utc_now
from rivya.kit.db import Pool, load_queries, patiently
from rivya.kit.ids import AccountId, new_id
from rivya.kit.outbound import (
    PUBLIC,
    Broken,
    Outbound,
    OutboundError,
    Patience,
    Policy,
    Refused,
    TooLarge,
    TooSlow,
)

log = structlog.get_logger()

_SQL = load_queries("rivya.files")
_DEVELOPMENT = Policy(allow_private=True, schemes=("https", "http"))
_FETCH_S = 10.0
_ALL_S = 30.0
_PATIENCE_S = 10.0
_WAITS = Patience(connect_s=3.0, answer_s=_FETCH_S, silence_s=5.0, total_s=_FETCH_S)
_REDIRECTS = 3
_MOST_FETCHES = 64
_MOST_OF_ONE_ACCOUNT = 16
_OK = 200


def outbound_for_references(*, allow_private: bool) -> Outbound:
    """Return the client for URLs that users give; ``allow_private`` opens it to everything, for development."""
    if allow_private:
        log.warning("references.private_addresses_allowed", advice="never where others may call this API")
    return Outbound(
        _DEVELOPMENT if allow_private else PUBLIC,
        connections=_MOST_FETCHES,
        connections_a_host=_MOST_OF_ONE_ACCOUNT,
    )


class Fetcher:
    """Fetches pictures. One an API process."""

    def __init__(
        self,
        pool: Pool,
        *,
        outbound: Outbound,
        store: ObjectStore,
        probers: Probers,
        folder: Path,
        keep_days: int,
    ) -> None:
        """Make it; ``folder`` is where pictures rest until they are stored."""
        self._pool = pool
        self._outbound = outbound
        self._store = store
        self._probers = probers
        self._folder = made_ready(folder)
        self._keep = timedelta(days=keep_days)
        self._room = Room(most=_MOST_FETCHES, most_of_one=_MOST_OF_ONE_ACCOUNT, what="references from other servers")

    async def fetch(self, account: AccountId, url: str, kind: str, *, limit: Limit, where: str) -> Reference:
        """Return a reference to what the URL leads to, looked into and stored.

        Raises ValidationFailed naming ``where``, or RateLimited when this process is too busy for it.
        """
        with self._room.hold(account), Spool(self._folder) as spool:
            try:
                async with asyncio.timeout(_ALL_S):
                    await self._download(url, spool, limit=limit, where=where)
                    media = await self._look_into(spool.path, kind, limit=limit, where=where)
                    return await self._keep_picture(account, media, spool.path)
            except TimeoutError:
                raise RateLimited("References cannot be looked into fast enough now.", retry_after_s=1) from None

    async def _download(self, url: str, spool: Spool, *, limit: Limit, where: str) -> None:
        try:
            async with self._outbound.request("GET", url, patience=_WAITS, redirects=_REDIRECTS) as answer:
                if answer.status != _OK:
                    raise ValidationFailed(
                        f"{where} could not be fetched: its server answered {answer.status}.", param=where
                    )
                if answer.is_encoded:
                    raise ValidationFailed(f"{where} must be served without Content-Encoding.", param=where)
                async for chunk in answer.chunks(most_bytes=limit.max_bytes):
                    await spool.write(chunk)
        except OutboundError as error:
            log.info("reference.not_fetched", host=_host(url), error=type(error).__name__, detail=str(error))
            raise ValidationFailed(_told(error, limit, where=where), param=where) from None
        await spool.flush()

    async def _look_into(self, path: Path, kind: str, *, limit: Limit, where: str) -> Media:
        try:
            media = await self._probers.look_into(path)
        except NotMedia as error:
            raise ValidationFailed(f"{where} cannot be accepted: {error}.", param=where) from error
        if not fits(media, kind=kind, limit=limit):
            accepted = ", ".join(limit.mime_types)
            raise ValidationFailed(f"{where} is {media.mime_type}; {accepted} are accepted.", param=where)
        return media

    async def _keep_picture(self, account: AccountId, media: Media, path: Path) -> Reference:
        now = utc_now()
        id = new_id("ref")
        key = f"references/{account}/{id}.{media.extension}"
        row = (account, id, key, media.size_bytes, now, now + self._keep)
        await patiently(lambda: self._pool.execute(_SQL["note_fetched"], *row), for_s=_PATIENCE_S)
        await put_patiently(self._store, key, path)
        log.info("reference.fetched", reference=id, mime_type=media.mime_type, size=media.size_bytes)
        return Reference(media.kind, key, media.mime_type, media.size_bytes)


def _told(error: OutboundError, limit: Limit, *, where: str) -> str:
    """Return what may be said of it to whoever gave the URL."""
    match error:
        case Refused(reason=reason):
            return f"{where} {reason}."
        case TooLarge():
            return f"{where} must be at most {limit.max_bytes} bytes."
        case TooSlow():
            return f"{where} could not be fetched within {_FETCH_S:.0f} seconds."
        case Broken():
            return f"{where} could not be fetched: its server broke off."
        case _:
            return f"{where} could not be fetched: its host cannot be reached."


def _host(url: str) -> str | None:
    """Return the host for the log: the rest of a URL may hold somebody's secret."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
