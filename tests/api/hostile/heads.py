"""Heads of requests: keys of every wrong form, floods, and what two servers would read in two ways."""

from __future__ import annotations

from collections.abc import Iterator

from tests.api.hostile.case import GENERATIONS, Call, Case, accepted, generation, get, raw, refused, unaided
from tests.running import Client

GET = "GET /api/v1/credits HTTP/1.1"
SUBMIT = f"POST {GENERATIONS} HTTP/1.1"
BODY = b'{"model": "scripted"}'
LENGTH = b"Content-Length: %d" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked"


def with_key(key: str | bytes) -> Call:
    return lambda target: Client(target.base_url).get("/api/v1/credits", headers={"Authorization": key})


def keys() -> Iterator[Case]:
    for header in (
        "",
        "Bearer",
        "Bearer ",
        "Bearer  ",
        "Basic cnZ5YTpz",
        "Token rvya_sk_x",
        "rvya_sk_x",
        "Digest username=x",
        "Bearer\u00a0x",
        "Bearer,x",
    ):
        yield refused(f"the authorization {header!r}", with_key(header), status=401, code="api_key_missing")
    for secret in (
        "rvya_sk_",
        "rvya_sk_" + "0" * 49,
        "rvya_sk_" + "A" * 43,
        "x",
        "null",
        "undefined",
        "' or '1'='1",
        "rvya_sk_%00",
        "a b c",
        "x" * 30_000,
        "../../secret.key",
        "{{key}}",
    ):
        yield refused(f"the key {secret[:30]!r}", with_key(f"Bearer {secret}"), status=401, code="api_key_invalid")
    for secret in (b"\xff\xfe", "rvya_sk_é".encode(), "\U0001f511".encode(), b"\xed\xa0\x80"):
        yield refused(f"the key {secret!r}", with_key(b"Bearer " + secret), status=401, code="api_key_invalid")
    yield refused(
        "a key in the query",
        lambda target: Client(target.base_url).get(
            f"/api/v1/credits?api_key={target.client.key}&access_token={target.client.key}"
        ),
        status=401,
        code="api_key_missing",
    )
    yield refused(
        "a key in a cookie",
        lambda target: Client(target.base_url).get(
            "/api/v1/credits", headers={"Cookie": f"Authorization=Bearer {target.client.key}"}
        ),
        status=401,
        code="api_key_missing",
    )
    yield refused(
        "a key under another name",
        lambda target: Client(target.base_url).get("/api/v1/credits", headers={"X-API-Key": target.client.key or ""}),
        status=401,
        code="api_key_missing",
    )


def idempotency() -> Iterator[Case]:
    for name, key in {
        "256 characters": b"x" * 256,
        "nothing": b"",
        "a tab": b"a\tb",
        "Latin-1": b"\xe9",
        "UTF-8": "ключ".encode(),
        "30,000 characters": b"x" * 30_000,
        "C1 controls": b"a\x85b",
    }.items():
        yield refused(
            f"an Idempotency-Key of {name}",
            raw(SUBMIT, LENGTH, b"Idempotency-Key: " + key, body=[BODY]),
            "Idempotency-Key",
        )


def preferences() -> Iterator[Case]:
    for prefer in (
        "wait",
        "wait=",
        "wait=-1",
        "wait=abc",
        "wait=99999999999999999999",
        "wait=1e9",
        "wait=NaN",
        "wait=1, wait=2",
        'respond-async; x="',
        "=",
        ",,,,",
        "x" * 5000,
    ):
        yield refused(f"Prefer: {prefer[:30]} with a body that is refused", generation({}, Prefer=prefer), "model")


def floods() -> Iterator[Case]:
    small = b"X-%d: a"
    yield accepted("100 headers", raw(GET, *(small % n for n in range(100))))
    yield accepted("a header of 32 KB", raw(GET, b"X-A: " + b"a" * 32_768))
    yield refused("a header of 64 KB", raw(GET, b"X-A: " + b"a" * 65_536))
    yield refused("a header of 4 MB", raw(GET, b"X-A: " + b"a" * 4_000_000))
    yield refused("a header name of 100 KB", raw(GET, b"a" * 100_000 + b": b"))
    yield refused("10,000 headers", raw(GET, *(small % n for n in range(10_000))))
    yield refused("100,000 headers of one name", raw(GET, *([b"Cookie: a=b"] * 100_000)))
    yield refused("headers without end", unaided(GET.encode() + b"\r\nHost: x\r\n", *([b"X-A: b\r\n" * 1000] * 2000)))
    yield refused("a header without end", unaided(GET.encode() + b"\r\nX-A: ", *([b"a" * 65_536] * 300)))
    yield refused("a path without end", unaided(b"GET /", *([b"a" * 65_536] * 300)))
    yield refused("a method without end", unaided(*([b"A" * 65_536] * 300)))
    yield refused("a path of 100 KB", raw("GET /api/v1/models/" + "a" * 100_000 + " HTTP/1.1"))
    yield refused("a query of 100 KB", raw("GET /api/v1/models?" + "a" * 100_000 + " HTTP/1.1"))
    yield refused(
        "trailers without end",
        raw(SUBMIT, CHUNKED, body=[b"15\r\n" + BODY + b"\r\n0\r\n", *([b"X-A: b\r\n" * 1000] * 2000)]),
    )
    yield refused("a chunk's extension without end", raw(SUBMIT, CHUNKED, body=[b"15;a=", *([b"a" * 65_536] * 300)]))
    yield refused("a chunk's size without end", raw(SUBMIT, CHUNKED, body=[b"0" * 65_536] * 300))


def two_readings() -> Iterator[Case]:
    submits = {
        "a length and chunks": (LENGTH, CHUNKED),
        "chunks and a length": (CHUNKED, LENGTH),
        "two lengths": (LENGTH, b"Content-Length: 5"),
        "one length twice": (LENGTH, LENGTH),
        "two lengths in one header": (b"Content-Length: 21, 21",),
        "a negative length": (b"Content-Length: -1",),
        "a length with a plus": (b"Content-Length: +21",),
        "a length in hexadecimal": (b"Content-Length: 0x15",),
        "a length with an underscore": (b"Content-Length: 2_1",),
        "a length in other digits": ("Content-Length: ٢١".encode(),),
        "a length beyond 64 bits": (b"Content-Length: 99999999999999999999",),
        "a length that is empty": (b"Content-Length:",),
        "a coding that nobody knows": (b"Transfer-Encoding: xchunked",),
        "chunks that are not last": (b"Transfer-Encoding: chunked, identity",),
        "chunks and a tab": (b"Transfer-Encoding:\x0bchunked",),
        "two codings": (CHUNKED, b"Transfer-Encoding: identity"),
        "a space before the colon": (b"Transfer-Encoding : chunked",),
        "a folded coding": (b"Transfer-Encoding:\r\n chunked",),
    }
    for name, headers in submits.items():
        yield refused(name, raw(SUBMIT, *headers, body=[BODY, b"0\r\n\r\n"]))
    chunks = {
        "no number": b"zz\r\nabc\r\n",
        "a minus": b"-1\r\n",
        "a size beyond 64 bits": b"f" * 17 + b"\r\n",
        "a wrong end": b"15\r\n" + BODY + b"XX0\r\n\r\n",
        "a line feed alone": b"15\n" + BODY + b"\n0\n\n",
    }
    for name, body in chunks.items():
        yield refused(f"a chunk with {name}", raw(SUBMIT, CHUNKED, body=[body]))


def not_http() -> Iterator[Case]:
    host = b"\r\nHost: x\r\n"
    heads = {
        "a bare line feed": b"GET /api/v1/credits HTTP/1.1\nHost: x\n\n",
        "a folded header": GET.encode() + host + b"X-A: b\r\n c\r\n\r\n",
        "a bare carriage return": GET.encode() + host + b"X-A: b\rX-B: c\r\n\r\n",
        "NUL in a header": GET.encode() + host + b"X-A: b\0c\r\n\r\n",
        "NUL in a header's name": GET.encode() + host + b"X\0A: b\r\n\r\n",
        "a space in a header's name": GET.encode() + host + b"X A: b\r\n\r\n",
        "a line without a colon": GET.encode() + host + b"nonsense\r\n\r\n",
        "a header without a name": GET.encode() + host + b": b\r\n\r\n",
        "an unknown method": b"FOO /api/v1/credits HTTP/1.1" + host + b"\r\n",
        "a method in small letters": b"get /api/v1/credits HTTP/1.1" + host + b"\r\n",
        "an unknown version": b"GET /api/v1/credits HTTP/9.9" + host + b"\r\n",
        "HTTP/2 without being asked": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        "SSH": b"SSH-2.0-x\r\n",
        "SMTP": b"EHLO x\r\n",
        "a PROXY line": b"PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n" + GET.encode() + host + b"\r\n",
        "no path": b"GET  HTTP/1.1" + host + b"\r\n",
        "a query for a path": b"GET ? HTTP/1.1" + host + b"\r\n",
        "a URL without a host": b"GET http:// HTTP/1.1" + host + b"\r\n",
        "a space in the path": b"GET /api/v1/models/a b HTTP/1.1" + host + b"\r\n",
        "bytes beyond ASCII in the path": b"GET /api/v1/models/\xff HTTP/1.1" + host + b"\r\n",
        "UTF-8 in the path": "GET /api/v1/models/é HTTP/1.1".encode() + host + b"\r\n",
        "NUL in the path": b"GET /api/v1/models/\0 HTTP/1.1" + host + b"\r\n",
        "CONNECT": b"CONNECT 127.0.0.1:5432 HTTP/1.1" + host + b"\r\n",
    }
    for name, head in heads.items():
        yield refused(name, unaided(head))
    yield refused(
        "a Host that is markup",
        unaided(b"GET /api/v1/credits HTTP/1.1\r\nHost: <script>@:99999\r\nConnection: close\r\n\r\n"),
    )


def harmless() -> Iterator[Case]:
    yield accepted("HTTP/1.0", raw("GET /api/v1/credits HTTP/1.0"))
    yield accepted("a whole URL in place of a path", raw("GET http://127.0.0.1:1/api/v1/credits HTTP/1.1"))
    yield accepted("a second Host", raw(GET, b"Host: other"))
    yield accepted(
        "headers of proxies",
        get(
            "/api/v1/credits",
            **{
                "X-Forwarded-For": "127.0.0.1",
                "X-Forwarded-Host": "evil.example",
                "X-Forwarded-Proto": "gopher",
                "Forwarded": "for=_x",
            },
        ),
    )
    yield accepted(
        "an upgrade to WebSocket",
        raw(
            GET,
            b"Connection: Upgrade",
            b"Upgrade: websocket",
            b"Sec-WebSocket-Version: 13",
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        ),
    )
    yield accepted(
        "many languages",
        get("/api/v1/credits", **{"Accept-Language": ",".join(["x;q=0.1"] * 1000), "Accept": "*/*," * 1000}),
    )
    yield refused(
        "100 Continue and a body that is refused",
        raw(SUBMIT, b"Expect: 100-continue", b"Content-Length: 2", body=[b"{}"]),
        "model",
    )
    yield refused(
        "an expectation that nobody meets", raw(SUBMIT, b"Expect: 200-ok", b"Content-Length: 2", body=[b"{}"]), "model"
    )


CASES = [*keys(), *idempotency(), *preferences(), *floods(), *two_readings(), *not_http(), *harmless()]
