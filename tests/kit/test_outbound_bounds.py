"""Servers that misbehave: each ends in time, in little memory, and with an error that says what it was."""

from __future__ import annotations

import asyncio
import gzip
import resource
import time
import traceback
from collections.abc import AsyncIterator

import pytest

from rivya.kit.ids import new_id
from rivya.kit.outbound import (
    OPERATORS,
    Broken,
    Outbound,
    OutboundError,
    Patience,
    Refused,
    TooLarge,
    TooSlow,
    Unreachable,
)
from tests.kit.loopback import Authority, Script, answering, redirecting, serving
from tests.running import free_port

MEBIBYTE = 1024 * 1024
HURRIED = Patience(connect_s=0.5, answer_s=0.5, silence_s=0.5, total_s=1.5)


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    made = Outbound(OPERATORS)
    yield made
    await made.close()


async def fetch(
    outbound: Outbound, url: str, *, most_bytes: int = MEBIBYTE, patience: Patience = HURRIED, redirects: int = 0
) -> bytes:
    async with outbound.request("GET", url, patience=patience, redirects=redirects) as answer:
        return b"".join([chunk async for chunk in answer.chunks(most_bytes=most_bytes)])


def saying(*pieces: bytes, every_s: float = 0.0, then_close: bool = True) -> Script:
    async def script(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(every_s)
        if then_close:
            writer.close()
        else:
            await asyncio.sleep(60)

    return script


def endless(head: bytes, piece: bytes, *, every_s: float = 0.0) -> Script:
    async def script(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(every_s)

    return script


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


async def test_an_answer_is_read_whole_and_its_connection_is_kept(outbound: Outbound) -> None:
    async with serving(answering(b"x" * 300_000, "Content-Type: Image/PNG; a=b")) as server:
        for _ in range(3):
            async with outbound.request("GET", server.url("/a%2Fb?c=%41")) as answer:
                assert (answer.status, answer.content_type, answer.is_encoded) == (200, "image/png", False)
                assert len(await answer.beginning(MEBIBYTE)) == 300_000
        assert server.connections == 1
        assert server.heads[0].startswith("GET /a%2Fb?c=%41 HTTP/1.1\r\n")
        assert "Accept-Encoding: identity\r\n" in server.heads[0]
        assert "User-Agent: rivya/" in server.heads[0]


async def test_a_body_is_sent_and_only_the_beginning_of_the_answer_is_read(outbound: Outbound) -> None:
    bodies: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bodies.append(await reader.readexactly(7))
        await endless(CHUNKED, b"1000\r\n" + b"y" * 4096 + b"\r\n")(reader, writer)

    async with (
        serving(script) as server,
        outbound.request("POST", server.url(), headers={"webhook-id": "evt_1"}, body=b'{"a":1}') as answer,
    ):
        assert await answer.beginning(4096) == b"y" * 4096
    assert bodies == [b'{"a":1}']
    assert "webhook-id: evt_1" in server.heads[0]


async def test_cookies_are_not_kept(outbound: Outbound) -> None:
    async with serving(answering(b"", "Set-Cookie: a=b; Path=/")) as server:
        await fetch(outbound, server.url())
        await fetch(outbound, server.url())
    assert "cookie" not in server.heads[1].lower()


@pytest.mark.parametrize(
    ("script", "error"),
    [
        pytest.param(answering(b"", length=MEBIBYTE + 1), TooLarge, id="announces too much"),
        pytest.param(answering(b"", length=10**30), Broken, id="announces more than a number holds"),
        pytest.param(endless(CHUNKED, b"10000\r\n" + b"y" * 65536 + b"\r\n"), TooLarge, id="never ends, chunked"),
        pytest.param(endless(OK + b"\r\n", b"y" * 65536), TooLarge, id="never ends, until closed"),
        pytest.param(answering(b"abc", length=10), TooSlow, id="less than announced, then silence"),
        pytest.param(saying(OK + b"Content-Length: 10\r\n\r\nabc"), Broken, id="less than announced, then closed"),
        pytest.param(saying(CHUNKED + b"5\r\nabc"), Broken, id="a chunk cut off"),
        pytest.param(saying(CHUNKED + b"zz\r\nabc"), Broken, id="a chunk of no length"),
        pytest.param(saying(CHUNKED + b"5\r\nhello\r\n"), Broken, id="no last chunk"),
        pytest.param(saying(b""), Broken, id="closed at once"),
        pytest.param(saying(b"SSH-2.0-OpenSSH_9.6\r\n"), Broken, id="another protocol"),
        pytest.param(saying(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), Broken, id="a length of no number"),
        pytest.param(saying(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), Broken, id="a length below zero"),
        pytest.param(
            saying(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), Broken, id="two lengths that differ"
        ),
        pytest.param(saying(OK + b"X: " + b"a" * 100_000 + b"\r\n\r\n"), Broken, id="a header that is too long"),
        pytest.param(saying(OK + b"X: a\r\n" * 5000 + b"\r\n"), Broken, id="too many headers"),
        pytest.param(endless(OK, b"X: " + b"a" * 1000 + b"\r\n"), Broken, id="headers without end"),
        pytest.param(endless(b"HTTP/1.1 200 ", b"a" * 1000), Broken, id="a status line without end"),
        pytest.param(endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n", every_s=0.01), TooSlow, id="only 100 Continue"),
        pytest.param(saying(then_close=False), TooSlow, id="silence"),
        pytest.param(endless(OK, b"X: a\r\n", every_s=0.1), TooSlow, id="a header each tenth of a second"),
        pytest.param(endless(CHUNKED, b"1\r\ny\r\n", every_s=0.1), TooSlow, id="a byte each tenth of a second"),
        pytest.param(saying(CHUNKED + b"1\r\ny\r\n", then_close=False), TooSlow, id="a byte, then silence"),
    ],
)
async def test_a_bad_answer_ends_soon_and_as_what_it_is(
    outbound: Outbound, script: Script, error: type[OutboundError]
) -> None:
    began = time.monotonic()
    async with serving(script) as server:
        with pytest.raises(error):
            await fetch(outbound, server.url())
    assert time.monotonic() - began < 3


async def test_a_reset_in_the_middle_is_an_answer_that_broke(outbound: Outbound) -> None:
    async def script(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"Content-Length: 1000\r\n\r\nabc")
        await writer.drain()
        writer.transport.abort()

    async with serving(script) as server:
        with pytest.raises(Broken):
            await fetch(outbound, server.url())


async def test_what_is_packed_is_never_unpacked(outbound: Outbound) -> None:
    bomb = gzip.compress(bytes(50 * MEBIBYTE))
    packed = answering(bomb, "Content-Encoding: gzip")
    async with serving(packed) as server, outbound.request("GET", server.url()) as answer:
        assert answer.is_encoded
        assert await answer.beginning(MEBIBYTE) == bomb


async def test_a_reader_that_takes_its_time_holds_the_server_back(outbound: Outbound) -> None:
    sent = 0

    async def script(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(OK + b"\r\n")
        while sent < 200 * MEBIBYTE:
            writer.write(bytes(MEBIBYTE))
            await writer.drain()
            sent += MEBIBYTE

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with serving(script) as server, outbound.request("GET", server.url(), patience=HURRIED) as answer:
        assert await answer.piece()
        await asyncio.sleep(0.3)
        seen = sent
        assert await answer.piece(within_s=0.1)
    assert seen < 32 * MEBIBYTE
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


async def test_what_was_held_back_comes_whole(outbound: Outbound) -> None:
    """In chunks so many that the client stops reading again and again, and so small that it stops amid them."""
    content = bytes(n % 251 for n in range(3_000_000))
    pieces = [content[at : at + 97] for at in range(0, len(content), 97)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    async with serving(saying(CHUNKED, chunks)) as server, outbound.request("GET", server.url()) as answer:
        read = bytearray()
        while piece := await answer.piece(within_s=5):
            read += piece
            await asyncio.sleep(0)
    assert read == content


async def test_silence_counts_from_the_last_piece(outbound: Outbound) -> None:
    async def script(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(CHUNKED)
        for _ in range(4):
            writer.write(b"1\r\na\r\n")
            await asyncio.sleep(0.3)
        await asyncio.sleep(60)

    async with serving(script) as server:
        patient = Patience(silence_s=0.6)
        async with outbound.request("GET", server.url(), patience=patient) as answer:
            read = [await answer.piece(within_s=5)] + [await answer.piece() for _ in range(3)]
            with pytest.raises(TooSlow):
                await answer.piece()
    assert read == [b"a"] * 4


async def test_a_slow_reader_is_no_slow_server(outbound: Outbound) -> None:
    async with serving(saying(CHUNKED, b"1\r\na\r\n", b"1\r\nb\r\n", b"0\r\n\r\n")) as server:
        patient = Patience(silence_s=0.3)
        async with outbound.request("GET", server.url(), patience=patient) as answer:
            read = b""
            while piece := await answer.piece():
                await asyncio.sleep(0.5)
                read += piece
    assert read == b"ab"


async def test_nothing_listens_is_unreachable(outbound: Outbound) -> None:
    with pytest.raises(Unreachable):
        await fetch(outbound, f"http://127.0.0.1:{free_port()}/")


async def test_redirects_are_followed_as_far_as_was_asked(outbound: Outbound) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        left = int(server.heads[-1].split()[1].removeprefix("/"))
        statuses = ("301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary", "308 Permanent")
        answer = redirecting(str(left - 1), statuses[left % 5]) if left else answering(b"arrived")
        await answer(reader, writer)

    async with serving(script) as server:
        for hops in (0, 1, 3):
            assert await fetch(outbound, server.url(f"/{hops}"), redirects=3) == b"arrived"
        with pytest.raises(Refused, match=r"^must not redirect more than 3 times$"):
            await fetch(outbound, server.url("/4"), redirects=3)


async def test_a_redirect_is_an_answer_where_none_is_followed(outbound: Outbound) -> None:
    elsewhere = redirecting("/elsewhere")
    async with serving(elsewhere) as server, outbound.request("POST", server.url(), body=b"{}") as answer:
        assert answer.status == 302
        assert len(server.heads) == 1


async def test_a_redirect_to_nowhere_is_broken(outbound: Outbound) -> None:
    async with serving(answering(b"", status="302 Found")) as server:
        with pytest.raises(Broken):
            await fetch(outbound, server.url(), redirects=1)


async def test_redirects_share_one_time(outbound: Outbound) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.4)
        await redirecting("/on")(reader, writer)

    began = time.monotonic()
    async with serving(script) as server:
        with pytest.raises(TooSlow):
            await fetch(outbound, server.url(), redirects=50)
    assert time.monotonic() - began < 2.5


async def test_what_a_request_carries_follows_no_redirect(outbound: Outbound) -> None:
    with pytest.raises(ValueError, match="bare GET"):
        async with outbound.request("GET", "http://127.0.0.1/", headers={"Authorization": "x"}, redirects=1):
            pass


async def test_a_certificate_must_be_trusted_and_of_that_name() -> None:
    authority = Authority()
    stranger, trusting = Outbound(OPERATORS), Outbound(OPERATORS, tls=authority.trusted())
    async with (
        serving(answering(b"hello"), authority.server("127.0.0.1")) as right,
        serving(answering(b"hello"), authority.server("other.example")) as wrong,
    ):
        assert await fetch(trusting, right.url(scheme="https")) == b"hello"
        for outbound, server in ((stranger, right), (trusting, wrong)):
            with pytest.raises(Unreachable):
                await fetch(outbound, server.url(scheme="https"))
    await stranger.close()
    await trusting.close()


async def test_a_pool_is_bounded_and_waiting_for_it_takes_from_the_time() -> None:
    outbound = Outbound(OPERATORS, connections=2)
    async with serving(saying(OK + b"\r\n", then_close=False)) as server:
        async with outbound.request("GET", server.url()), outbound.request("GET", server.url()):
            with pytest.raises(TooSlow):
                await fetch(outbound, server.url())
        assert server.connections == 2
    await outbound.close()


@pytest.mark.parametrize("script", [saying(b""), saying(CHUNKED + b"zz"), saying(OK + b"X: " + b"a" * 100_000)])
async def test_an_error_tells_nobody_what_was_sent(outbound: Outbound, script: Script) -> None:
    secret = new_id("secret")
    headers = {"Authorization": f"Bearer {secret}"}
    async with serving(script) as server:
        with pytest.raises(Broken) as broken:
            async with outbound.request("GET", server.url(f"/?token={secret}"), headers=headers) as answer:
                await answer.beginning(10)
    assert secret in server.heads[0]
    assert secret not in "".join(traceback.format_exception(broken.value))
