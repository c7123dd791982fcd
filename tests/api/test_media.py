"""/media: signed links, ranges, and what a link does not lead to."""

from __future__ import annotations

import time
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from rivya.files.links import MediaLinks
from rivya.files.routes import wanted_range
from tests.api.conftest import Installation
from tests.api.raw import send
from tests.running import Answer, Client

WEEK_S = 7 * 24 * 3600


@dataclass
class Picture:
    """A result: its link, the object's key, its content."""

    url: str
    key: str
    content: bytes
    anybody: Client

    def get(self, **headers: str) -> Answer:
        return self.anybody.get(self.url, headers=headers)


@pytest.fixture(scope="module")
def picture(installation: Installation) -> Picture:
    client = installation.client(installation.account())
    url = client.ended(client.generate({"model": "scripted"}).json["id"])["result"]["primary_url"]
    anybody = Client(installation.base_url)
    return Picture(url, urlsplit(url).path.removeprefix("/media/"), anybody.get(url).body, anybody)


@pytest.fixture(scope="module")
def links(installation: Installation) -> MediaLinks:
    """Signs as the installation does."""
    return MediaLinks(base_url=installation.base_url, key=b"for tests only", lives_s=WEEK_S)


def test_a_link_needs_no_key(picture: Picture) -> None:
    answer = picture.get()
    assert (answer.status, answer.body[:4]) == (200, b"\x89PNG")


def test_a_link_lives_for_a_week(picture: Picture) -> None:
    expires = int(parse_qs(urlsplit(picture.url).query)["expires"][0])
    assert abs(expires - time.time() - WEEK_S) < 60


def test_a_whole_object_is_told_with_its_length_and_that_ranges_are_served(picture: Picture) -> None:
    headers = picture.get().headers
    assert int(headers["content-length"]) == len(picture.content)
    assert headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [("bytes=0-3", 0, 4), ("bytes=4-", 4, None), ("bytes=-5", -5, None), ("bytes=2-999999999", 2, None)],
)
def test_a_range_is_served_as_partial_content(picture: Picture, header: str, start: int, end: int | None) -> None:
    answer = picture.get(Range=header)
    wanted = picture.content[start:end]
    size = len(picture.content)
    first = start % size
    assert (answer.status, answer.body) == (206, wanted)
    assert answer.headers["content-range"] == f"bytes {first}-{first + len(wanted) - 1}/{size}"
    assert int(answer.headers["content-length"]) == len(wanted)


@pytest.mark.parametrize("header", ["bytes=999999-", "bytes=-0", "bytes=5000000-6000000"])
def test_a_range_beyond_the_end_cannot_be_satisfied(picture: Picture, header: str) -> None:
    answer = picture.get(Range=header)
    assert (answer.status, answer.headers["content-range"]) == (416, f"bytes */{len(picture.content)}")


@pytest.mark.parametrize("header", ["lines=1-2", "bytes=0-1,3-4", "bytes=", "bytes=a-b", "bytes=-", "bytes=5-2"])
def test_a_range_of_a_form_not_served_is_ignored(picture: Picture, header: str) -> None:
    assert picture.get(Range=header).status == 200


@pytest.mark.parametrize(
    ("header", "size", "wanted"),
    [
        (None, 10, (0, 10)),
        ("bytes=0-0", 10, (0, 1)),
        ("bytes=9-", 10, (9, 10)),
        ("bytes=10-", 10, None),
        ("bytes=-3", 10, (7, 10)),
        ("bytes=-30", 10, (0, 10)),
        ("bytes=0-", 0, None),
        (None, 0, (0, 0)),
    ],
)
def test_what_a_range_asks_for(header: str | None, size: int, wanted: tuple[int, int] | None) -> None:
    assert wanted_range(header, size) == wanted


def test_a_head_request_tells_the_length_without_the_content(picture: Picture) -> None:
    """RFC 9110, 9.1: a server must support GET and HEAD; players ask for the length this way."""
    answer = picture.anybody.call("HEAD", picture.url)
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["content-length"]) == len(picture.content)


def test_a_link_with_another_signature_is_not_found(picture: Picture) -> None:
    answer = picture.anybody.get(picture.url[:-4] + "AAAA")
    assert (answer.status, answer.json["error"]["code"]) == (404, "not_found")


def test_a_link_without_a_signature_is_not_found(picture: Picture) -> None:
    assert picture.anybody.get(picture.url.partition("?")[0]).status == 404


def test_a_link_whose_expiry_was_moved_is_not_found(picture: Picture) -> None:
    assert picture.anybody.get(picture.url.replace("expires=1", "expires=2")).status == 404


@pytest.mark.parametrize("expires", ["", "-1", "1e9", "9" * 400, "\u0661\u0662", "%00", "abc"])
def test_an_expiry_that_is_no_time_is_not_found(picture: Picture, expires: str) -> None:
    expires = quote(expires, safe="%")
    assert picture.anybody.get(f"/media/{picture.key}?expires={expires}&signature=x").status == 404


def test_an_expired_link_is_not_found(picture: Picture, links: MediaLinks) -> None:
    expired = links.sign(picture.key, now=time.time() - WEEK_S - 1)
    assert picture.anybody.get(expired).status == 404


def test_a_live_link_signed_elsewhere_with_the_same_key_works(picture: Picture, links: MediaLinks) -> None:
    assert picture.anybody.get(links.sign(picture.key)).body == picture.content


def test_a_link_of_another_installation_is_not_found(picture: Picture, installation: Installation) -> None:
    other = MediaLinks(base_url=installation.base_url, key=b"another key", lives_s=WEEK_S)
    assert picture.anybody.get(other.sign(picture.key)).status == 404


def test_the_link_of_an_object_that_is_no_longer_kept_is_not_found(picture: Picture, links: MediaLinks) -> None:
    answer = picture.anybody.get(links.sign("results/acct_x/task_x/1-0.png"))
    assert (answer.status, answer.json["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "path",
    [
        "/media/../media/{key}",
        "/media/x/../{key}",
        "/media/%2e%2e/objects/{key}",
        "/media/..%2f..%2fsecret.key",
        "/media/%2e%2e/secret.key",
        "/media/%2e%2e%2fsecret.key",
        "/media//etc/passwd",
        "/media/%2fetc%2fpasswd",
        "/media/{key}%00",
        "/media/{key}/",
        "/media/./{key}",
        "/media//{key}",
        "/media/",
        "/media",
    ],
)
def test_a_signature_leads_to_its_own_object_and_nowhere_else(picture: Picture, path: str) -> None:
    target = f"{path.format(key=picture.key)}?{urlsplit(picture.url).query}"
    answer = send(picture.anybody.base_url, f"GET {target} HTTP/1.1")
    assert answer.status == 404 or answer.body == picture.content
    assert answer.status in (200, 404)


@pytest.mark.parametrize("key", ["../secret.key", "results/../../secret.key", "/etc/passwd", "results/./x", "a\x00b"])
def test_even_a_signed_key_does_not_leave_the_store(picture: Picture, links: MediaLinks, key: str) -> None:
    signed = urlsplit(links.sign(key))
    answer = send(picture.anybody.base_url, f"GET {signed.path}?{signed.query} HTTP/1.1")
    assert answer.status >= 400
    assert "error" in answer.json


def test_media_is_never_sniffed_and_runs_nothing(picture: Picture) -> None:
    headers = picture.get().headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["content-type"] == "image/png"


def test_a_part_is_as_guarded_as_the_whole(picture: Picture) -> None:
    headers = picture.get(Range="bytes=0-3").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["content-security-policy"]


def test_media_is_cached_by_the_caller_alone(picture: Picture) -> None:
    assert picture.get().headers["cache-control"].startswith("private")


def test_each_read_makes_a_link_that_lives_from_then_on(installation: Installation) -> None:
    client = installation.client(installation.account())
    task = client.generate({"model": "scripted"}).json["id"]
    first = client.ended(task)["result"]["primary_url"]
    time.sleep(1.1)  # links are signed to the second
    assert client.task(task)["result"]["primary_url"] != first
