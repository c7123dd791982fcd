"""Every status and error code of the API, each by what brings it about."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from rivya.keys.secret import new_secret
from rivya.kit.clock import utc_now
from rivya.kit.ids import AccountId
from rivya.wallet.model import Balance
from tests.api.conftest import Installation
from tests.api.raw import chunk, send
from tests.running import Answer, Client, eventually

PATH = "/api/v1/generations"
MEBIBYTE = 1024 * 1024


def refusal(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["error"]["code"]


def complaint(answer: Answer) -> tuple[int, str, str | None]:
    return *refusal(answer), answer.json["error"].get("param")


def demanding(**params: Any) -> dict[str, Any]:
    return {"model": "demanding", "prompt": "a tree", "params": {"style": "ink", **params}}


def reference(**item: Any) -> dict[str, Any]:
    return demanding(referenceMediaItems=[item])


# Who calls


def test_a_call_without_a_key_is_refused(installation: Installation) -> None:
    assert refusal(Client(installation.base_url).generate({})) == (401, "api_key_missing")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer  ", "Basic abc", "rvya_sk_x", "Token rvya_sk_x"])
def test_an_authorization_of_another_form_counts_as_none(installation: Installation, header: str) -> None:
    answer = Client(installation.base_url).generate({}, headers={"Authorization": header})
    assert refusal(answer) == (401, "api_key_missing")


@pytest.mark.parametrize("secret", ["rvya_sk_x", "sk-123", new_secret(), new_secret()[:-1] + "!", "é" * 57])
def test_a_key_that_is_not_ours_is_invalid(installation: Installation, secret: str) -> None:
    headers = {"Authorization": b"Bearer " + secret.encode()}
    assert refusal(Client(installation.base_url).generate({}, headers=headers)) == (401, "api_key_invalid")


def test_the_word_bearer_may_be_written_in_any_case(installation: Installation, client: Client) -> None:
    answer = Client(installation.base_url).get(f"{PATH}/task_x", headers={"Authorization": f"bEARER {client.key}"})
    assert refusal(answer) == (404, "not_found")


def test_a_revoked_key_is_refused(installation: Installation, account: AccountId) -> None:
    client = installation.client(account)
    assert client.generate({"model": "scripted"}).status == 202
    installation.sql("update api_keys set revoked_at = now() where account_id = $1", account)
    eventually(lambda: client.get(f"{PATH}/task_x").status == 401, within_s=1)
    assert refusal(client.get(f"{PATH}/task_x")) == (401, "api_key_revoked")


def test_an_expired_key_is_refused(installation: Installation, account: AccountId) -> None:
    client = installation.client(account, expires_at=utc_now() - timedelta(seconds=1))
    assert refusal(client.generate({})) == (401, "api_key_expired")


def test_a_key_expires_while_it_is_cached(installation: Installation, account: AccountId) -> None:
    client = installation.client(account, expires_at=utc_now() + timedelta(seconds=0.5))
    assert client.get(f"{PATH}/task_x").status == 404
    eventually(lambda: client.get(f"{PATH}/task_x").status == 401, within_s=3)


def test_a_key_of_a_disabled_account_is_refused(installation: Installation, account: AccountId) -> None:
    client = installation.client(account)
    assert client.get(f"{PATH}/task_x").status == 404
    installation.sql("update accounts set disabled_at = now() where id = $1", account)
    eventually(lambda: client.get(f"{PATH}/task_x").status == 401, within_s=1)
    assert refusal(client.get(f"{PATH}/task_x")) == (401, "api_key_invalid")


def test_creating_needs_its_scope(make_client: Callable[..., Client]) -> None:
    assert refusal(make_client(scopes=("generations:read",)).generate({})) == (403, "api_scope_denied")


def test_reading_needs_its_scope(make_client: Callable[..., Client]) -> None:
    client = make_client(scopes=("generations:create",))
    assert refusal(client.get(f"{PATH}/task_x")) == (403, "api_scope_denied")


def test_the_missing_scope_is_named(make_client: Callable[..., Client]) -> None:
    answer = make_client(scopes=("credits:read",)).generate({})
    assert "generations:create" in answer.json["error"]["message"]


# What is asked for


@pytest.mark.parametrize(
    ("body", "param"),
    [
        pytest.param({}, "model", id="no model"),
        pytest.param({"model": 5}, "model", id="a model that is no string"),
        pytest.param({"model": "no-such-model"}, "model", id="an unknown model"),
        pytest.param({"model": "rivya-mini-chat", "prompt": "hi"}, "model", id="a chat model"),
        pytest.param({"model": "scripted", "files": []}, "files", id="files at the top"),
        pytest.param({"model": "scripted", "colour": "red"}, "colour", id="an unknown field"),
        pytest.param({"model": "scripted", "prompt": 5}, "prompt", id="a prompt that is no string"),
        pytest.param({"model": "demanding", "params": {"style": "ink"}}, "prompt", id="no prompt"),
        pytest.param({**demanding(), "prompt": "   "}, "prompt", id="a blank prompt"),
        pytest.param({**demanding(), "prompt": "x" * 21}, "prompt", id="a prompt too long"),
        pytest.param({"model": "scripted", "prompt": "a\x00b"}, "prompt", id="NUL in the prompt"),
        pytest.param({"model": "scripted", "params": []}, "params", id="params that are no object"),
        pytest.param({"model": "scripted", "params": None}, "params", id="params that are null"),
        pytest.param({"model": "scripted", "params": {"colour": "red"}}, "params.colour", id="an unknown param"),
        pytest.param({"model": "demanding", "prompt": "a tree"}, "params.style", id="a required param missing"),
        pytest.param(demanding(size="huge"), "params.size", id="not one of the options"),
        pytest.param(demanding(size=5), "params.size", id="a select that is no string"),
        pytest.param(demanding(size=None), "params.size", id="a param that is null"),
        pytest.param(demanding(style="x" * 11), "params.style", id="a text too long"),
        pytest.param(demanding(style=5), "params.style", id="a text that is no string"),
        pytest.param(demanding(style="a\x00"), "params.style", id="NUL in a text"),
        pytest.param(demanding(strength="0.5"), "params.strength", id="a number in a string"),
        pytest.param(demanding(strength=True), "params.strength", id="a number that is a boolean"),
        pytest.param(demanding(strength=-0.05), "params.strength", id="a number below its range"),
        pytest.param(demanding(strength=1.05), "params.strength", id="a number above its range"),
        pytest.param(demanding(strength=0.07), "params.strength", id="a number off its steps"),
        pytest.param(demanding(strength=10**30), "params.strength", id="an integer beyond 64 bits"),
        pytest.param(demanding(steps=1e300), "params.steps", id="a number beyond what a step can divide"),
        pytest.param(demanding(tags="ink"), "params.tags", id="an array that is a string"),
        pytest.param(demanding(tags=["a\x00b"]), "params.tags", id="NUL in an array"),
        pytest.param({**demanding(), "client_request_id": "x" * 129}, "client_request_id", id="a trace too long"),
        pytest.param({**demanding(), "client_request_id": "\x00"}, "client_request_id", id="NUL in the trace"),
        pytest.param({**demanding(), "client_request_id": 5}, "client_request_id", id="a trace that is no string"),
    ],
)
def test_a_fault_is_named_by_its_path(client: Client, body: Any, param: str) -> None:
    assert complaint(client.generate(body)) == (400, "validation_failed", param)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        pytest.param(demanding(referenceMediaItems={}), "params.referenceMediaItems", id="not a list"),
        pytest.param(reference(kind="image"), "params.referenceMediaItems", id="no url"),
        pytest.param(
            reference(url="https://example.com/a.png", kind="image"),
            "params.referenceMediaItems[0].url",
            id="a url that is not ours",
        ),
        pytest.param(
            reference(url="https://example.com/a.mp4", kind="video"),
            "params.referenceMediaItems[0].kind",
            id="a kind that the model does not take",
        ),
        pytest.param(reference(url="", kind="image", colour=1), "params.referenceMediaItems", id="an unknown field"),
        pytest.param(
            demanding(referenceMediaItems=[{"url": "", "kind": "image"}] * 3),
            "params.referenceMediaItems",
            id="too many",
        ),
        pytest.param(
            {"model": "rivya-upscale"}, "params.referenceMediaItems", id="none where the model cannot work without"
        ),
        pytest.param(
            {"model": "scripted", "params": {"referenceMediaItems": []}},
            "params.referenceMediaItems",
            id="some where the model takes none",
        ),
    ],
)
def test_a_fault_in_the_references_is_named_by_its_path(client: Client, body: Any, param: str) -> None:
    status, code, named = complaint(client.generate(body))
    assert (status, code) == (400, "validation_failed")
    assert named is not None
    assert named.startswith(param)


def test_a_refused_option_is_answered_with_those_that_are_accepted(client: Client) -> None:
    message = client.generate(demanding(size="huge")).json["error"]["message"]
    assert "small" in message
    assert "large" in message


@pytest.mark.parametrize(
    "body", [b"", b"{", b"model=scripted", b"\xff\xfe", b'{"model": "scripted",}', b'{"model": "\\ud800"}', b"NaN"]
)
def test_a_body_that_is_not_json_is_refused(client: Client, body: bytes) -> None:
    assert refusal(client.generate(body)) == (400, "validation_failed")


@pytest.mark.parametrize("body", [b"[]", b"null", b'"scripted"', b"5"])
def test_a_body_that_is_not_an_object_is_refused(client: Client, body: bytes) -> None:
    assert refusal(client.generate(body)) == (400, "validation_failed")


@pytest.mark.parametrize("depth", [100, 900, 980, 990, 1000, 5000, 100_000])
def test_an_unknown_param_is_refused_however_deep_it_goes(client: Client, depth: int) -> None:
    body = b'{"model": "scripted", "params": {"x": ' + b"[" * depth + b"]" * depth + b"}}"
    assert refusal(client.generate(body)) == (400, "validation_failed")


@pytest.mark.parametrize("depth", [100, 900, 980, 990, 1000, 5000, 100_000])
def test_a_deep_array_is_accepted_or_refused_but_never_our_fault(client: Client, depth: int) -> None:
    tags = b"[" * depth + b"]" * depth
    body = b'{"model": "demanding", "prompt": "x", "params": {"style": "ink", "tags": ' + tags + b"}}"
    answer = client.generate(body)
    assert answer.status in (202, 400)
    if answer.status == 202:
        assert client.ended(answer.json["id"])["status"] == "succeeded"


def test_a_body_of_exactly_one_mebibyte_is_read(client: Client) -> None:
    body = json.dumps({"model": "scripted"}).encode()
    assert client.generate(body + b" " * (MEBIBYTE - len(body))).status == 202


def test_a_body_declared_larger_than_one_mebibyte_is_refused_before_it_is_sent(client: Client) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nAuthorization: Bearer {client.key}\r\nContent-Length: {MEBIBYTE + 1}"
    answer = send(client.base_url, head)
    assert (answer.status, answer.json["error"]["code"]) == (400, "validation_failed")


def test_a_chunked_body_is_refused_once_it_is_larger_than_one_mebibyte(client: Client) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nAuthorization: Bearer {client.key}\r\nTransfer-Encoding: chunked"
    answer = send(client.base_url, head, [chunk(b" " * 65536)] * 17)
    assert (answer.status, answer.json["error"]["code"]) == (400, "validation_failed")


def test_a_chunked_body_is_accepted(client: Client) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nAuthorization: Bearer {client.key}\r\nTransfer-Encoding: chunked"
    answer = send(client.base_url, head, [chunk(b'{"model":'), chunk(b'"scripted"}'), chunk(b"")])
    assert answer.status == 202


def test_a_refused_request_creates_nothing(client: Client, account: AccountId, installation: Installation) -> None:
    client.generate(demanding(size="huge"))
    assert installation.sql("select 1 from tasks where account_id = $1", account) == []


# What stands in the way


def test_a_call_beyond_the_balance_is_refused(make_client: Callable[..., Client]) -> None:
    assert refusal(make_client(credits=1).generate({"model": "scripted"})) == (402, "insufficient_credits")


def test_a_call_beyond_the_balance_creates_nothing(installation: Installation) -> None:
    account = installation.account(credits=1)
    installation.client(account).generate({"model": "scripted"}, headers={"Idempotency-Key": "k"})
    assert installation.balance(account) == Balance(available=1, reserved=0)
    for table in ("tasks", "reservations", "idempotency_keys"):
        assert installation.sql(f"select 1 from {table} where account_id = $1", account) == [], table


def test_credits_are_spent_to_the_last(make_client: Callable[..., Client]) -> None:
    client = make_client(credits=4)
    assert [client.generate({"model": "scripted"}).status for _ in range(3)] == [202, 202, 402]


def test_a_model_without_a_provider_is_not_available(client: Client) -> None:
    answer = client.generate({"model": "rivya-sketch", "prompt": "a tree"})
    assert refusal(answer) == (409, "model_not_available")


# Where there is nothing


@pytest.mark.parametrize("path", ["/nothing", "/api/v1", "/api/v1/generation", "/api/v2/generations", f"{PATH}/a/b/c"])
def test_an_unknown_path_is_not_found(client: Client, path: str) -> None:
    assert refusal(client.get(path)) == (404, "not_found")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_method_that_a_path_does_not_take_is_refused(client: Client, method: str) -> None:
    assert refusal(client.call(method, PATH)) == (405, "method_not_allowed")


def test_a_refused_method_is_answered_with_those_that_are_allowed(client: Client) -> None:
    """RFC 9110, 15.5.6: the origin server must generate an Allow header field."""
    assert "POST" in client.call("PUT", PATH).headers.get("allow", "")


# What an error looks like


def test_an_error_is_an_envelope_of_code_message_and_request_id(client: Client) -> None:
    answer = client.get(f"{PATH}/task_x")
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json) == {"error"}
    assert set(answer.json["error"]) == {"code", "message", "requestId"}


def test_a_message_never_repeats_the_secret(installation: Installation) -> None:
    secret = new_secret()
    assert secret.encode() not in Client(installation.base_url, secret).generate({}).body
