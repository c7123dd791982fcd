"""HTTP as bytes, for what a well-behaved client library would not send."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_PATIENCE_S = 20


@dataclass
class RawAnswer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def send(base_url: str, head: str, body: Iterable[bytes] = ()) -> RawAnswer:
    """Send a request line with headers, then the parts of the body, and return the answer.

    The body is cut short when the server answers before it has been sent whole.
    """
    return exchange(base_url, [head.encode("latin-1") + b"\r\nHost: test\r\nConnection: close\r\n\r\n", *body])


def exchange(base_url: str, parts: Iterable[bytes]) -> RawAnswer:
    """Send these bytes as they are, until they have an answer; return the first that is final."""
    address = urlsplit(base_url)
    assert address.hostname is not None
    with socket.create_connection((address.hostname, address.port or 80), timeout=_PATIENCE_S) as connection:
        try:
            for part in parts:
                connection.sendall(part)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return _parsed(_all_of(connection))


def chunk(content: bytes) -> bytes:
    """Return a part of a body in the chunked transfer coding."""
    return f"{len(content):x}\r\n".encode() + content + b"\r\n"


def _all_of(connection: socket.socket) -> bytes:
    received = bytearray()
    while True:
        try:
            part = connection.recv(65536)
        except ConnectionResetError:
            break
        if not part:
            break
        received += part
    return bytes(received)


def _parsed(answer: bytes) -> RawAnswer:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    status = int(first.split(" ")[1])
    if status < 200:  # such as 100 Continue
        return _parsed(body)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return RawAnswer(status, headers, body[: int(headers.get("content-length", len(body)))])
