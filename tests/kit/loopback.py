"""Servers on loopback that answer as a test says, well or badly, and a name service of the test's own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import trustme
from aiohttp.abc import AbstractResolver, ResolveResult

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    port: int
    heads: list[str] = field(default_factory=list)
    """The request lines and headers that came."""
    connections: int = 0

    def url(self, path: str = "/", *, scheme: str = "http", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


@asynccontextmanager
async def serving(script: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """Run a server; ``script`` answers each request once its head has come, as often as one comes."""
    found = Server(0)
    tasks: set[asyncio.Task[Any]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.connections += 1
        tasks.add(task := asyncio.current_task())  # type: ignore[arg-type]
        task.add_done_callback(tasks.discard)
        with contextlib.suppress(ConnectionError, EOFError, ssl.SSLError, asyncio.CancelledError):
            while not writer.is_closing():
                found.heads.append((await reader.readuntil(b"\r\n\r\n")).decode("latin-1"))
                await script(reader, writer)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def answering(content: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> Script:
    """Answer every request so; ``length`` is what Content-Length claims."""
    claimed = len(content) if length is None else length
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {claimed}", *headers, "", ""])

    async def script(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head.encode("latin-1") + content)
        await writer.drain()

    return script


def redirecting(location: str, status: str = "302 Found") -> Script:
    return answering(b"", f"Location: {location}", status=status)


class Names(AbstractResolver):
    """Answers each question about a name with the next list of addresses; the last one stays."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_UNSPEC) -> list[ResolveResult]:
        self.asked.append(host)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            ResolveResult(hostname=host, host=one, port=port, family=socket.AF_UNSPEC, proto=0, flags=0)
            for one in answer
        ]

    async def close(self) -> None:
        pass


class Authority:
    """A certificate authority made for the test."""

    def __init__(self) -> None:
        self._ca = trustme.CA()

    def server(self, *names: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(*names).configure_cert(context)
        return context

    def write_to(self, file: Path) -> None:
        """Write the authority's certificate, for SSL_CERT_FILE."""
        file.write_bytes(self._ca.cert_pem.bytes())

    def trusted(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        self._ca.configure_trust(context)
        return context


@contextmanager
def serving_beside(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Run a server in a thread, for tests that have no event loop of their own."""
    loop, ready, stop = asyncio.new_event_loop(), Queue[Server](), asyncio.Event()

    async def run() -> None:
        async with serving(script, tls) as server:
            ready.put(server)
            await stop.wait()

    thread = Thread(target=loop.run_until_complete, args=(run(),), daemon=True)
    thread.start()
    try:
        yield ready.get(timeout=10)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
