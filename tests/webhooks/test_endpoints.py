"""Endpoints as their owner makes, reads, changes and revokes them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from rivya.errors import WebhookUrlRejected
from rivya.kit.ids import is_id
from rivya.kit.outbound import Outbound
from rivya.webhooks.urls import check_url, webhook_policy
from tests.api.conftest import Installation
from tests.running import Client
from tests.webhooks.front import URL, WANTED, WEBHOOKS, made

FIELDS = {
    "id",
    "object",
    "name",
    "url",
    "event_types",
    "status",
    "secret_preview",
    "last_success_at",
    "last_failure_at",
    "failure_count",
    "disabled_reason",
    "created_at",
    "updated_at",
    "disabled_at",
    "revoked_at",
}


def test_an_endpoint_is_made_as_documented(client: Client) -> None:
    answer = client.post(WEBHOOKS, WANTED)
    assert answer.status == 201
    found = answer.json
    assert answer.headers["location"] == f"{WEBHOOKS}/{found['id']}"
    assert set(found) == FIELDS | {"signing_secret"}
    assert is_id("whend", found["id"])
    assert found["object"] == "webhook_endpoint"
    assert {name: found[name] for name in WANTED} == WANTED
    assert (found["status"], found["failure_count"]) == ("active", 0)
    assert found["created_at"] == found["updated_at"]
    never = ("last_success_at", "last_failure_at", "disabled_at", "revoked_at", "disabled_reason")
    assert [found[name] for name in never] == [None] * 5
    secret = found["signing_secret"]
    assert found["secret_preview"] == f"{secret[:8]}...{secret.rstrip('=')[-6:]}"


def test_the_secret_is_shown_at_creation_only(client: Client) -> None:
    endpoint = made(client)
    del endpoint["signing_secret"]
    assert client.get(f"{WEBHOOKS}/{endpoint['id']}").json == endpoint
    assert client.get(WEBHOOKS).json["data"] == [endpoint]
    changed = client.call("PATCH", f"{WEBHOOKS}/{endpoint['id']}", {"name": "other"})
    assert "signing_secret" not in changed.json


def test_a_type_that_is_named_twice_counts_once(client: Client) -> None:
    assert made(client, event_types=["generation.failed"] * 2)["event_types"] == ["generation.failed"]


BAD = [
    ({"name": ""}, "name"),
    ({"name": "x" * 101}, "name"),
    ({"name": "a\x00b"}, "name"),
    ({"name": None}, "name"),
    ({"url": ""}, "url"),
    ({"url": 7}, "url"),
    ({"event_types": []}, "event_types"),
    ({"event_types": ["webhook.test"]}, "event_types"),
    ({"event_types": ["chat.completed"]}, "event_types"),
    ({"event_types": "generation.failed"}, "event_types"),
    ({"headers": {"X": "y"}}, "headers"),
    ({"signing_secret": "whsec_mine"}, "signing_secret"),
]


@pytest.mark.parametrize(("wrong", "param"), BAD, ids=repr)
def test_what_is_not_as_documented_is_refused(client: Client, wrong: dict[str, Any], param: str) -> None:
    for answer in (
        client.post(WEBHOOKS, WANTED | wrong),
        client.call("PATCH", f"{WEBHOOKS}/{made(client)['id']}", wrong),
    ):
        assert (answer.status, answer.json["error"]["code"]) == (400, "validation_failed")
        assert answer.json["error"]["param"].split("[")[0] == param


REJECTED = [
    ("http://93.184.216.34/", "https://"),
    ("ftp://93.184.216.34/", "https://"),
    ("https://user:pass@93.184.216.34/", "user or a password"),
    ("https://user@93.184.216.34/", "user or a password"),
    ("https://93.184.216.34/#part", "fragment"),
    ("https://93.184.216.34/#", "fragment"),
    ("https://localhost/", "public host"),
    ("https://hook.localhost/", "public host"),
    ("https://LOCALHOST./", "public host"),
    ("https://intranet/", "public host"),
    ("https://hook.internal/", "public host"),
    ("https://127.0.0.1/", "public host"),
    ("https://10.1.2.3/", "public host"),
    ("https://172.16.0.1/", "public host"),
    ("https://192.168.1.1/", "public host"),
    ("https://169.254.169.254/latest/meta-data", "public host"),
    ("https://100.64.0.1/", "public host"),
    ("https://0.0.0.0/", "public host"),
    ("https://224.0.0.1/", "public host"),
    ("https://240.0.0.1/", "public host"),
    ("https://2130706433/", "usual form"),
    ("https://0x7f.1/", "usual form"),
    ("https://0177.0.0.1/", "usual form"),
    ("https://127.1/", "usual form"),
    ("https://[::1]/", "public host"),
    ("https://[::]/", "public host"),
    ("https://[fe80::1]/", "public host"),
    ("https://[fc00::1]/", "public host"),
    ("https://[::ffff:127.0.0.1]/", "public host"),
    ("https://[::ffff:7f00:1]/", "public host"),
    ("https://[64:ff9b::7f00:1]/", "public host"),
    ("https://[64:ff9b:1::a00:1]/", "public host"),
    ("https://[2002:7f00:1::]/", "public host"),
    ("https://[2001:db8::1]/", "public host"),
    ("https://93.184.216.34:22/", "port"),
    ("https://93.184.216.34:0/", "port"),
    ("https://", "host"),
    ("https:///path", "host"),
    ("not a url", "spaces"),
    ("https://93.184.216.34/a\nb", "control characters"),
    ("https://93.184.216.34\\@127.0.0.1/", "backslashes"),
]


@pytest.mark.parametrize(("url", "reason"), REJECTED, ids=lambda text: repr(text))
def test_a_url_that_is_not_allowed_is_rejected_with_the_reason(
    installation: Installation, client: Client, url: str, reason: str
) -> None:
    endpoint = made(client)
    for answer in (
        client.post(WEBHOOKS, WANTED | {"url": url}),
        client.call("PATCH", f"{WEBHOOKS}/{endpoint['id']}", {"url": url}),
    ):
        error = answer.json["error"]
        assert (answer.status, error["code"], error["param"]) == (400, "webhook_url_rejected", "url")
        assert reason in error["message"]
    assert client.get(f"{WEBHOOKS}/{endpoint['id']}").json["url"] == URL


class Names(AbstractResolver):
    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        if not self._addresses:
            raise OSError("no such name")
        return [
            ResolveResult(hostname=host, host=address, port=port, family=2, proto=0, flags=0)
            for address in self._addresses
        ]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("addresses", [("10.0.0.1",), ("93.184.216.34", "127.0.0.1"), ("::ffff:10.0.0.1",), ()])
async def test_a_name_that_is_not_public_and_one_that_is_not_there_are_told_the_same(
    addresses: tuple[str, ...],
) -> None:
    outbound = Outbound(webhook_policy(allow_private=False), resolver=Names(*addresses))
    try:
        with pytest.raises(WebhookUrlRejected) as rejected:
            await check_url(outbound, "https://hook.example.org/")
    finally:
        await outbound.close()
    assert rejected.value.message == "url must name a public host that can be found."


async def test_a_public_name_is_accepted() -> None:
    outbound = Outbound(webhook_policy(allow_private=False), resolver=Names("93.184.216.34"))
    try:
        await check_url(outbound, "https://hook.example.org/")
    finally:
        await outbound.close()


def test_private_urls_are_allowed_where_the_operator_says_so_and_that_is_said_at_start(
    installation: Installation, client: Client
) -> None:
    process, base_url = installation.rivya.serve(RIVYA_WEBHOOKS_ALLOW_PRIVATE="true")
    try:
        url = "http://127.0.0.1:9/hook?a=b"
        answer = Client(base_url, client.key).post(WEBHOOKS, WANTED | {"url": url})
        assert (answer.status, answer.json["url"]) == (201, url)
        assert "webhooks.private_addresses_allowed" in installation.rivya.logs()
    finally:
        installation.rivya.stop(process)


def test_endpoints_are_listed_newest_first_in_pages_and_by_status(client: Client) -> None:
    ids = [made(client)["id"] for _ in range(4)]
    client.call("DELETE", f"{WEBHOOKS}/{ids[1]}")
    client.call("PATCH", f"{WEBHOOKS}/{ids[2]}", {"status": "disabled"})
    first = client.get(f"{WEBHOOKS}?limit=3").json
    assert ([one["id"] for one in first["data"]], first["has_more"]) == ([ids[3], ids[2], ids[1]], True)
    second = client.get(f"{WEBHOOKS}?limit=3&cursor={first['next_cursor']}").json
    assert ([one["id"] for one in second["data"]], second["has_more"]) == ([ids[0]], False)
    by_status = {
        status: [one["id"] for one in client.get(f"{WEBHOOKS}?status={status}").json["data"]]
        for status in ("active", "disabled", "revoked")
    }
    assert by_status == {"active": [ids[3], ids[0]], "disabled": [ids[2]], "revoked": [ids[1]]}
    assert client.get(f"{WEBHOOKS}?status=gone").json["error"]["param"] == "status"


def test_only_what_is_given_changes(client: Client) -> None:
    endpoint = made(client)
    path = f"{WEBHOOKS}/{endpoint['id']}"
    before = client.get(path).json
    changed = client.call("PATCH", path, {"name": "new", "event_types": ["generation.failed"]}).json
    assert changed["updated_at"] >= before["updated_at"]
    assert changed | {"updated_at": 0} == before | {
        "name": "new",
        "event_types": ["generation.failed"],
        "updated_at": 0,
    }
    assert client.call("PATCH", path, {"url": f"{URL}/2"}).json["url"] == f"{URL}/2"
    assert client.call("PATCH", path, {}).status == 200


def test_an_owner_disables_and_enables(installation: Installation, client: Client) -> None:
    path = f"{WEBHOOKS}/{made(client)['id']}"
    disabled = client.call("PATCH", path, {"status": "disabled"}).json
    assert (disabled["status"], disabled["disabled_reason"]) == ("disabled", "owner")
    assert disabled["disabled_at"] == disabled["updated_at"]
    again = client.call("PATCH", path, {"status": "disabled"}).json
    assert again["disabled_at"] == disabled["disabled_at"]
    enabled = client.call("PATCH", path, {"status": "active"}).json
    assert [enabled[name] for name in ("status", "disabled_reason", "disabled_at")] == ["active", None, None]


def test_an_endpoint_that_was_disabled_for_its_failures_begins_anew(installation: Installation, client: Client) -> None:
    endpoint = made(client)["id"]
    installation.sql(
        """update webhook_endpoints set status = 'disabled', disabled_reason = 'failing', disabled_at = now(),
               failing_since = now() - interval '5 days', failure_count = 40, last_failure_at = now()
           where id = $1""",
        endpoint,
    )
    path = f"{WEBHOOKS}/{endpoint}"
    assert client.call("PATCH", path, {"status": "disabled"}).json["disabled_reason"] == "failing"
    enabled = client.call("PATCH", path, {"status": "active"}).json
    assert (enabled["status"], enabled["failure_count"]) == ("active", 0)
    assert enabled["last_failure_at"] is not None
    (row,) = installation.sql("select failing_since from webhook_endpoints where id = $1", endpoint)
    assert row["failing_since"] is None


def test_enabling_what_is_active_forgets_no_failures(installation: Installation, client: Client) -> None:
    endpoint = made(client)["id"]
    installation.sql("update webhook_endpoints set failing_since = now(), failure_count = 3 where id = $1", endpoint)
    assert client.call("PATCH", f"{WEBHOOKS}/{endpoint}", {"status": "active"}).json["failure_count"] == 3


def test_a_status_that_cannot_be_asked_for_is_refused(client: Client) -> None:
    answer = client.call("PATCH", f"{WEBHOOKS}/{made(client)['id']}", {"status": "revoked"})
    assert (answer.status, answer.json["error"]["param"]) == (400, "status")


def test_a_revoked_endpoint_can_be_read_and_nothing_else(client: Client) -> None:
    path = f"{WEBHOOKS}/{made(client)['id']}"
    revoked = client.call("DELETE", path)
    assert (revoked.status, revoked.json["status"]) == (200, "revoked")
    assert revoked.json["revoked_at"] is not None
    assert client.call("DELETE", path).json == revoked.json
    assert client.get(path).json == revoked.json
    assert client.get(f"{path}/deliveries").status == 200
    replay = {"since": "2026-01-01T00:00:00Z", "status": "all"}
    for answer in (
        client.call("PATCH", path, {"status": "active"}),
        client.post(f"{path}/rotate-secret"),
        client.post(f"{path}/test"),
        client.post(f"{path}/replay", replay),
    ):
        assert (answer.status, answer.json["error"]["code"]) == (404, "not_found")


def test_an_account_has_at_most_so_many_endpoints(client: Client, make_client: Callable[[], Client]) -> None:
    ids = [made(client)["id"] for _ in range(5)]
    refused = client.post(WEBHOOKS, WANTED, headers={"Idempotency-Key": "sixth"})
    assert (refused.status, refused.json["error"]["code"]) == (400, "validation_failed")
    assert "5 webhook endpoints" in refused.json["error"]["message"]
    made(make_client())
    client.call("DELETE", f"{WEBHOOKS}/{ids[0]}")
    assert client.post(WEBHOOKS, WANTED, headers={"Idempotency-Key": "sixth"}).status == 201


def test_many_at_once_do_not_pass_the_limit(client: Client) -> None:
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: client.post(WEBHOOKS, WANTED).status, range(16)))
    assert sorted(answers) == [201] * 5 + [400] * 11


def test_a_replayed_create_gives_the_same_bytes_and_one_endpoint(client: Client) -> None:
    headers = {"Idempotency-Key": "mine"}
    first = client.post(WEBHOOKS, WANTED, headers=headers)
    second = client.post(WEBHOOKS, dict(reversed(WANTED.items())), headers=headers)
    assert (second.status, second.body) == (201, first.body)
    assert second.headers["location"] == first.headers["location"]
    assert ("idempotent-replayed" in first.headers, second.headers["idempotent-replayed"]) == (False, "true")
    assert len(client.get(WEBHOOKS).json["data"]) == 1
    conflict = client.post(WEBHOOKS, WANTED | {"name": "other"}, headers=headers)
    assert (conflict.status, conflict.json["error"]["code"]) == (409, "idempotency_conflict")


def test_equal_creates_at_once_make_one_endpoint(client: Client) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(
            threads.map(lambda _: client.post(WEBHOOKS, WANTED, headers={"Idempotency-Key": "one"}), range(8))
        )
    assert {(answer.status, answer.body) for answer in answers} == {(201, answers[0].body)}
    assert len(client.get(WEBHOOKS).json["data"]) == 1


def test_a_refused_create_leaves_its_key_free(client: Client) -> None:
    headers = {"Idempotency-Key": "mended"}
    assert client.post(WEBHOOKS, WANTED | {"url": "https://10.0.0.1/"}, headers=headers).status == 400
    assert client.post(WEBHOOKS, WANTED, headers=headers).status == 201


def test_endpoints_of_another_account_are_not_there(client: Client, make_client: Callable[[], Client]) -> None:
    theirs = made(make_client())["id"]
    assert client.get(WEBHOOKS).json["data"] == []
    for method, path in [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/rotate-secret"),
        ("POST", "/test"),
        ("GET", "/deliveries"),
    ]:
        answer = client.call(method, f"{WEBHOOKS}/{theirs}{path}", None if method in ("GET", "DELETE") else {})
        assert (answer.status, answer.json["error"]["code"]) == (404, "not_found")
