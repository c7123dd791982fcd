"""The cache of keys: asked instead of the database, and never trusted when it may be wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from rivya.accounts import service as accounts
from rivya.errors import ApiKeyExpired, ApiKeyInvalid, ApiKeyRevoked, ApiScopeDenied, NotFound, ValidationFailed
from rivya.keys import service as keys
from rivya.keys.cache import KeyCache
from rivya.keys.model import IssuedKey, Key, Limits
from rivya.keys.secret import hash_secret, new_secret
from rivya.kit.clock import utc_now
from rivya.kit.db import Pool
from rivya.kit.ids import AccountId, KeyId
from rivya.kit.notify import Listener

LIMITS = Limits(account_requests_a_minute=60, account_in_flight=10, key_requests_a_minute=None, key_in_flight=None)


LIMITS = Limits(account_requests_a_minute=6000, account_in_flight=1000, key_requests_a_minute=None, key_in_flight=3)


@dataclass
class Hub:
    """A hub that hears what a test says."""

    connected: bool = True
    listeners: list[Listener] = field(default_factory=list)

    def listen(self, channel: str, listener: Listener) -> None:
        assert channel == "rivya_keys"
        self.listeners.append(listener)

    def say(self, payload: str | None) -> None:
        for listener in self.listeners:
            listener(payload)


class CountingPool:
    """The database, with a count of how often it was asked."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.asked = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.has_read = asyncio.Event()

    async def fetch(self, *arguments: Any) -> Sequence[Any]:
        self.asked += 1
        rows = await self.pool.fetch(*arguments)
        self.has_read.set()
        await self.gate.wait()
        return rows


@dataclass
class World:
    pool: Pool
    database: CountingPool
    hub: Hub
    cache: KeyCache
    account: AccountId
    key: IssuedKey

    @property
    def hash(self) -> bytes:
        return hash_secret(self.key.secret)

    async def authenticate(self, *, scope: str | None = None) -> Key:
        key = await keys.authenticate(self.cache, secret=self.key.secret)
        keys.check_scope(key, scope)
        return key


@pytest.fixture
async def world(pool: Pool) -> World:
    account = (await accounts.create(pool, email="keys@example.com")).id
    database, hub = CountingPool(pool), Hub()
    cache = KeyCache(database, hub, limits=LIMITS)  # type: ignore[arg-type]
    return World(pool, database, hub, cache, account, await keys.issue(pool, account=account))


async def test_a_key_that_was_seen_is_not_asked_for_again(world: World) -> None:
    for _ in range(5):
        await world.authenticate()
    assert world.database.asked == 1


async def test_a_key_is_asked_for_again_when_it_was_kept_for_long(world: World) -> None:
    cache = KeyCache(world.database, world.hub, limits=LIMITS, ttl_s=0)  # type: ignore[arg-type]
    for _ in range(3):
        await cache.get(world.hash)
    assert world.database.asked == 3


async def test_while_notifications_cannot_be_heard_every_call_asks_the_database(world: World) -> None:
    await world.authenticate()
    world.hub.connected = False
    await world.authenticate()
    await world.authenticate()
    assert world.database.asked == 3


async def test_a_revocation_is_felt_while_notifications_cannot_be_heard(world: World) -> None:
    await world.authenticate()
    world.hub.connected = False
    await keys.revoke(world.pool, key=world.key.id)
    with pytest.raises(ApiKeyRevoked):
        await world.authenticate()


async def test_a_key_that_changed_is_asked_for_again(world: World) -> None:
    await world.authenticate()
    await keys.revoke(world.pool, key=world.key.id)
    world.hub.say(world.hash.hex())
    with pytest.raises(ApiKeyRevoked):
        await world.authenticate()


async def test_after_the_connection_was_lost_nothing_old_is_trusted(world: World) -> None:
    await world.authenticate()
    world.hub.connected = False
    await keys.revoke(world.pool, key=world.key.id)
    world.hub.connected = True
    world.hub.say(None)
    with pytest.raises(ApiKeyRevoked):
        await world.authenticate()


async def test_what_was_read_before_a_change_is_not_remembered_after_it(world: World) -> None:
    world.database.gate.clear()
    reading = asyncio.create_task(world.cache.get(world.hash))
    await world.database.has_read.wait()
    await keys.revoke(world.pool, key=world.key.id)
    world.hub.say(world.hash.hex())
    world.database.gate.set()
    await reading
    with pytest.raises(ApiKeyRevoked):
        await world.authenticate()


async def test_no_more_keys_are_kept_than_allowed(world: World) -> None:
    cache = KeyCache(world.database, world.hub, limits=LIMITS, size=2)  # type: ignore[arg-type]
    hashes = [hash_secret((await keys.issue(world.pool, account=world.account)).secret) for _ in range(3)]
    for secret_hash in hashes:
        await cache.get(secret_hash)
    await cache.get(hashes[2])
    assert world.database.asked == 3
    await cache.get(hashes[0])
    assert world.database.asked == 4


async def test_a_key_that_does_not_exist_is_not_remembered(world: World) -> None:
    secret = new_secret()
    assert await world.cache.get(hash_secret(secret)) is None
    assert await world.cache.get(hash_secret(secret)) is None
    assert world.database.asked == 2


async def test_a_malformed_secret_never_reaches_the_database(world: World) -> None:
    with pytest.raises(ApiKeyInvalid):
        await keys.authenticate(world.cache, secret=world.key.secret[:-1])
    assert world.database.asked == 0


async def test_many_calls_at_once_are_few_queries(world: World) -> None:
    await asyncio.gather(*(world.authenticate() for _ in range(100)))
    assert world.database.asked <= 4


async def test_an_expired_key_is_refused_from_the_cache_too(world: World) -> None:
    key = await keys.issue(world.pool, account=world.account, expires_at=utc_now() + timedelta(milliseconds=150))
    await keys.authenticate(world.cache, secret=key.secret)
    await asyncio.sleep(0.2)
    with pytest.raises(ApiKeyExpired):
        await keys.authenticate(world.cache, secret=key.secret)


async def test_a_key_of_a_disabled_account_is_refused(world: World) -> None:
    await world.pool.execute("update accounts set disabled_at = now() where id = $1", world.account)
    with pytest.raises(ApiKeyInvalid):
        await world.authenticate()


async def test_a_scope_that_a_key_does_not_hold_is_refused(world: World) -> None:
    key = await keys.issue(world.pool, account=world.account, scopes=["credits:read"])
    known = await keys.authenticate(world.cache, secret=key.secret)
    with pytest.raises(ApiScopeDenied):
        keys.check_scope(known, "generations:create")


async def test_a_scope_that_a_key_holds_is_allowed(world: World) -> None:
    known = await world.authenticate()
    keys.check_scope(known, "generations:create")
    keys.check_scope(known, None)
    assert known.account == world.account


async def test_a_key_without_limits_of_its_own_has_those_of_the_installation(world: World) -> None:
    assert (await world.authenticate()).limits == LIMITS


async def test_a_keys_own_limit_stands_in_the_place_of_the_installations(world: World) -> None:
    await keys.change_limits(world.pool, key=world.key.id, requests_a_minute=7)
    assert (await world.authenticate()).limits == replace(LIMITS, key_requests_a_minute=7)


async def test_a_last_use_is_nothing_that_a_process_forgets_a_key_for(world: World) -> None:
    heard: list[object] = []
    async with world.pool.acquire() as listening:
        await listening.add_listener("rivya_keys", lambda *message: heard.append(message[-1]))
        await world.pool.execute("update api_keys set last_used_at = now(), credits_a_month = 5")
        await world.pool.execute("update api_keys set revoked_at = now()")
        await asyncio.wait_for(hears(heard), 10)
        await listening.reset()
    assert heard == [world.hash.hex()]


async def hears(heard: list[object]) -> None:
    while not heard:
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("scopes", [[], ["everything"], ["credits:read", "x"]])
async def test_a_key_is_not_made_with_scopes_that_there_are_not(world: World, scopes: list[str]) -> None:
    with pytest.raises(ValidationFailed):
        await keys.issue(world.pool, account=world.account, scopes=scopes)


async def test_the_secret_is_nowhere_in_the_database(world: World) -> None:
    row = await world.pool.fetchrow("select api_keys::text as whole from api_keys where id = $1", world.key.id)
    assert world.key.secret not in row["whole"]
    assert world.key.secret[20:] not in row["whole"]


async def test_a_second_revocation_keeps_the_time_of_the_first(world: World) -> None:
    revoked_at = "select revoked_at from api_keys where id = $1"
    await keys.revoke(world.pool, key=world.key.id)
    first = await world.pool.fetchval(revoked_at, world.key.id)
    await keys.revoke(world.pool, key=world.key.id)
    assert await world.pool.fetchval(revoked_at, world.key.id) == first


async def test_a_key_that_does_not_exist_cannot_be_revoked(world: World) -> None:
    with pytest.raises(NotFound):
        await keys.revoke(world.pool, key=KeyId("key_x"))
