"""An answer's head goes out with the beginning of its body, and never waits for one that does not come."""

from __future__ import annotations

import asyncio

from rivya.protocol import HeadWithBody

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Sent(asyncio.Transport):
    """What was sent, a packet each."""

    def __init__(self) -> None:
        super().__init__()
        self.packets: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.packets.append(bytes(data))

    def write_eof(self) -> None:
        self.packets.append(b"<eof>")

    def close(self) -> None:
        self.packets.append(b"<close>")


async def turn() -> None:
    await asyncio.sleep(0)


async def test_a_head_and_its_body_are_one_packet() -> None:
    sent = Sent()
    transport = HeadWithBody(sent, asyncio.get_running_loop())
    for data in (HEAD, b"one", b"two", HEAD, b"three"):
        transport.write(data)
    await turn()
    assert sent.packets == [HEAD + b"one", b"two", HEAD + b"three"]


async def test_a_head_without_a_body_is_sent_in_the_next_turn() -> None:
    sent = Sent()
    transport = HeadWithBody(sent, asyncio.get_running_loop())
    transport.write(HEAD)
    assert sent.packets == []
    await turn()
    assert sent.packets == [HEAD]


async def test_a_head_is_sent_before_the_connection_is_closed() -> None:
    for end in ("close", "write_eof"):
        sent = Sent()
        transport = HeadWithBody(sent, asyncio.get_running_loop())
        transport.write(HEAD)
        getattr(transport, end)()
        await turn()
        assert sent.packets == [HEAD, b"<close>" if end == "close" else b"<eof>"]
