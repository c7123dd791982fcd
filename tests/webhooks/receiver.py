"""A server on loopback that takes webhooks, well or badly, path by path, and remembers all that it heard."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from queue import Queue
from threading import Thread
from typing import Any

import msgspec


@dataclass(frozen=True)
class Heard:
    """One request, with its headers named in lower case; ``at`` is when its first bytes were there."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float
    connection: int

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> Any:
        return msgspec.json.decode(self.body)


Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Receiver:
    port: int = 0
    heard: list[Heard] = field(default_factory=list)
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    """What happens to requests to a path; elsewhere the answer is 204."""
    connections: int = 0

    def url(self, path: str = "/", *, scheme: str = "http", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def at(self, path: str) -> list[Heard]:
        return [one for one in self.heard if one.path == path]

    def ids(self) -> dict[str, list[str]]:
        """Return which event ids came to each path, in their order."""
        found: dict[str, list[str]] = defaultdict(list)
        for one in self.heard:
            found[one.path].append(one.id)
        return found

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        with contextlib.suppress(ConnectionError, EOFError, ssl.SSLError):
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                at = time.time()
                first, *lines = head.split("\r\n")[:-2]
                headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                path = first.split(" ")[1]
                self.heard.append(Heard(path, headers, body, at, number))
                await self.behaviours.get(path, answer(204))(writer)
        writer.close()


@asynccontextmanager
async def receiving(tls: ssl.SSLContext | None = None, *, port: int = 0) -> AsyncIterator[Receiver]:
    receiver = Receiver()
    talks: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(task := asyncio.create_task(receiver.talk(reader, writer)))
        task.add_done_callback(talks.discard)

    server = await asyncio.start_server(begin, "127.0.0.1", port, ssl=tls, backlog=1024)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in list(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


@contextmanager
def receiving_beside() -> Iterator[Receiver]:
    """Run a receiver in a thread, for tests that have no event loop of their own."""
    loop, ready, stop = asyncio.new_event_loop(), Queue[Receiver](), asyncio.Event()

    async def run() -> None:
        async with receiving() as receiver:
            ready.put(receiver)
            await stop.wait()

    thread = Thread(target=loop.run_until_complete, args=(run(),), daemon=True)
    thread.start()
    try:
        yield ready.get(timeout=10)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


def answer(status: int, body: bytes = b"", *headers: str, length: int | None = None) -> Behaviour:
    """Answer so; ``length`` is what Content-Length claims."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        claimed = len(body) if length is None else length
        lines = [f"HTTP/1.1 {status} Whatever", *headers]
        if status != 204:
            lines.append(f"Content-Length: {claimed}")
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        await writer.drain()

    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """Behave so one after the other; the last one stays."""
    left = list(behaviours)

    async def behave(writer: asyncio.StreamWriter) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(writer)

    return behave


async def hang(writer: asyncio.StreamWriter) -> None:
    """Never answer."""
    await asyncio.sleep(600)


def trickle(head: bytes) -> Behaviour:
    """Send a head, then one byte after the other, for ever."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    return behave


def reset(said: bytes = b"") -> Behaviour:
    """Say something and break the connection off."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()
        writer.transport.abort()

    return behave


async def flood(writer: asyncio.StreamWriter) -> None:
    """Answer 200 with a body that has no end."""
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while True:
        writer.write(b"y" * 65536)
        await writer.drain()
