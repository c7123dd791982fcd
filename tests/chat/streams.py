"""Reads a stream of server-sent events as it comes, over a socket of its own that can be cut."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from tests.running import Client


class EventStream:
    def __init__(self, client: Client, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        parts = urlsplit(client.base_url)
        self.connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        self.connection.request(
            "POST",
            "/api/v1/chat/completions/stream",
            json.dumps(body),
            {"Authorization": f"Bearer {client.key}", "Content-Type": "application/json", **(headers or {})},
        )
        self.answer = self.connection.getresponse()

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        name = ""
        for raw in self.answer:
            line = raw.decode().rstrip("\n")
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                yield name, json.loads(line[6:])

    def cut(self) -> None:
        self.answer.close()
        self.connection.close()


def events(client: Client, body: dict[str, Any], headers: dict[str, str] | None = None) -> list[tuple[str, Any]]:
    stream = EventStream(client, body, headers)
    assert stream.answer.status == 200, stream.answer.read()
    found = list(stream)
    stream.cut()
    return found
