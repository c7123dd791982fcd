"""No URL of a user's leads inside, whatever its name resolves to and wherever it redirects."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest

from rivya.kit.outbound import (
    OPERATORS,
    PUBLIC,
    NotPublic,
    Outbound,
    Policy,
    Refused,
    Unreachable,
    client,
    connector,
)
from tests.kit.loopback import Authority, Names, Server, answering, redirecting, serving

OUTSIDE, INSIDE = "93.184.215.14", "127.0.0.1"
AUTHORITY = Authority()
Make = Callable[..., Outbound]


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    made: list[Outbound] = []

    def one(policy: Policy = PUBLIC, *answers: list[str]) -> Outbound:
        outbound = Outbound(policy, resolver=Names(*(answers or ([OUTSIDE],))), tls=AUTHORITY.trusted())
        made.append(outbound)
        return outbound

    yield one
    for outbound in made:
        await outbound.close()


@pytest.fixture
async def inside() -> AsyncIterator[Server]:
    """A server that nobody may reach."""
    async with serving(answering(b"secret"), AUTHORITY.server("localhost", "127.0.0.1")) as server:
        yield server


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let connections to the address OUTSIDE end on loopback; returns which addresses were connected to."""
    connected: list[str] = []

    class Diverted(socket.socket):
        def connect(self, address: Any) -> None:
            connected.append(address[0])
            super().connect((INSIDE, address[1]) if address[0] == OUTSIDE else address)

    monkeypatch.setattr(connector.socket, "socket", Diverted)
    return connected


async def fetch(outbound: Outbound, url: str, *, redirects: int = 0) -> bytes:
    async with outbound.request("GET", url, redirects=redirects) as answer:
        return await answer.beginning(100)


async def test_a_public_name_is_called_at_the_address_that_was_checked(make: Make, internet: list[str]) -> None:
    async with serving(answering(b"hello"), AUTHORITY.server("pictures.example")) as server:
        outbound = make()
        assert await fetch(outbound, server.url("/a", scheme="https", host="pictures.example")) == b"hello"
    assert internet == [OUTSIDE]
    assert f"Host: pictures.example:{server.port}" in server.heads[0]


async def test_the_search_domains_of_this_machine_are_left_out(make: Make, internet: list[str]) -> None:
    outbound = make(PUBLIC, ["127.0.0.1"])
    with pytest.raises(NotPublic):
        await fetch(outbound, "https://vault.secrets/")
    names = outbound._resolver._inner  # type: ignore[attr-defined]
    assert names.asked == ["vault.secrets."]


@pytest.mark.parametrize(
    "answers",
    [
        [INSIDE],
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["100.64.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["fd00::1"],
        ["fe80::1%eth0"],
        [OUTSIDE, INSIDE],
        [INSIDE, OUTSIDE],
        ["2606:4700::1111", "::1"],
    ],
)
async def test_a_name_with_an_address_inside_is_refused_whole(
    make: Make, inside: Server, internet: list[str], answers: list[str]
) -> None:
    with pytest.raises(NotPublic):
        await fetch(make(PUBLIC, answers), inside.url(scheme="https", host="pictures.example"))
    assert (internet, inside.connections) == ([], 0)


async def test_a_name_without_addresses_is_unreachable(make: Make) -> None:
    with pytest.raises(Unreachable):
        await fetch(make(PUBLIC, []), "https://pictures.example/")


async def test_a_name_that_changes_after_the_check_leads_nowhere_new(make: Make, internet: list[str]) -> None:
    closing = answering(b"hello", "Connection: close")
    async with serving(closing, AUTHORITY.server("rebinding.example")) as server:
        outbound = make(PUBLIC, [OUTSIDE], [INSIDE])
        url = server.url(scheme="https", host="rebinding.example")
        assert await fetch(outbound, url) == b"hello"
        assert internet == [OUTSIDE]
        with pytest.raises(NotPublic):
            await fetch(outbound, url)
        assert (internet, server.connections) == ([OUTSIDE], 1)


async def test_a_name_is_resolved_once_for_each_connection(make: Make, internet: list[str]) -> None:
    async with serving(answering(b"hello"), AUTHORITY.server("pictures.example")) as server:
        outbound = make(PUBLIC, [OUTSIDE], [INSIDE])
        url = server.url(scheme="https", host="pictures.example")
        assert [await fetch(outbound, url) for _ in range(3)] == [b"hello"] * 3  # one connection, kept
    assert internet == [OUTSIDE]


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost.example"])
async def test_the_socket_itself_is_a_gate(
    make: Make, inside: Server, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """Even past the checks of text and name: aiohttp does not ask a resolver for an address."""
    outbound = make(PUBLIC, [INSIDE])
    monkeypatch.setattr(
        connector.PublicResolver, "resolve", lambda self, *asked, **more: self._inner.resolve(*asked, **more)
    )
    with pytest.raises(aiohttp.ClientConnectorError, match="not a public address"):
        await outbound._session.get(inside.url(scheme="https", host=host))
    assert inside.connections == 0


async def test_the_other_spellings_of_an_address_do_not_pass_the_library_either(make: Make, inside: Server) -> None:
    outbound = make(PUBLIC, [INSIDE])
    for host in ("2130706433", "127.1", "0177.0.0.1", "0x7f.1", "127.0.0.1."):
        with pytest.raises((aiohttp.ClientError, NotPublic)):
            await outbound._session.get(inside.url(scheme="https", host=host))
    assert inside.connections == 0


@pytest.mark.parametrize(
    "location",
    [
        "https://127.0.0.1:{port}/",
        "https://localhost:{port}/",
        "https://[::ffff:127.0.0.1]:{port}/",
        "https://2130706433:{port}/",
        "//127.0.0.1:{port}/",
        "https://user:pass@pictures.example:{port}/",
        "http://pictures.example:{port}/plain",
        "ftp://pictures.example/",
        "https://[",
        "https://\xff\xfe.example/\r",
        "https://pictures.example/" + "a" * 5000,
    ],
)
async def test_a_redirect_to_what_is_not_allowed_is_refused(
    make: Make, inside: Server, internet: list[str], location: str
) -> None:
    script = redirecting(location.format(port=inside.port).replace("\r", ""))
    async with serving(script, AUTHORITY.server("pictures.example")) as server:
        with pytest.raises(Refused, match=r"^must not redirect to a URL that is not allowed itself$"):
            await fetch(make(), server.url(scheme="https", host="pictures.example"), redirects=3)
    assert (internet, inside.connections) == ([OUTSIDE], 0)


async def test_a_redirect_to_a_name_that_leads_inside_is_refused(
    make: Make, inside: Server, internet: list[str]
) -> None:
    script = redirecting(inside.url(scheme="https", host="elsewhere.example"))
    async with serving(script, AUTHORITY.server("pictures.example")) as server:
        outbound = make(PUBLIC, [OUTSIDE], [INSIDE])
        with pytest.raises(NotPublic):
            await fetch(outbound, server.url(scheme="https", host="pictures.example"), redirects=3)
    assert (internet, inside.connections) == ([OUTSIDE], 0)


async def test_a_connection_of_the_operators_does_not_serve_a_user(make: Make, inside: Server) -> None:
    url = inside.url(scheme="https", host="127.0.0.1")
    assert await fetch(make(OPERATORS, [INSIDE]), url) == b"secret"
    with pytest.raises(Refused):
        await fetch(make(PUBLIC, [INSIDE]), url)


async def test_the_environment_names_no_proxy_and_no_password(
    make: Make, inside: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ada password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert await fetch(make(OPERATORS, [INSIDE]), inside.url(scheme="https")) == b"secret"
    assert "authorization" not in inside.heads[0].lower()


@pytest.mark.parametrize(
    ("url", "answers", "error"),
    [
        ("https://hooks.example/", [OUTSIDE], None),
        ("https://1.1.1.1/", [], None),
        ("https://hooks.example/", [INSIDE], NotPublic),
        ("https://hooks.example/", [], Unreachable),
        ("https://10.0.0.1/", [OUTSIDE], Refused),
        ("http://hooks.example/", [OUTSIDE], Refused),
    ],
)
async def test_a_url_can_be_checked_without_being_called(
    make: Make, internet: list[str], url: str, answers: list[str], error: type[Exception] | None
) -> None:
    outbound = make(PUBLIC, answers)
    if error is None:
        await outbound.check(url)
    else:
        with pytest.raises(error):
            await outbound.check(url)
    assert internet == []


async def test_name_servers_that_never_answer_keep_nobody_but_names_waiting(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = asyncio.Event()
    loop = asyncio.get_running_loop()

    def silent(*asked: Any, **more: Any) -> list[Any]:
        asyncio.run_coroutine_threadsafe(released.wait(), loop).result()
        return []

    monkeypatch.setattr(connector.socket, "getaddrinfo", silent)
    monkeypatch.setattr(client, "_RESOLVE_S", 0.2)
    outbound = Outbound(PUBLIC)
    try:
        found = await asyncio.gather(
            *(outbound.check(f"https://host{number}.example/") for number in range(100)), return_exceptions=True
        )
        assert all(isinstance(one, Unreachable) for one in found)
        assert await asyncio.wait_for(asyncio.to_thread(lambda: 1), 5) == 1
    finally:
        released.set()
        await outbound.close()
