"""Signatures are those of Standard Webhooks: the published package is the judge."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from rivya.webhooks.signing import TOLERANCE_S, BadSecret, BadSignature, new_secret, preview, sign, verify
from tests.docs.pages import blocks, text

EVENT = "evt_01jtxk8w0v6m2c9r4e7h5n3q1z"


def now() -> datetime:
    return datetime.now(UTC)


@given(content=st.text(max_size=300))
def test_the_published_package_verifies_what_is_signed(content: str) -> None:
    secret, body = new_secret(), content.encode()
    Webhook(secret).verify(body, sign([secret], event_id=EVENT, at=now(), body=body), json_parse=False)


def test_the_sample_of_the_page_tells_deliveries_from_others() -> None:
    (sample,) = (block.code for block in blocks(text("webhooks")) if block.language == "python")
    page: dict[str, Any] = {}
    exec(sample, page)
    secret, body = new_secret(), b'{"id": "evt_1"}'
    headers = sign([new_secret(), secret], event_id=EVENT, at=now(), body=body)
    assert page["event_of"](secret, headers, body) == {"id": "evt_1"}
    assert page["event_of"](new_secret(), headers, body) is None
    assert page["event_of"](secret, headers, body + b" ") is None


def test_with_two_secrets_either_verifies_and_a_third_does_not() -> None:
    new, old, other = new_secret(), new_secret(), new_secret()
    headers = sign([new, old], event_id=EVENT, at=now(), body=b"{}")
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (new, old):
        assert Webhook(secret).verify(b"{}", headers) == {}
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(b"{}", headers)


def test_a_secret_is_32_random_bytes_in_base64() -> None:
    one, other = new_secret(), new_secret()
    assert one != other
    assert one.startswith("whsec_")
    assert len(base64.b64decode(one.removeprefix("whsec_"), validate=True)) == 32


def test_a_preview_shows_the_ends_of_a_secret_only() -> None:
    assert preview("whsec_12AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAabc123=") == "whsec_12...abc123"


@given(content=st.text(max_size=300))
def test_what_the_published_package_signs_is_verified(content: str) -> None:
    secret, at = new_secret(), now()
    signature = Webhook(secret).sign(EVENT, at, content)
    headers = {
        "webhook-id": EVENT,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": f"v1,abcd v1a,zz {signature}",
    }
    verify(secret, headers, content.encode(), now=at)


@pytest.mark.parametrize("late_s", [TOLERANCE_S + 1, -TOLERANCE_S - 1])
def test_a_message_from_too_far_away_in_time_is_refused(late_s: int) -> None:
    secret, at = new_secret(), now()
    headers = sign([secret], event_id=EVENT, at=at, body=b"{}")
    with pytest.raises(BadSignature):
        verify(secret, headers, b"{}", now=at + timedelta(seconds=late_s))
    verify(secret, headers, b"{}", now=at + timedelta(seconds=late_s * 0.9))


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-id": "evt_other"},
        {"webhook-timestamp": "1"},
        {"webhook-timestamp": "-1"},
        {"webhook-timestamp": "nan"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-timestamp": "\u0663"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,\udcff"},
        {"webhook-signature": "v1,x " * 1000},
    ],
    ids=repr,
)
def test_a_changed_header_is_refused(changed: dict[str, str]) -> None:
    secret = new_secret()
    headers = sign([secret], event_id=EVENT, at=now(), body=b"{}") | changed
    with pytest.raises(BadSignature):
        verify(secret, headers, b"{}", now=now())


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_refused(missing: str) -> None:
    secret = new_secret()
    headers = sign([secret], event_id=EVENT, at=now(), body=b"{}")
    del headers[missing]
    with pytest.raises(BadSignature):
        verify(secret, headers, b"{}", now=now())


def test_a_changed_body_is_refused() -> None:
    secret = new_secret()
    headers = sign([secret], event_id=EVENT, at=now(), body=b"{}")
    with pytest.raises(BadSignature):
        verify(secret, headers, b"{ }", now=now())


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_short", "whsec_!!!", "x" * 44, "whsec_" + "A" * 8])
def test_what_is_no_secret_signs_nothing(secret: str) -> None:
    with pytest.raises(BadSecret):
        sign([secret], event_id=EVENT, at=now(), body=b"{}")
