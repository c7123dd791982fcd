"""What happened, as it is listed, read and sent again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from rivya.kit.clock import iso, utc_now
from rivya.kit.ids import AccountId, is_id
from tests.api.conftest import Installation
from tests.running import Client
from tests.webhooks.front import EVENTS, WEBHOOKS, add_event, made

Sql = Callable[..., Any]


def ago(seconds: float) -> str:
    return iso(utc_now() - timedelta(seconds=seconds))


def replayed(client: Client, endpoint: str, **wanted: Any) -> Any:
    answer = client.post(f"{WEBHOOKS}/{endpoint}/replay", {"since": ago(3600), "status": "failed"} | wanted)
    assert answer.status == 202, answer.body
    return answer.json


def deliveries(client: Client, endpoint: str, query: str = "") -> dict[str, Any]:
    answer = client.get(f"{WEBHOOKS}/{endpoint}/deliveries?limit=100{query}")
    assert answer.status == 200, answer.body
    return {one["event_id"]: one for one in answer.json["data"]}


def end(installation: Installation, status: str, *events: str) -> None:
    """Let deliveries have ended."""
    installation.sql(
        "update webhook_deliveries set status = $1, tries = 10, next_attempt_at = null where event_id = any($2)",
        status,
        list(events),
    )


# Events


def test_an_event_holds_its_task_as_it_is_read(installation: Installation, client: Client, account: AccountId) -> None:
    event = add_event(installation, account)
    found = client.get(f"{EVENTS}/{event}")
    assert found.status == 200
    assert set(found.json) == {"id", "type", "api_version", "created_at", "data"}
    assert (found.json["id"], found.json["type"]) == (event, "generation.succeeded")
    assert found.json["api_version"] == "2026-05-11"
    task = client.get(f"/api/v1/generations/{found.json['data']['id']}").json
    shown, read = (dict(one) for one in (found.json["data"], task))
    links = [one.pop("result")["primary_url"] for one in (shown, read)]
    assert shown == read
    assert len({link.split("?")[0] for link in links}) == 1


def test_events_are_listed_newest_first_in_pages_and_by_type(
    installation: Installation, client: Client, account: AccountId
) -> None:
    types = ["generation.succeeded", "generation.failed", "generation.succeeded"]
    ids = [add_event(installation, account, type=type, ago_s=10.0 - number) for number, type in enumerate(types)]
    first = client.get(f"{EVENTS}?limit=2").json
    assert ([one["id"] for one in first["data"]], first["has_more"]) == ([ids[2], ids[1]], True)
    second = client.get(f"{EVENTS}?limit=2&cursor={first['next_cursor']}").json
    assert ([one["id"] for one in second["data"]], second["has_more"]) == ([ids[0]], False)
    failed = client.get(f"{EVENTS}?type=generation.failed").json["data"]
    assert [one["id"] for one in failed] == [ids[1]]
    assert failed[0]["data"]["error"]["code"] == "generation_failed"
    assert client.get(f"{EVENTS}?type=chat").json["error"]["param"] == "type"


def test_events_of_another_account_are_not_there(
    installation: Installation, client: Client, make_client: Callable[[], Client]
) -> None:
    theirs = add_event(installation, installation.account())
    assert client.get(f"{EVENTS}/{theirs}").status == 404
    assert client.get(EVENTS).json["data"] == []


# Test events


def test_a_test_is_an_event_of_its_own_type_with_a_sample(client: Client) -> None:
    endpoint = made(client, event_types=["generation.failed"])["id"]
    answer = client.post(f"{WEBHOOKS}/{endpoint}/test")
    assert answer.status == 202
    delivery = answer.json
    assert is_id("whdel", delivery["id"])
    assert is_id("evt", delivery["event_id"])
    assert (delivery["object"], delivery["endpoint_id"]) == ("webhook_delivery", endpoint)
    assert (delivery["event_type"], delivery["status"], delivery["attempts"]) == ("webhook.test", "pending", [])
    assert delivery["next_attempt_at"] == delivery["created_at"]
    event = client.get(f"{EVENTS}/{delivery['event_id']}").json
    assert event["type"] == "webhook.test"
    assert "sample" in event["data"]["error"]["message"]
    assert list(deliveries(client, endpoint).values()) == [delivery]
    assert answer.headers["location"] == f"{WEBHOOKS}/{endpoint}/deliveries/{delivery['id']}"
    assert client.get(answer.headers["location"]).json == delivery


def test_a_test_with_the_same_key_is_sent_once(client: Client) -> None:
    path = f"{WEBHOOKS}/{made(client)['id']}/test"
    first, second = (client.post(path, headers={"Idempotency-Key": "t"}) for _ in range(2))
    assert (first.body, second.headers["idempotent-replayed"]) == (second.body, "true")
    assert len(client.get(EVENTS).json["data"]) == 1
    other = client.post(f"{WEBHOOKS}/{made(client)['id']}/test", headers={"Idempotency-Key": "t"})
    assert other.json["id"] != first.json["id"]


def test_nothing_is_sent_to_a_disabled_endpoint(client: Client) -> None:
    path = f"{WEBHOOKS}/{made(client)['id']}"
    delivery = client.post(f"{path}/test").json["id"]
    client.call("PATCH", path, {"status": "disabled"})
    for answer in (
        client.post(f"{path}/test"),
        client.post(f"{path}/deliveries/{delivery}/redeliver"),
        client.post(f"{path}/replay", {"since": ago(60), "status": "all"}),
    ):
        assert (answer.status, answer.json["error"]["code"]) == (409, "webhook_endpoint_disabled")
    client.call("PATCH", path, {"status": "active"})
    assert client.post(f"{path}/test").status == 202


# Deliveries


def test_a_delivery_shows_its_newest_attempts_oldest_first(installation: Installation, client: Client) -> None:
    endpoint = made(client)["id"]
    delivery = client.post(f"{WEBHOOKS}/{endpoint}/test").json
    installation.sql(
        """insert into webhook_attempts (account_id, delivery_id, number, at, response_status, response_body, error,
                                         duration_ms)
           select d.account_id, d.id, n, $2::timestamptz + n * interval '1 second', 500, 'no ' || n, null, n
           from webhook_deliveries d, generate_series(1, 25) n where d.id = $1""",
        delivery["id"],
        utc_now(),
    )
    (shown,) = deliveries(client, endpoint).values()
    assert [one["duration_ms"] for one in shown["attempts"]] == list(range(6, 26))
    newest = shown["attempts"][-1]
    assert set(newest) == {"at", "response_status", "response_body", "error", "duration_ms"}
    assert (newest["response_status"], newest["response_body"], newest["error"]) == (500, "no 25", None)


def test_deliveries_are_listed_in_pages_and_by_status_and_type(
    installation: Installation, client: Client, account: AccountId
) -> None:
    endpoint, other = made(client)["id"], made(client)["id"]
    tests = [client.post(f"{WEBHOOKS}/{endpoint}/test").json for _ in range(2)]
    client.post(f"{WEBHOOKS}/{other}/test")
    event = add_event(installation, account)
    assert replayed(client, endpoint)["count"] == 1
    end(installation, "failed", tests[0]["event_id"])
    assert set(deliveries(client, endpoint)) == {event, *(one["event_id"] for one in tests)}
    assert set(deliveries(client, endpoint, "&status=failed")) == {tests[0]["event_id"]}
    assert set(deliveries(client, endpoint, "&event_type=generation.succeeded")) == {event}
    assert set(deliveries(client, endpoint, "&event_type=webhook.test&status=pending")) == {tests[1]["event_id"]}
    page = client.get(f"{WEBHOOKS}/{endpoint}/deliveries?limit=2").json
    rest = client.get(f"{WEBHOOKS}/{endpoint}/deliveries?limit=2&cursor={page['next_cursor']}").json
    assert [one["event_id"] for one in page["data"] + rest["data"]] == [event, *(t["event_id"] for t in tests[::-1])]
    for wrong in ("status=ok", "event_type=chat"):
        assert client.get(f"{WEBHOOKS}/{endpoint}/deliveries?{wrong}").status == 400


@pytest.mark.parametrize("status", ["failed", "succeeded"])
def test_a_redelivery_begins_the_same_delivery_anew(installation: Installation, client: Client, status: str) -> None:
    endpoint = made(client)["id"]
    delivery = client.post(f"{WEBHOOKS}/{endpoint}/test").json
    end(installation, status, delivery["event_id"])
    path = f"{WEBHOOKS}/{endpoint}/deliveries/{delivery['id']}/redeliver"
    answer = client.post(path, headers={"Idempotency-Key": "again"})
    assert (answer.status, answer.json["status"], answer.json["id"]) == (202, "pending", delivery["id"])
    assert answer.json["event_id"] == delivery["event_id"]
    (row,) = installation.sql("select tries, next_attempt_at <= now() as due from webhook_deliveries")[-1:]
    assert (row["tries"], row["due"]) == (0, True)
    assert client.post(path, headers={"Idempotency-Key": "again"}).body == answer.body


@pytest.mark.parametrize(("wait", "tries"), [("1 hour", 0), ("-1 second", 3)], ids=["waiting", "due"])
def test_a_delivery_that_waits_is_sent_now_and_one_that_is_due_goes_on(
    installation: Installation, client: Client, wait: str, tries: int
) -> None:
    endpoint = made(client)["id"]
    delivery = client.post(f"{WEBHOOKS}/{endpoint}/test").json["id"]
    installation.sql(
        "update webhook_deliveries set tries = 3, next_attempt_at = now() + $2::text::interval where id = $1",
        delivery,
        wait,
    )
    assert client.post(f"{WEBHOOKS}/{endpoint}/deliveries/{delivery}/redeliver").status == 202
    (row,) = installation.sql("select tries, next_attempt_at <= now() from webhook_deliveries where id = $1", delivery)
    assert tuple(row) == (tries, True)


def test_what_is_put_on_its_way_again_is_told_to_the_workers(installation: Installation, client: Client) -> None:
    endpoint = made(client)["id"]
    due = "select due_at <= now() as due from webhook_lanes where endpoint_id = $1"
    delivery = client.post(f"{WEBHOOKS}/{endpoint}/test").json
    assert installation.sql(due, endpoint)[0]["due"]
    end(installation, "failed", delivery["event_id"])
    installation.sql("update webhook_lanes set due_at = null where endpoint_id = $1", endpoint)
    client.post(f"{WEBHOOKS}/{endpoint}/deliveries/{delivery['id']}/redeliver")
    assert installation.sql(due, endpoint)[0]["due"]


def test_a_delivery_to_another_endpoint_is_not_there(client: Client) -> None:
    endpoint, other = made(client)["id"], made(client)["id"]
    delivery = client.post(f"{WEBHOOKS}/{endpoint}/test").json["id"]
    assert client.post(f"{WEBHOOKS}/{other}/deliveries/{delivery}/redeliver").status == 404
    assert client.post(f"{WEBHOOKS}/{endpoint}/deliveries/whdel_x/redeliver").status == 404


# Replay


def test_a_replay_sends_what_failed_and_what_was_never_sent(
    installation: Installation, client: Client, account: AccountId
) -> None:
    endpoint = made(client)["id"]
    arrived, failed, missed = (add_event(installation, account, ago_s=seconds) for seconds in (30, 20, 10))
    assert replayed(client, endpoint, until=ago(15))["count"] == 2
    end(installation, "succeeded", arrived)
    end(installation, "failed", failed)
    found = replayed(client, endpoint)
    assert found == {
        "object": "webhook_replay",
        "endpoint_id": endpoint,
        "status": "failed",
        "count": 2,
        "has_more": False,
        "next_since_at": None,
    }
    statuses = {event: one["status"] for event, one in deliveries(client, endpoint).items()}
    assert statuses == {arrived: "succeeded", failed: "pending", missed: "pending"}
    assert replayed(client, endpoint)["count"] == 0


def test_a_replay_of_all_sends_what_arrived_too(installation: Installation, client: Client, account: AccountId) -> None:
    endpoint = made(client)["id"]
    events = [add_event(installation, account, ago_s=10) for _ in range(3)]
    replayed(client, endpoint)
    end(installation, "succeeded", *events[:2])
    assert replayed(client, endpoint, status="all")["count"] == 2
    assert {one["status"] for one in deliveries(client, endpoint).values()} == {"pending"}


def test_a_replay_keeps_to_its_time_and_to_the_types_of_the_endpoint(
    installation: Installation, client: Client, account: AccountId
) -> None:
    endpoint = made(client, event_types=["generation.failed"])["id"]
    before = add_event(installation, account, type="generation.failed", ago_s=7200)
    inside = add_event(installation, account, type="generation.failed", ago_s=1800)
    add_event(installation, account, type="generation.succeeded", ago_s=1800)
    after = add_event(installation, account, type="generation.failed", ago_s=60)
    assert replayed(client, endpoint, since=ago(3600), until=ago(600))["count"] == 1
    assert set(deliveries(client, endpoint)) == {inside}
    created = client.get(f"{EVENTS}/{after}").json["created_at"]
    assert replayed(client, endpoint, since=created)["count"] == 1
    assert replayed(client, endpoint, since="0001-01-01T00:00:00Z", until="9999-12-31T23:59:59Z")["count"] == 1
    assert set(deliveries(client, endpoint)) == {before, inside, after}


def test_a_replay_takes_ten_thousand_events_and_says_where_to_go_on(
    installation: Installation, client: Client, account: AccountId
) -> None:
    endpoint = made(client)["id"]
    installation.sql(
        """insert into tasks (account_id, id, source, status, model, params, reserved_credits, error, deadline_at,
                              created_at, updated_at)
           select $1, 'task_' || n, 'api', 'failed', 'scripted', '{}', 0, '{}', t.at, t.at, t.at
           from generate_series(1, 10050) n, lateral (select $2::timestamptz + n * interval '1 ms' as at) t""",
        account,
        utc_now() - timedelta(minutes=5),
    )
    first = add_event(installation, account, ago_s=3000)
    installation.sql(
        """insert into events (account_id, id, type, task_id, created_at)
           select account_id, left($2, 20) || lpad(right(id, -5), 10, '0'), 'generation.failed', id,
                  created_at - interval '45 minutes'
           from tasks where account_id = $1 and id not like 'task_0%'""",
        account,
        first,
    )
    found = replayed(client, endpoint, status="all")
    assert (found["count"], found["has_more"]) == (10_000, True)
    rest = replayed(client, endpoint, status="all", since=found["next_since_at"])
    assert (rest["count"], rest["has_more"], rest["next_since_at"]) == (51, False, None)
    (row,) = installation.sql(
        "select count(distinct event_id), count(*) as rows from webhook_deliveries where endpoint_id = $1", endpoint
    )
    assert tuple(row) == (10_051, 10_051)


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"since": None}, "since"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-05-11T00:00:00"}, "since"),
        ({"since": "0001-01-01T00:00:00+14:00"}, None),
        ({"until": "2000-01-01T00:00:00Z"}, "until"),
        ({"status": "succeeded"}, "status"),
        ({"status": None}, "status"),
        ({"limit": 5}, "limit"),
    ],
    ids=repr,
)
def test_a_replay_that_is_not_as_documented_is_refused(
    client: Client, wrong: dict[str, Any], param: str | None
) -> None:
    endpoint = made(client)["id"]
    answer = client.post(f"{WEBHOOKS}/{endpoint}/replay", {"since": ago(60), "status": "all"} | wrong)
    assert (answer.status, answer.json["error"]["code"]) == (400, "validation_failed")
    assert answer.json["error"].get("param") == param
