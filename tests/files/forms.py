"""Multipart bodies, made by hand so that they can be made wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.running import Answer, Client

PATH = "/api/v1/files"
BOUNDARY = "a-boundary-of-tests"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def field(name: str, value: str | bytes) -> bytes:
    return part(f'form-data; name="{name}"', value if isinstance(value, bytes) else value.encode())


def file(content: bytes, *, name: str = "a.png", declared: str = "application/octet-stream") -> bytes:
    return part(f'form-data; name="file"; filename="{name}"', content, f"Content-Type: {declared}")


def part(disposition: str, content: bytes, *headers: str) -> bytes:
    head = "\r\n".join([f"--{BOUNDARY}", f"Content-Disposition: {disposition}", *headers, "", ""])
    return head.encode("utf-8", "surrogateescape") + content + b"\r\n"


def body(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def send(client: Client, content: bytes, *, key: str | None = None, content_type: str = TYPE) -> Answer:
    headers = {"Content-Type": content_type, **({"Idempotency-Key": key} if key is not None else {})}
    return client.call("POST", PATH, content, headers=headers)


def upload(
    client: Client,
    content: bytes,
    *,
    kind: str = "image",
    name: str = "a.png",
    declared: str = "application/octet-stream",
    key: str | None = None,
    fields: Mapping[str, str] | Sequence[tuple[str, str]] = (),
) -> Answer:
    """Upload a file as a well-behaved client does."""
    more = [field(name, value) for name, value in dict(fields).items()]
    return send(client, body(field("kind", kind), *more, file(content, name=name, declared=declared)), key=key)


def uploaded(client: Client, content: bytes, **more: Any) -> Any:
    """Upload a file; return its object."""
    answer = upload(client, content, **more)
    assert answer.status == 201, answer.body
    return answer.json
