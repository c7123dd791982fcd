"""Uploads whose form is broken or without end, and names that would be paths or headers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from tests.api.hostile.case import Call, Case, accepted, raw, refused
from tests.api.raw import chunk
from tests.files import samples
from tests.files.forms import BOUNDARY, PATH, TYPE, body, field, file, part, send, upload

KIND = field("kind", "image")
UPLOAD = f"POST {PATH} HTTP/1.1"
MEBIBYTE = 1024 * 1024
NAMES = {
    "....//....//etc/passwd": "passwd",
    "..\\\\..\\\\windows\\\\win.ini": "win.ini",
    "\\\\\\\\host\\\\share\\\\a.png": "a.png",
    "file:///etc/passwd": "passwd",
    "https://127.0.0.1/a.png?b": "a.png?b",
    "/": "file.png",
    "...": "file.png",
    " . ": "file.png",
    "~": "~",
    ".htaccess": "htaccess",
    "CON": "CON",
    "a.png:stream": "a.png:stream",
    "$(id).png": "$(id).png",
    "; rm -rf ~": "; rm -rf ~",
    "a.php%00.png": "a.php%00.png",
    "%2e%2e%2fpasswd": "%2e%2e%2fpasswd",
    "<img src=x onerror=alert(1)>": "<img src=x onerror=alert(1)>",
    "' or '1'='1": "' or '1'='1",
    "{{7*7}}": "{{7*7}}",
    "\ufeffa\u200b\u2066b.png": "ab.png",
    "a\x7f\x85b.png": "ab.png",
    "e\u0301" * 300: "é" * 255,
    "\U0001f600.png": "\U0001f600.png",
    "a.png\r\n\tb": "a.png b",
    "x" * 1500 + ".png": "x" * 251 + ".png",
}  # fmt: skip


@cache
def picture() -> bytes:
    return file(samples.picture())


def form(*parts: bytes, content_type: str = TYPE) -> Call:
    """Return the call that uploads these parts, before a picture."""
    return lambda target: send(target.client, body(*parts, picture()), content_type=content_type)


def whole(content: bytes, content_type: str = TYPE) -> Call:
    return lambda target: send(target.client, content, content_type=content_type)


def fields() -> Iterator[Case]:
    yield refused("a field named __proto__", form(KIND, field("__proto__", "x")), "__proto__")
    yield refused("a field named file[]", form(KIND, field("file[]", "x")), "file[]")
    yield refused("an unprintable field", form(KIND, field("x\x00y", "red")), "part")
    yield refused("a field that turns text around", form(KIND, field("\u202eelif", "red")), "part")
    yield refused("a field with an endless name", form(KIND, field("x" * 1500, "red")), "x" * 100)
    yield refused("a field without end", form(field("kind", "i" * 5000)), "kind")
    yield refused("a kind with NUL", form(field("kind", "image\0")), "kind")
    yield refused("a kind in other letters", form(field("kind", "ｉｍａｇｅ")), "kind")
    yield refused("a kind that is a path", form(field("kind", "../image")), "kind")
    yield refused("a kind of other bytes", form(field("kind", b"\xff\xfe")), "kind")
    yield refused("a kind that is a file", form(part('form-data; name="kind"; filename="a.png"', b"<image>")), "kind")
    yield refused("a model with NUL", form(KIND, field("model", "demanding\0")), "model")
    yield refused("a model that is a path", form(KIND, field("model", "../../catalog/demanding")), "model")
    yield refused("a trace with NUL", form(KIND, field("client_request_id", "a\0b")), "client_request_id")
    yield refused("a trace of other bytes", form(KIND, field("client_request_id", b"\xff\xfe")), "client_request_id")
    yield refused("parts without names", whole(body(*[part("form-data", b"x")] * 500)), "part")
    yield refused("no parts at all", whole(body()), "kind")
    yield refused("two kinds", form(KIND, field("kind", "video")), "kind")
    yield refused("two files", form(KIND, picture()), "file")
    yield refused("1000 fields of one name", form(*[KIND] * 1000), "kind")
    yield refused(
        "a field for a file", whole(body(KIND, field("file", b""))), "file", status=415, code="file_type_rejected"
    )
    nested = part('form-data; name="kind"', b"--y\r\n\r\nimage\r\n--y--", "Content-Type: multipart/mixed; boundary=y")
    yield refused("a form within a field", form(nested), "kind")
    mixed = part(
        'form-data; name="file"',
        b"--y\r\n\r\n" + samples.picture() + b"\r\n--y--",
        "Content-Type: multipart/mixed; boundary=y",
    )
    yield refused("a form within the file", whole(body(KIND, mixed)), "file", status=415, code="file_type_rejected")


def syntax() -> Iterator[Case]:
    good = body(KIND, picture())
    bodies = {
        "nothing": b"",
        "no boundary in it": b"x" * 100_000,
        "no closing boundary": KIND + picture(),
        "one boundary": f"--{BOUNDARY}\r\n".encode(),
        "line feeds alone": good.replace(b"\r\n", b"\n"),
        "another disposition": body(part("attachment; name=kind", b"image"), picture()),
        "no disposition": f"--{BOUNDARY}\r\n\r\nimage\r\n--{BOUNDARY}--\r\n".encode(),
        "many headers in a part": body(part('form-data; name="kind"', b"image", *["X-More: y"] * 50), picture()),
        "a long header in a part": body(part('form-data; name="kind"', b"image", "X-More: " + "y" * 9000)),
        "a header without end": f"--{BOUNDARY}\r\n".encode() + b"X-More: " + b"y" * 200_000,
        "a header of other bytes": body(KIND, part('form-data; name="kind"\udcff', b"x")),
        "a header without a colon": body(part('form-data; name="kind"', b"image", "nonsense"), picture()),
        "a folded header": body(part('form-data;\r\n name="kind"', b"image", "nonsense"), picture()),
        "NUL in a header": body(part('form-data; name="kind"', b"image", "X-More: \0", "nonsense"), picture()),
        "a length that is wrong": body(part('form-data; name="kind"', b"image", "Content-Length: 99"), picture()),
        "a line break in the file's name": body(KIND, file(samples.picture(), name="a\r\n.png")),
        "an endless name of the file": body(KIND, file(samples.picture(), name="x" * 10_000)),
        "JSON": b'{"kind": "image", "file": "iVBORw0KGgo="}',
    }
    for name, content in bodies.items():
        yield refused(f"a form of {name}", whole(content))
    for cut in (4, 40, 200, len(good) // 2, len(good) - 2):
        yield refused(f"a form that lacks its last {cut} bytes", whole(good[:-cut]))
    types = (
        "application/json", "multipart/mixed; boundary=x", "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; charset=utf-8",
        "multipart/form-data; boundary=" + "x" * 71, "multipart/form-data; boundary=" + "x" * 30_000, 'multipart/form-data; boundary="a\tb"', "text/plain",
        ";;;", "multipart/form-data boundary=x", "multipart/form-data; boundary=é", "multipart/form-data" + ";" * 20_000, "application/x-www-form-urlencoded",
    )  # fmt: skip
    for content_type in types:
        yield refused(f"the type {content_type[:50]!r}", form(KIND, content_type=content_type), "Content-Type")
    yield refused("no type", raw(UPLOAD, b"Content-Length: 4", body=[b"abcd"]), "Content-Type")


def sizes() -> Iterator[Case]:
    typed = f"Content-Type: {TYPE}".encode()
    too_large = {"status": 413, "code": "file_too_large"}
    yield refused(
        "a terabyte that is announced", raw(UPLOAD, typed, b"Content-Length: 1000000000000"), "file", **too_large
    )
    yield refused(
        "a terabyte that waits to be asked for",
        raw(UPLOAD, typed, b"Expect: 100-continue", b"Content-Length: 1000000000000"),
        "file",
        **too_large,
    )
    yield refused("a picture of 11 MB", whole(body(KIND, file(bytes(11 * MEBIBYTE)))), "file", **too_large)
    endless = [chunk(KIND + picture()[:-2]), *([chunk(bytes(MEBIBYTE))] * 60)]
    yield refused(
        "a picture in chunks without end",
        raw(UPLOAD, typed, b"Transfer-Encoding: chunked", body=endless),
        "file",
        **too_large,
    )
    yield refused(
        "a picture in single bytes",
        raw(
            UPLOAD,
            typed,
            b"Transfer-Encoding: chunked",
            body=[b"".join(chunk(bytes([b])) for b in KIND) * 4, chunk(b"")],
        ),
        "kind",
    )


def names() -> Iterator[Case]:
    for given, kept in NAMES.items():
        yield accepted(
            f"the name {given[:40]!r}",
            lambda target, given=given: upload(target.client, samples.picture(), name=given),
            201,
            file_name=kept,
        )
    header = 'form-data; name="file"; filename="a.png"\r\nX-Injected: 1\r\nContent-Type: text/html'
    yield accepted(
        "a name that becomes headers",
        whole(body(KIND, part(header, samples.picture()))),
        201,
        file_name="a.png",
        mime_type="image/png",
    )
    star = "form-data; name=\"file\"; filename*=UTF-8''..%2f..%2fpasswd"
    yield accepted(
        "a name in the extended form", whole(body(KIND, part(star, samples.picture()))), 201, file_name="file.png"
    )


CASES = [*fields(), *syntax(), *sizes(), *names()]
