"""Keys that were seen lately, so that a call does not ask the database who it is from.

A NOTIFY from the database drops a key that changed. While the process cannot hear notifications the cache is
not trusted: every look-up asks the database.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

import asyncpg

from rivya.keys.model import Key, Limits, UsageId
from rivya.kit.batch import Gatherer
from rivya.kit.db import Pool, load_queries
from rivya.kit.ids import AccountId, KeyId
from rivya.kit.notify import NotifyHub

_SQL = load_queries("rivya.keys")
_CHANNEL = "rivya_keys"


class KeyCache:
    """Look keys up by the hash of their secret; holds at most ``size`` of them for at most ``ttl_s`` seconds.

    ``limits`` are those of a key that has none of its own.
    """

    def __init__(self, pool: Pool, hub: NotifyHub, *, limits: Limits, size: int = 20_000, ttl_s: float = 60) -> None:
        self._pool = pool
        self._hub = hub
        self._limits = limits
        self._size = size
        self._ttl_s = ttl_s
        self._known: OrderedDict[bytes, tuple[float, Key]] = OrderedDict()
        self._changes = 0
        self._fetch = Gatherer(self._fetch_many)
        hub.listen(_CHANNEL, self._forget)

    async def get(self, secret_hash: bytes) -> Key | None:
        """Return the key, whatever its state, or None if there is no such key (which is not remembered)."""
        if self._hub.connected and (entry := self._known.get(secret_hash)):
            read_at, key = entry
            if time.monotonic() - read_at < self._ttl_s:
                return key
        changes = self._changes
        key = await self._fetch(secret_hash)
        # What was read before a change was announced must not be remembered after it.
        if key is not None and self._hub.connected and changes == self._changes:
            self._known[secret_hash] = (time.monotonic(), key)
            self._known.move_to_end(secret_hash)
            if len(self._known) > self._size:
                self._known.popitem(last=False)
        return key

    def _forget(self, payload: str | None) -> None:
        self._changes += 1
        if payload is None:
            self._known.clear()
        else:
            self._known.pop(bytes.fromhex(payload), None)

    async def _fetch_many(self, hashes: list[bytes]) -> Sequence[Key | None]:
        rows = await self._pool.fetch(_SQL["keys_by_hash"], hashes)
        found = {row["secret_hash"]: self._key(row) for row in rows}
        return [found.get(secret_hash) for secret_hash in hashes]

    def _key(self, row: asyncpg.Record) -> Key:
        limits = self._limits
        if row["requests_a_minute"] is not None:
            limits = replace(limits, key_requests_a_minute=row["requests_a_minute"])
        return Key(
            id=KeyId(row["id"]),
            account=AccountId(row["account_id"]),
            usage=UsageId(row["usage"]),
            scopes=frozenset(row["scopes"]),
            limits=limits,
            expires_at=row["expires_at"],
            revoked_at=row["revoked_at"],
            account_disabled_at=row["disabled_at"],
        )
