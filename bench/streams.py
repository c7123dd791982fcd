"""A load of streams: keeps N of them open for some seconds and counts what comes, in a process of its own.

Standard input holds one JSON object, a ``Job``; one is printed, ``Seen``.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import Iterator
from typing import cast

import msgspec
import uvloop

from bench.double import MARK, TOKENS
from bench.processes import cpu_s

_MARK = MARK.encode()
_END = b"\r\n0\r\n\r\n"
_RAMP_S = 1.0
_PROBE_EVERY_S = 0.015


class Job(msgspec.Struct, kw_only=True):
    """``requests`` are sent in turn by so many ``streams``; ``probes``, if any, by one more, now and then.

    With probes, theirs are the only waits that count, and the rest are the only chunks.
    """

    port: int
    requests: list[bytes]
    probes: list[bytes]
    streams: int
    warm_s: float
    seconds: float
    relay: list[int]
    """The processes of the relay, whose CPU counts, by their ids."""


class Seen(msgspec.Struct, kw_only=True):
    seconds: float
    chunks: int
    waits_ms: list[float]
    """For the first token, from before the request; in order of size."""
    cpu_s: float
    failures: int
    first_failure: str | None


class Window:
    """What counts: only what happens after the warming up."""

    def __init__(self) -> None:
        self.open = False
        self.chunks = 0
        self.waits_ms: list[float] = []
        self.failures = 0
        self.first_failure: str | None = None


class Stream(asyncio.Protocol):
    """One connection, with one stream after another. Understands chunked answers only."""

    def __init__(self, window: Window, requests: Iterator[bytes], *, is_probe: bool, waits_count: bool) -> None:
        self._window = window
        self._requests = requests
        self._is_probe = is_probe
        self._waits_count = waits_count
        self._began = 0.0
        self._chunks = 0
        self._head = True
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._begin()

    def data_received(self, data: bytes) -> None:
        if self._head and not data.startswith(b"HTTP/1.1 200"):
            self._failed(data)
            return
        self._head = False
        # A mark that was cut in two is found with what was left of the piece before.
        count = min(data.count(_MARK) + (self._tail[-3:] + data[:3]).count(_MARK), TOKENS - self._chunks)
        if count:
            if not self._chunks and self._window.open and self._waits_count:
                self._window.waits_ms.append(1000 * (time.perf_counter() - self._began))
            self._chunks += count
            if self._window.open and not self._is_probe:
                self._window.chunks += count
        self._tail = (self._tail + data)[-len(_END) :]
        if self._tail.endswith(_END):
            if self._chunks and self._is_probe:
                asyncio.get_running_loop().call_later(_PROBE_EVERY_S, self._begin)
            elif self._chunks:
                self._begin()
            else:
                self._failed(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._window.open:
            self._failed(repr(exc).encode())

    def _begin(self) -> None:
        if self._transport.is_closing():
            return
        self._chunks, self._head, self._tail = 0, True, b""
        self._began = time.perf_counter()
        self._transport.write(next(self._requests))

    def _failed(self, data: bytes) -> None:
        self._window.failures += 1
        self._window.first_failure = self._window.first_failure or data[:500].decode(errors="replace")
        self._transport.abort()


async def measure(job: Job) -> Seen:
    """Open the streams one after another within a second, warm up, and count."""
    loop, window = asyncio.get_running_loop(), Window()
    transports: list[asyncio.BaseTransport] = []

    async def connect(requests: Iterator[bytes], *, is_probe: bool) -> None:
        waits_count = is_probe or not job.probes
        transport, _ = await loop.create_connection(
            lambda: Stream(window, requests, is_probe=is_probe, waits_count=waits_count), "127.0.0.1", job.port
        )
        transports.append(transport)

    requests = itertools.cycle(job.requests)
    for _ in range(job.streams):
        await connect(requests, is_probe=False)
        await asyncio.sleep(_RAMP_S / job.streams)
    if job.probes:
        await connect(itertools.cycle(job.probes), is_probe=True)
    await asyncio.sleep(job.warm_s)
    cpu, began, window.open = cpu_s(job.relay), time.perf_counter(), True
    await asyncio.sleep(job.seconds)
    window.open, took, cpu = False, time.perf_counter() - began, cpu_s(job.relay) - cpu
    for transport in transports:
        cast(asyncio.Transport, transport).abort()
    return Seen(
        seconds=took,
        chunks=window.chunks,
        waits_ms=sorted(window.waits_ms),
        cpu_s=cpu,
        failures=window.failures,
        first_failure=window.first_failure,
    )


if __name__ == "__main__":
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(measure(asked))))
