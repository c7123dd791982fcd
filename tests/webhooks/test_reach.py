"""Nothing that a name or a URL can be made to say leads into the network that we stand in."""

from __future__ import annotations

from pathlib import Path

import pytest

from rivya.kit.db import Pool
from rivya.kit.outbound import NotPublic, Outbound
from rivya.webhooks.urls import webhook_policy
from tests.kit.loopback import Authority, Names
from tests.webhooks.post_office import PostOffice, settings
from tests.webhooks.receiver import Receiver, receiving
from tests.webhooks.test_faults import NOT_THERE

HOST = "hooks.example"
INSIDE = [
    ["127.0.0.1"],
    ["10.0.0.1"],
    ["169.254.169.254"],
    ["100.64.0.1"],
    ["::1"],
    ["fd00::1"],
    ["fe80::1"],
    ["::ffff:127.0.0.1"],
    ["::ffff:7f00:1"],
    ["64:ff9b::7f00:1"],
    ["64:ff9b:1::a00:1"],
    ["2002:7f00:1::1"],
    ["93.184.216.34", "127.0.0.1"],
    [],
]


@pytest.fixture
def strict(pool: Pool, database_url: str, tmp_path: Path) -> PostOffice:
    """May send to public addresses only."""
    return PostOffice(pool, database_url, settings(tmp_path, webhooks_allow_private=False))


def outbound(authority: Authority, *answers: list[str], allow_private: bool = False) -> Outbound:
    policy = webhook_policy(allow_private=allow_private)
    return Outbound(policy, resolver=Names(*answers), tls=authority.trusted())


async def one_attempt(office: PostOffice, client: Outbound, url: str) -> tuple[int | None, str | None]:
    account = await office.account()
    endpoint = await office.endpoint(account, url)
    async with office.delivering(client):
        await office.event(account)
        (attempt,) = await office.attempted(endpoint, 1)
    assert (await office.delivery(endpoint))["status"] in ("pending", "succeeded")
    await client.close()
    return attempt["response_status"], attempt["error"]


async def tls_receiver_heard_nothing(office: PostOffice, *answers: list[str]) -> None:
    authority = Authority()
    async with receiving(authority.server(HOST)) as receiver:
        found = await one_attempt(
            office, outbound(authority, *answers), receiver.url("/hook", scheme="https", host=HOST)
        )
        assert found == (None, NOT_THERE)
        assert receiver.connections == 0


@pytest.mark.parametrize("addresses", INSIDE, ids=str)
async def test_a_name_with_an_address_inside_is_not_connected_to(strict: PostOffice, addresses: list[str]) -> None:
    await tls_receiver_heard_nothing(strict, addresses)


async def test_a_name_that_was_public_when_it_was_checked_and_is_private_when_it_is_connected_to(
    strict: PostOffice,
) -> None:
    authority = Authority()
    async with receiving(authority.server(HOST)) as receiver:
        url = receiver.url("/hook", scheme="https", host=HOST)
        client = outbound(authority, ["93.184.216.34"], ["127.0.0.1"])
        await client.check(url)  # as when the endpoint is made
        assert await one_attempt(strict, client, url) == (None, NOT_THERE)
        assert receiver.connections == 0
        with pytest.raises(NotPublic):
            await outbound(authority, ["127.0.0.1"]).check(url)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]"),
        *("localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::]", "[64:ff9b::127.0.0.1]"),
    ],
)
async def test_an_address_inside_in_any_spelling_is_not_connected_to(strict: PostOffice, host: str) -> None:
    authority = Authority()
    async with receiving(authority.server(HOST)) as receiver:
        status, error = await one_attempt(
            strict, outbound(authority, ["127.0.0.1"]), receiver.url("/", scheme="https", host=host)
        )
        assert status is None
        assert (error or "").startswith("Not sent: the URL must name ")
        assert receiver.connections == 0


async def test_plain_http_is_not_sent(strict: PostOffice) -> None:
    async with receiving() as receiver:
        found = await one_attempt(strict, outbound(Authority(), ["127.0.0.1"]), receiver.url(host=HOST))
        assert found == (None, "Not sent: the URL must begin with https://.")
        assert receiver.connections == 0


async def test_a_proxy_from_the_environment_is_ignored(office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving() as receiver, receiving() as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        client = Outbound(webhook_policy(allow_private=True))
        assert await one_attempt(office, client, receiver.url()) == (204, None)
        assert proxy.connections == 0


async def over_tls(office: PostOffice, *, trusted: Authority, own: Authority, name: str) -> tuple[Receiver, object]:
    async with receiving(own.server(name)) as receiver:
        client = outbound(trusted, ["127.0.0.1"], allow_private=True)
        return receiver, await one_attempt(office, client, receiver.url("/", scheme="https", host=HOST))


async def test_a_certificate_is_checked_by_who_signed_it_and_for_whom(office: PostOffice) -> None:
    authority = Authority()
    receiver, found = await over_tls(office, trusted=authority, own=authority, name=HOST)
    assert (found, len(receiver.heard)) == ((204, None), 1)
    for own, name in ((Authority(), HOST), (authority, "other.example")):
        receiver, found = await over_tls(office, trusted=authority, own=own, name=name)
        assert (found, receiver.heard) == ((None, NOT_THERE), [])
