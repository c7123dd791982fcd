"""POST /api/v1/files: every refusal, and the files that somebody made to do harm."""

from __future__ import annotations

import io
import socket
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from rivya.catalog.loader import load
from rivya.files.routes import limits
from rivya.kit.ids import AccountId
from tests.api.conftest import Installation
from tests.api.raw import chunk
from tests.api.raw import send as send_raw
from tests.files import samples
from tests.files.forms import BOUNDARY, PATH, TYPE, body, field, file, part, send, upload, uploaded
from tests.running import Answer, Client

PICTURE = samples.picture()
KIND = field("kind", "image")
MP4 = samples.video("mp4")
FASTSTART = samples.video("mp4", seconds=4, options={"movflags": "faststart"})


def refusal(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["error"]["code"]


def complaint(answer: Answer) -> tuple[int, str, str | None]:
    return *refusal(answer), answer.json["error"].get("param")


@pytest.fixture(autouse=True)
def nothing_is_kept(account: AccountId, installation: Installation) -> None:
    yield  # type: ignore[misc]
    assert installation.sql("select 1 from uploads where account_id = $1", account) == []
    folder = installation.rivya.folder / "data"
    assert list((folder / "uploads").iterdir()) == []


# Who calls


def test_a_call_without_a_key_is_refused(installation: Installation) -> None:
    assert refusal(upload(Client(installation.base_url), PICTURE)) == (401, "api_key_missing")


def test_uploading_needs_its_scope(make_client: Callable[..., Client]) -> None:
    assert refusal(upload(make_client(scopes=("files:read",)), PICTURE)) == (403, "api_scope_denied")


def test_a_large_upload_without_a_key_hears_why(installation: Installation) -> None:
    content = samples.with_padding(MP4, 20 * samples.MEBIBYTE)
    assert refusal(upload(Client(installation.base_url), content, kind="video")) == (401, "api_key_missing")


# The form


@pytest.mark.parametrize(
    ("content", "param"),
    [
        pytest.param(body(file(PICTURE)), "kind", id="no kind"),
        pytest.param(body(KIND), "file", id="no file"),
        pytest.param(body(), "kind", id="no parts"),
        pytest.param(body(field("kind", "document"), file(PICTURE)), "kind", id="an unknown kind"),
        pytest.param(body(field("kind", ""), file(PICTURE)), "kind", id="an empty kind"),
        pytest.param(body(KIND, KIND, file(PICTURE)), "kind", id="two kinds"),
        pytest.param(body(KIND, file(PICTURE), file(PICTURE)), "file", id="two files"),
        pytest.param(body(KIND, field("colour", "red"), file(PICTURE)), "colour", id="an unknown field"),
        pytest.param(body(KIND, field("x\x00y", "red"), file(PICTURE)), "part", id="an unprintable field"),
        pytest.param(body(KIND, field("model", "no-such-model"), file(PICTURE)), "model", id="an unknown model"),
        pytest.param(body(KIND, field("model", "scripted"), file(PICTURE)), "kind", id="a model without files"),
        pytest.param(
            body(field("kind", "audio"), field("model", "demanding"), file(PICTURE)), "kind", id="not the model's kind"
        ),
        pytest.param(
            body(KIND, field("client_request_id", "x" * 129), file(PICTURE)), "client_request_id", id="a long trace id"
        ),
        pytest.param(
            body(KIND, field("client_request_id", "a\x00b"), file(PICTURE)), "client_request_id", id="a trace with NUL"
        ),
        pytest.param(
            body(KIND, field("client_request_id", b"\xff\xfe"), file(PICTURE)), "client_request_id", id="not UTF-8"
        ),
        pytest.param(body(field("kind", "i" * 5000), file(PICTURE)), "kind", id="a field without end"),
        pytest.param(b"".join([KIND, file(PICTURE)]), None, id="no closing boundary"),
        pytest.param(body(KIND, file(PICTURE))[:-40], None, id="cut short"),
        pytest.param(b"", None, id="an empty body"),
        pytest.param(b"x" * 100_000, None, id="no boundary in the body"),
        pytest.param(body(part("attachment; name=kind", b"image"), file(PICTURE)), None, id="another disposition"),
        pytest.param(
            body(part('form-data; name="kind"', b"image", *["X-More: y"] * 50), file(PICTURE)), None, id="many headers"
        ),
        pytest.param(body(part('form-data; name="kind"', b"image", "X-More: " + "y" * 9000)), None, id="a long header"),
        pytest.param(f"--{BOUNDARY}\r\n".encode() + b"X-More: " + b"y" * 200_000, None, id="a header without end"),
        pytest.param(body(*[part("form-data", b"x")] * 500), "part", id="parts without names"),
        pytest.param(body(KIND, part('form-data; name="kind"\udcff', b"x")), None, id="a header of other bytes"),
        pytest.param(
            body(part('form-data; name="kind"', b"image", "Content-Length: 99"), file(PICTURE)),
            None,
            id="a length that is wrong",
        ),
    ],
)
def test_a_form_that_is_not_as_documented_is_refused(client: Client, content: bytes, param: str | None) -> None:
    status, code, named = complaint(send(client, content))
    assert (status, code) == (400, "validation_failed")
    assert named == param


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "multipart/mixed; boundary=x",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "x" * 71,
        'multipart/form-data; boundary="a\tb"',
        "multipart/form-data; charset=utf-8",
        "text/plain",
        ";;;",
    ],
)
def test_a_body_of_another_type_is_refused(client: Client, content_type: str) -> None:
    answer = send(client, body(KIND, file(PICTURE)), content_type=content_type)
    assert complaint(answer) == (400, "validation_failed", "Content-Type")


def test_a_body_without_a_type_is_refused(client: Client) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nAuthorization: Bearer {client.key}\r\nContent-Length: 4"
    answer = send_raw(client.base_url, head, [b"abcd"])
    assert (answer.status, answer.json["error"]["code"]) == (400, "validation_failed")


def test_a_client_that_goes_away_leaves_nothing(client: Client, account: AccountId, installation: Installation) -> None:
    address = urlsplit(client.base_url)
    with socket.create_connection((address.hostname, address.port)) as connection:
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {client.key}\r\nIdempotency-Key: gone\r\n"
        connection.sendall(f"{head}Content-Type: {TYPE}\r\nContent-Length: 100000\r\n\r\n".encode() + KIND)
        time.sleep(0.3)
    time.sleep(0.3)
    assert installation.sql("select 1 from files where account_id = $1", account) == []
    assert upload(client, PICTURE, key="gone").status == 201


# Too large


@pytest.mark.parametrize("kind", ["image", "audio"])
def test_a_file_beyond_the_limit_of_its_kind_is_too_large(client: Client, kind: str) -> None:
    answer = upload(client, PICTURE + b"\0" * (10 * samples.MEBIBYTE), kind=kind)
    assert complaint(answer) == (413, "file_too_large", "file")
    assert str(10 * samples.MEBIBYTE) in answer.json["error"]["message"]


def test_a_video_beyond_its_limit_is_too_large(client: Client) -> None:
    content = samples.with_padding(MP4, 50 * samples.MEBIBYTE + 1)
    assert refusal(upload(client, content, kind="video")) == (413, "file_too_large")


def test_a_file_is_too_large_also_when_its_kind_comes_last(client: Client) -> None:
    content = body(file(PICTURE + b"\0" * (10 * samples.MEBIBYTE)), KIND)
    assert refusal(send(client, content)) == (413, "file_too_large")


def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_sent(client: Client) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nAuthorization: Bearer {client.key}\r\nContent-Type: {TYPE}\r\n"
    answer = send_raw(client.base_url, f"{head}Expect: 100-continue\r\nContent-Length: 99999999999")
    assert (answer.status, answer.json["error"]["code"]) == (413, "file_too_large")


def test_a_body_without_a_length_is_refused_as_soon_as_the_limit_is_passed(client: Client) -> None:
    """The answer comes while the body is still on its way: it never ends."""
    address = urlsplit(client.base_url)
    assert address.hostname is not None
    with socket.create_connection((address.hostname, address.port or 80), timeout=20) as connection:
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {client.key}\r\nContent-Type: {TYPE}\r\n"
        connection.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        connection.sendall(chunk(KIND + field("model", "demanding") + file(PICTURE)[:-2]))
        for _ in range(11):
            connection.sendall(chunk(b"\0" * samples.MEBIBYTE))
        assert connection.recv(1000).startswith(b"HTTP/1.1 413 ")


def test_what_stands_before_the_first_part_counts_as_well(client: Client) -> None:
    most = limits(load()).widest(None)
    content = b"x" * (most + samples.MEBIBYTE) + b"\r\n" + body(KIND, file(PICTURE))
    assert refusal(send(client, content)) == (413, "file_too_large")


# Not what it should be


def zipped() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.png", PICTURE)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param(b"", "image", id="an empty file"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "image", id="a signature alone"),
        pytest.param(PICTURE[:50], "image", id="a truncated picture"),
        pytest.param(samples.picture("JPEG", (640, 480))[:2000], "image", id="a truncated jpeg"),
        pytest.param(zipped(), "image", id="a zip"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "image", id="svg"),
        pytest.param(b"<!doctype html><script>alert(1)</script>", "image", id="html"),
        pytest.param(b"<html>" + PICTURE, "image", id="html before a picture"),
        pytest.param(zipped() + PICTURE, "image", id="a zip before a picture"),
        pytest.param(samples.picture("GIF"), "image", id="gif"),
        pytest.param(samples.picture("BMP"), "image", id="bmp"),
        pytest.param(samples.picture("TIFF"), "image", id="tiff"),
        pytest.param(samples.png_that_claims(50_000, 50_000), "image", id="a picture of 2500 megapixels"),
        pytest.param(samples.png_that_claims(10_001, 10_000), "image", id="a picture just beyond 100 megapixels"),
        pytest.param(samples.png_that_claims(0x7FFFFFFF, 1), "image", id="a picture of one endless row"),
        pytest.param(b"RIFF\xff\xff\xff\xffWEBPVP8X" + bytes(40), "image", id="a webp of nothing"),
        pytest.param(MP4[: len(MP4) // 2], "video", id="a truncated mp4"),
        pytest.param(FASTSTART[: len(FASTSTART) // 2], "video", id="a truncated mp4 with its index first"),
        pytest.param(MP4[:64] + bytes(2000) + MP4[2064:], "video", id="an mp4 with a hole"),
        pytest.param(b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "video", id="a playlist of local files"),
        pytest.param(b"ffconcat version 1.0\nfile /etc/passwd\n", "video", id="a list of files to join"),
        pytest.param(samples.video("matroska"), "video", id="matroska"),
        pytest.param(samples.video("avi", codec="mpeg4"), "video", id="avi"),
        pytest.param(samples.sound("flac", codec="flac"), "audio", id="flac"),
        pytest.param(b"\xff\xfb\x90\x00" + bytes(5000), "audio", id="an mp3 of nothing"),
        pytest.param(b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + bytes(100), "audio", id="a tag without end"),
        pytest.param(b"RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff" + bytes(40), "audio", id="a wav of nothing"),
        pytest.param(b"OggS" + bytes(500), "audio", id="an ogg of nothing"),
        pytest.param(b"\x1aE\xdf\xa3\x9f\x42\x82\x84webm" + b"\xff" * 500, "video", id="a webm of nothing"),
        pytest.param(b"\x00\x00\x00\x18ftypheic\0\0\0\0mif1heic", "image", id="heic"),
        pytest.param(PICTURE, "video", id="a picture as video"),
        pytest.param(PICTURE, "audio", id="a picture as audio"),
        pytest.param(MP4, "image", id="a video as picture"),
        pytest.param(MP4, "audio", id="a video as audio"),
        pytest.param(samples.sound(), "video", id="sound as video"),
        pytest.param(samples.sound("mp4", codec="aac"), "video", id="an mp4 without pictures as video"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_refused(client: Client, content: bytes, kind: str) -> None:
    answer = upload(client, content, kind=kind, name="a.png", declared="image/png")
    assert complaint(answer) == (415, "file_type_rejected", "file")
    assert "Traceback" not in answer.body.decode()


def test_a_refusal_says_what_the_file_is_and_what_is_accepted(client: Client) -> None:
    message = upload(client, MP4, kind="image").json["error"]["message"]
    assert "video/mp4" in message
    assert "image/png" in message


def test_a_picture_with_something_behind_it_is_served_as_a_picture_only(client: Client) -> None:
    made = uploaded(client, PICTURE + b"<script>alert(1)</script>" + zipped(), name="a.html", declared="text/html")
    headers = Client(client.base_url).get(made["url"]).headers
    assert headers["content-type"] == "image/png"
    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["content-security-policy"]


def test_a_tiny_file_that_is_a_large_picture_costs_no_time(client: Client) -> None:
    began = time.monotonic()
    upload(client, samples.png_that_claims(50_000, 50_000))
    assert time.monotonic() - began < 5


def test_nothing_refused_reaches_the_store(client: Client, account: AccountId, installation: Installation) -> None:
    upload(client, b"<svg>")
    upload(client, MP4, kind="audio")
    folder: Path = installation.rivya.folder / "data" / "objects" / "files" / account
    assert not folder.exists()
