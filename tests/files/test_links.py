"""Signed links to media."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rivya.files.links import MediaLinks

LINKS = MediaLinks(base_url="https://media.example.com/here", key=b"secret", lives_s=60)
KEY = "results/acct_1/task_1/1-0.png"


def parts(url: str) -> tuple[str, str]:
    query = parse_qs(urlsplit(url).query)
    return query["expires"][0], query["signature"][0]


def test_a_link_is_good_until_the_second_at_which_it_expires() -> None:
    expires, signature = parts(LINKS.sign(KEY, now=1000))
    assert LINKS.check(KEY, expires=expires, signature=signature, now=1059.9)
    assert not LINKS.check(KEY, expires=expires, signature=signature, now=1060)


def test_a_signature_is_for_one_object() -> None:
    expires, signature = parts(LINKS.sign(KEY))
    assert not LINKS.check(KEY + "x", expires=expires, signature=signature)


def test_the_object_of_our_own_link_is_found() -> None:
    assert LINKS.key_of(LINKS.sign(KEY)) == KEY


def test_the_object_of_an_expired_link_is_not_found() -> None:
    assert LINKS.key_of(LINKS.sign(KEY, now=0)) is None


def test_the_object_of_a_link_to_another_host_is_not_found() -> None:
    assert LINKS.key_of(LINKS.sign(KEY).replace("media.example.com", "evil.example.com")) is None


def test_a_link_of_another_installation_is_not_ours() -> None:
    other = MediaLinks(base_url="https://media.example.com/here", key=b"another", lives_s=60)
    assert LINKS.key_of(other.sign(KEY)) is None


def test_a_link_is_ours_by_how_it_begins() -> None:
    assert LINKS.is_ours(LINKS.sign(KEY, now=0))
    assert LINKS.is_ours("HTTPS://Media.Example.com/here/media/")
    for url in ("https://media.example.com/media/a", "https://evil.example/https://media.example.com/here/media/"):
        assert not LINKS.is_ours(url)


@pytest.mark.parametrize("url", ["https://[", "//[::1/x", "https://[x]y/", "https://\u2100.example/"])
def test_what_is_no_url_at_all_is_judged_too(url: str) -> None:
    assert LINKS.key_of(url) is None
    assert not LINKS.is_ours(url)


@given(some.text(), some.text())
def test_no_made_up_signature_is_good(expires: str, signature: str) -> None:
    assert not LINKS.check(KEY, expires=expires, signature=signature)


@given(some.text())
def test_any_url_is_judged_without_an_error(url: str) -> None:
    assert LINKS.key_of(url) is None
    assert LINKS.key_of("https://media.example.com/here/media/" + url) is None
