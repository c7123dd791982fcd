"""Two real API processes: both feel a change to a key within a second."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rivya.accounts import service as accounts
from rivya.keys import service as keys
from rivya.keys.model import IssuedKey
from rivya.kit.db import Pool, open_pool
from tests.running import Client, Rivya, eventually

WITHIN_S = 1.0


@dataclass
class Two:
    database_url: str
    key: IssuedKey
    clients: list[Client]

    def codes(self) -> set[str]:
        """Return the error codes of both processes for a call that only the key can spoil."""
        return {client.get("/api/v1/generations/task_x").json["error"]["code"] for client in self.clients}

    def run(self, work: Callable[[Pool], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            async with open_pool(self.database_url, size=1) as pool:
                return await work(pool)

        return asyncio.run(run())


@pytest.fixture
def two(database_url: str, tmp_path: Path) -> Iterator[Two]:
    """Two API processes that have both seen the key lately."""
    rivya = Rivya(database_url, tmp_path)

    async def issue() -> IssuedKey:
        async with open_pool(database_url, size=1) as pool:
            account = await accounts.create(pool, email="two@example.com")
            return await keys.issue(pool, account=account.id)

    try:
        started = [rivya.serve(wait=False) for _ in range(2)]
        key = asyncio.run(issue())
        for process, base_url in started:
            rivya.wait_for(base_url, process)
        made = Two(database_url, key, [Client(base_url, key.secret) for _, base_url in started])
        assert made.codes() == {"not_found"}
        yield made
    finally:
        rivya.close()


def test_a_revocation_is_felt_by_every_process_within_a_second(two: Two) -> None:
    two.run(lambda pool: keys.revoke(pool, key=two.key.id))
    eventually(lambda: two.codes() == {"api_key_revoked"}, within_s=WITHIN_S, every_s=0.02)


def test_a_disabled_account_is_felt_by_every_process_within_a_second(two: Two) -> None:
    two.run(lambda pool: pool.execute("update accounts set disabled_at = now()"))
    eventually(lambda: two.codes() == {"api_key_invalid"}, within_s=WITHIN_S, every_s=0.02)


def test_an_account_that_is_enabled_again_is_felt_too(two: Two) -> None:
    two.run(lambda pool: pool.execute("update accounts set disabled_at = now()"))
    eventually(lambda: two.codes() == {"api_key_invalid"}, within_s=WITHIN_S, every_s=0.02)
    two.run(lambda pool: pool.execute("update accounts set disabled_at = null"))
    eventually(lambda: two.codes() == {"not_found"}, within_s=WITHIN_S, every_s=0.02)


def test_a_revocation_is_felt_though_the_listening_connections_were_lost(two: Two) -> None:
    kill = """
        select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'rivya listen' and datname = current_database()
    """

    async def kill_and_revoke(pool: Pool) -> None:
        await pool.execute(kill)
        await keys.revoke(pool, key=two.key.id)

    two.run(kill_and_revoke)
    eventually(lambda: two.codes() == {"api_key_revoked"}, within_s=WITHIN_S, every_s=0.02)
