"""One Idempotency-Key sent 64 times at once, over as many connections, to two API processes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator

import aiohttp
import pytest

from rivya.kit.ids import AccountId
from rivya.wallet.model import Balance
from tests.api.conftest import Installation
from tests.running import Client

TIMES = 64


@pytest.fixture(scope="module")
def second_process(installation: Installation) -> Iterator[str]:
    """The base URL of another API process of the same installation."""
    process, base_url = installation.rivya.serve()
    yield base_url
    installation.rivya.stop(process)


async def send_at_once(base_urls: list[str], secret: str, body: object) -> list[tuple[int, bytes, bool]]:
    """Send the same call 64 times; return each answer's status, body and whether it was a replay."""
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "the same"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=TIMES), headers=headers) as session:

        async def send(number: int) -> tuple[int, bytes, bool]:
            url = f"{base_urls[number % len(base_urls)]}/api/v1/generations"
            async with session.post(url, json=body) as answer:
                return answer.status, await answer.read(), "Idempotent-Replayed" in answer.headers

        return await asyncio.gather(*(send(number) for number in range(TIMES)))


def test_64_equal_calls_at_once_are_one_task(
    installation: Installation, second_process: str, client: Client, account: AccountId
) -> None:
    assert client.key is not None
    base_urls = [installation.base_url, second_process]
    answers = asyncio.run(send_at_once(base_urls, client.key, {"model": "scripted", "params": {"outcome": "hang"}}))

    assert {status for status, _, _ in answers} == {202}
    assert len({body for _, body, _ in answers}) == 1
    assert Counter(replayed for _, _, replayed in answers) == {False: 1, True: TIMES - 1}
    for table in ("tasks", "reservations", "idempotency_keys"):
        assert installation.sql(f"select count(*) from {table} where account_id = $1", account)[0][0] == 1, table
    reserves = "select count(*) from ledger where account_id = $1 and event = 'reserve'"
    assert installation.sql(reserves, account)[0][0] == 1
    assert installation.balance(account) == Balance(available=98, reserved=2)


def test_64_equal_calls_at_once_with_credits_for_one_are_one_task(
    installation: Installation, second_process: str
) -> None:
    account = installation.account(credits=2)
    secret = installation.key(account).secret
    base_urls = [installation.base_url, second_process]
    answers = asyncio.run(send_at_once(base_urls, secret, {"model": "scripted", "params": {"outcome": "hang"}}))

    assert {status for status, _, _ in answers} == {202}
    assert installation.balance(account) == Balance(available=0, reserved=2)


def test_64_different_calls_at_once_never_spend_more_than_there_is(
    installation: Installation, second_process: str
) -> None:
    account = installation.account(credits=21)
    secret = installation.key(account).secret

    async def send_all() -> list[int]:
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {secret}"}) as session:

            async def send(number: int) -> int:
                url = f"{[installation.base_url, second_process][number % 2]}/api/v1/generations"
                async with session.post(url, json={"model": "scripted", "params": {"outcome": "hang"}}) as answer:
                    return answer.status

            return await asyncio.gather(*(send(number) for number in range(TIMES)))

    assert Counter(asyncio.run(send_all())) == {202: 10, 402: TIMES - 10}
    assert installation.balance(account) == Balance(available=1, reserved=20)
