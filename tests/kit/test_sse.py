"""A stream of events: kept open while nothing is said, never ahead of its reader, ended in every case."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rivya.kit import sse
from rivya.kit.sse import EventWriter

BEAT_S = 0.3


class Line:
    """The connection: what was sent, and a reader who may take nothing for a while or go away."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.ended = False
        self.news = asyncio.Event()
        self.takes = asyncio.Event()
        self.takes.set()
        self.left = asyncio.Event()

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.body":
            self.sent.append(message["body"])
            self.ended = not message["more_body"]
            self.news.set()
            await self.takes.wait()

    async def receive(self) -> Any:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def until(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.sent) < count:
                self.news.clear()
                await self.news.wait()


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    monkeypatch.setattr(sse, "HEARTBEAT_S", BEAT_S)
    return Line()


def writer_on(line: Line) -> EventWriter:
    return EventWriter({"type": "http"}, line.receive, line.send)  # pyright: ignore


async def test_comments_keep_a_silent_stream_open(line: Line) -> None:
    writer = writer_on(line)

    async def tell() -> bytes:
        await writer.write(b"a")
        await line.until(3)
        return b"z"

    await writer.run(tell)
    assert line.sent == [b"a", b": \n\n", b": \n\n", b"z"]
    assert line.ended


async def test_a_comment_comes_a_heartbeat_after_what_was_said_last(line: Line) -> None:
    writer = writer_on(line)
    clock = asyncio.get_running_loop().time
    silent_s = 0.0

    async def tell() -> bytes:
        nonlocal silent_s
        await asyncio.sleep(BEAT_S / 3)
        await writer.write(b"a")
        began = clock()
        await line.until(2)
        silent_s = clock() - began
        return b"z"

    await writer.run(tell)
    assert line.sent == [b"a", b": \n\n", b"z"]
    assert BEAT_S * 0.9 < silent_s < BEAT_S * 1.6


async def test_a_reader_who_takes_nothing_is_sent_nothing_more(line: Line) -> None:
    writer = writer_on(line)
    line.takes.clear()

    async def tell() -> bytes:
        await writer.write(b"a")
        await writer.write(b"b")
        return b"z"

    running = asyncio.create_task(writer.run(tell))
    await line.until(1)
    await asyncio.sleep(4 * BEAT_S)
    assert line.sent == [b"a"]
    line.takes.set()
    await running
    assert line.sent == [b"a", b"b", b"z"]


async def test_who_goes_away_stops_what_is_told(line: Line) -> None:
    writer = writer_on(line)
    stopped = asyncio.Event()

    async def tell() -> bytes:
        try:
            await writer.write(b"a")
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            stopped.set()
            raise
        return b"z"

    running = asyncio.create_task(writer.run(tell))
    await line.until(1)
    line.left.set()
    await running
    assert stopped.is_set()
    assert line.ended
