"""POST /api/v1/files: what is accepted, and what the answer says."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import pytest

from rivya.kit.ids import AccountId, is_id
from tests.api.conftest import Installation
from tests.api.raw import chunk
from tests.api.raw import send as send_raw
from tests.files import samples
from tests.files.forms import PATH, TYPE, body, field, file, send, upload, uploaded
from tests.running import Client


def test_an_upload_is_answered_with_its_file(client: Client) -> None:
    content = samples.picture()
    answer = upload(client, content, name="hill.png")
    assert answer.status == 201
    made = answer.json
    assert is_id("file", made["id"])
    assert answer.headers["location"] == f"{PATH}/{made['id']}"
    assert {name: value for name, value in made.items() if name not in ("id", "url", "created_at", "expires_at")} == {
        "object": "file",
        "kind": "image",
        "file_name": "hill.png",
        "mime_type": "image/png",
        "size_bytes": len(content),
        "duration_seconds": None,
        "duration_token": None,
    }


def test_the_link_of_a_file_leads_to_its_content(client: Client) -> None:
    content = samples.picture("JPEG")
    made = uploaded(client, content)
    answer = Client(client.base_url).get(made["url"])
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, content, "image/jpeg")


def test_a_file_is_kept_for_thirty_days(client: Client) -> None:
    made = uploaded(client, samples.picture())
    created, expires = (datetime.fromisoformat(made[name]) for name in ("created_at", "expires_at"))
    assert expires - created == timedelta(days=30)
    assert abs(created.timestamp() - time.time()) < 60


@pytest.mark.parametrize(
    ("content", "kind", "mime_type"),
    [
        pytest.param(samples.picture("PNG"), "image", "image/png", id="png"),
        pytest.param(samples.picture("JPEG"), "image", "image/jpeg", id="jpeg"),
        pytest.param(samples.picture("WEBP"), "image", "image/webp", id="webp"),
        pytest.param(samples.video("mp4"), "video", "video/mp4", id="mp4"),
        pytest.param(samples.video("mp4", sound="aac"), "video", "video/mp4", id="mp4 with sound"),
        pytest.param(samples.video("mov"), "video", "video/quicktime", id="mov"),
        pytest.param(samples.video("webm", codec="libvpx"), "video", "video/webm", id="webm"),
        pytest.param(
            samples.video("mp4", options={"movflags": "frag_keyframe+empty_moov"}),
            "video",
            "video/mp4",
            id="fragmented mp4",
        ),
        pytest.param(samples.sound("mp3"), "audio", "audio/mpeg", id="mp3"),
        pytest.param(samples.sound("ipod", codec="aac"), "audio", "audio/mp4", id="m4a"),
        pytest.param(samples.sound("mp4", codec="aac"), "audio", "audio/mp4", id="mp4 without pictures"),
        pytest.param(samples.sound("adts", codec="aac"), "audio", "audio/aac", id="aac"),
        pytest.param(samples.sound("ogg", codec="libopus"), "audio", "audio/ogg", id="ogg"),
        pytest.param(samples.sound("wav", codec="pcm_s16le"), "audio", "audio/wav", id="wav"),
    ],
)
def test_every_type_of_the_contract_is_accepted(client: Client, content: bytes, kind: str, mime_type: str) -> None:
    made = uploaded(client, content, kind=kind)
    assert made["mime_type"] == mime_type
    if kind != "image":
        assert made["duration_seconds"] == pytest.approx(1.0, abs=0.06)
        assert made["duration_token"]


def test_neither_the_name_nor_the_declared_type_decides(client: Client) -> None:
    made = uploaded(client, samples.picture("WEBP"), name="clip.mp4", declared="video/mp4")
    assert (made["kind"], made["mime_type"], made["file_name"]) == ("image", "image/webp", "clip.mp4")
    assert ".webp?" in made["url"]


def test_the_fields_may_come_after_the_file(client: Client) -> None:
    answer = send(client, body(file(samples.picture()), field("kind", "image"), field("client_request_id", "mine")))
    assert answer.status == 201


def test_a_client_request_id_is_kept(client: Client, account: AccountId, installation: Installation) -> None:
    uploaded(client, samples.picture(), fields={"client_request_id": "mine"})
    rows = installation.sql("select client_request_id from files where account_id = $1", account)
    assert rows[0][0] == "mine"


def test_a_body_in_chunks_without_a_length_is_accepted(client: Client) -> None:
    content = body(field("kind", "image"), file(samples.picture()))
    head = f"POST {PATH} HTTP/1.1\r\nAuthorization: Bearer {client.key}\r\nContent-Type: {TYPE}\r\n"
    parts = [chunk(content[at : at + 7]) for at in range(0, len(content), 7)]
    answer = send_raw(client.base_url, f"{head}Transfer-Encoding: chunked", [*parts, b"0\r\n\r\n"])
    assert answer.status == 201


def test_a_boundary_in_quotes_and_an_epilogue_are_accepted(client: Client) -> None:
    content = body(field("kind", "image"), file(samples.picture())) + b"an epilogue\r\n"
    assert send(client, content, content_type=TYPE.replace("boundary=", 'Boundary="') + '"').status == 201


def test_a_file_without_a_name_gets_one(client: Client) -> None:
    answer = send(client, body(field("kind", "image"), field("file", samples.picture())))
    assert answer.json["file_name"] == "file.png"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("C:\\\\Users\\\\me\\\\hill.png", "hill.png"),
        ("../../etc/passwd", "passwd"),
        ("/etc/cron.d/x.png", "x.png"),
        ("..", "file.png"),
        ("", "file.png"),
        ("a\tb.png", "a b.png"),
        ("hill\u202egnp.exe", "hillgnp.exe"),
        ("Hügel 山.png", "Hügel 山.png"),
        ("x" * 300 + ".png", "x" * 251 + ".png"),
        ("a\x00b.png", "ab.png"),
        ("a\x1b[31m.png", "a[31m.png"),
        ("a%22b%0D%0Ac.png", 'a"b c.png'),
    ],
)
def test_a_name_is_only_something_to_show(client: Client, given: str, kept: str) -> None:
    assert uploaded(client, samples.picture(), name=given)["file_name"] == kept


def test_an_upload_creates_no_task_and_costs_nothing(
    client: Client, account: AccountId, installation: Installation
) -> None:
    before = installation.balance(account)
    uploaded(client, samples.picture())
    assert installation.balance(account) == before
    assert installation.sql("select 1 from tasks where account_id = $1", account) == []


def test_the_largest_picture_of_the_contract_is_accepted(client: Client) -> None:
    content = samples.picture() + b"\0" * (10 * samples.MEBIBYTE)
    assert uploaded(client, content[: 10 * samples.MEBIBYTE])["size_bytes"] == 10 * samples.MEBIBYTE


def test_nothing_is_left_in_the_spool(client: Client, installation: Installation) -> None:
    uploaded(client, samples.picture())
    upload(client, b"nothing that is known")
    assert list((installation.rivya.folder / "data" / "uploads").iterdir()) == []
