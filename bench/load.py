"""A small HTTP load generator: keeps N connections busy for some seconds, in a process of its own.

    python -m bench.load URL --connections 32 --seconds 3 < requests.bin

Standard input holds the raw requests, each preceded by its length as four bytes; they are sent in turn. Prints
one JSON object: answers a second, statuses, latencies in milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import cast
from urllib.parse import urlsplit

import uvloop


class Connection(asyncio.Protocol):
    """Sends the next request when an answer is whole."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._buffer = b""
        self._sent_at = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = self._buffer[:head_end].lower()
        if b"transfer-encoding: chunked" in head:
            if not self._buffer.endswith(b"0\r\n\r\n"):
                return
        else:
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._buffer) < head_end + 4 + length:
                return
        self._load.answered(int(head[9:12]), time.perf_counter() - self._sent_at)
        self._buffer = b""
        if self._load.running:
            self._send()
        elif self._transport is not None:
            self._transport.close()

    def _send(self) -> None:
        assert self._transport is not None
        self._sent_at = time.perf_counter()
        self._transport.write(next(self._load.requests))


class Load:
    def __init__(self, requests: Iterator[bytes]) -> None:
        self.requests = requests
        self.running = True
        self._latencies: list[float] = []
        self._statuses: Counter[int] = Counter()

    @property
    def answers(self) -> int:
        return len(self._latencies)

    def answered(self, status: int, latency_s: float) -> None:
        self._statuses[status] += 1
        self._latencies.append(latency_s)

    async def run(self, host: str, port: int, *, connections: int, seconds: float) -> dict[str, object]:
        loop = asyncio.get_running_loop()
        began = time.perf_counter()
        transports = [
            (await loop.create_connection(lambda: Connection(self), host, port))[0] for _ in range(connections)
        ]
        await asyncio.sleep(seconds)
        self.running = False
        took = time.perf_counter() - began
        counted = self.answers
        # Each connection closes when its last answer is there: nothing is left in work behind our back.
        give_up_at = began + seconds + 60
        while any(not transport.is_closing() for transport in transports):
            assert time.perf_counter() < give_up_at, "answers are missing"
            await asyncio.sleep(0.01)
        ordered = sorted(self._latencies)
        return {
            "per_second": counted / took,
            "statuses": dict(self._statuses),
            "p50_ms": 1000 * ordered[len(ordered) // 2] if ordered else None,
            "p99_ms": 1000 * ordered[len(ordered) * 99 // 100] if ordered else None,
        }


def _read_requests(raw: bytes) -> list[bytes]:
    requests: list[bytes] = []
    at = 0
    while at < len(raw):
        length = int.from_bytes(raw[at : at + 4])
        requests.append(raw[at + 4 : at + 4 + length])
        at += 4 + length
    return requests


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--connections", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    given = parser.parse_args()
    target = urlsplit(given.url)
    load = Load(itertools.cycle(_read_requests(sys.stdin.buffer.read())))
    answer = uvloop.run(
        load.run(
            target.hostname or "127.0.0.1", target.port or 80, connections=given.connections, seconds=given.seconds
        )
    )
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
