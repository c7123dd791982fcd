"""A hostile input: what is sent, and what must be answered. Each module of this package is a family of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.api.raw import RawAnswer, exchange
from tests.running import Answer, Client

GENERATIONS = "/api/v1/generations"


@dataclass(frozen=True)
class Target:
    """Who is attacked: ``client`` calls it as an account that could pay, with a key that may do everything."""

    client: Client
    urls: Mapping[str, str]
    """Links and ids that are no good to this account: see tests/api/test_hostile.py."""

    @property
    def base_url(self) -> str:
        return self.client.base_url

    @property
    def authorization(self) -> bytes:
        return f"Authorization: Bearer {self.client.key}\r\n".encode()


Call = Callable[[Target], Answer | RawAnswer]


@dataclass(frozen=True, slots=True)
class Case:
    """``code`` None: the input is harmless, and accepted; the answer's body then holds what ``shows`` says."""

    name: str
    call: Call
    status: int
    code: str | None
    param: str | None = None
    shows: Mapping[str, Any] = field(default_factory=dict[str, Any])


def refused(
    name: str, call: Call, param: str | None = None, *, status: int = 400, code: str = "validation_failed"
) -> Case:
    return Case(name, call, status, code, param)


def missing(name: str, call: Call) -> Case:
    return refused(name, call, status=404, code="not_found")


def accepted(name: str, call: Call, status: int = 200, **shows: Any) -> Case:
    return Case(name, call, status, None, None, shows)


def generation(body: object, **headers: str) -> Call:
    """Return the call that submits a body: bytes as they are, anything else as JSON."""
    return lambda target: target.client.generate(body, headers=headers)


def get(path: str, **headers: str) -> Call:
    return lambda target: target.client.get(path, headers=headers)


def raw(request_line: str, *headers: bytes, body: Iterable[bytes] = ()) -> Call:
    """Return the call that sends these header lines, with a Host, the key and ``Connection: close``; then a body."""
    first = [request_line.encode("latin-1"), b"Host: test", b"Connection: close"]
    return lambda target: exchange(
        target.base_url, [b"\r\n".join([*first, *headers, target.authorization]) + b"\r\n", *body]
    )


def unaided(*parts: bytes) -> Call:
    """Return the call that sends these bytes and nothing else."""
    return lambda target: exchange(target.base_url, parts)
