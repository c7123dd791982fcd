"""The end of a task reaches every endpoint that asked to hear of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from rivya.kit.clock import utc_now
from rivya.kit.ids import is_id, new_id
from rivya.webhooks.delivery import deliverer as loop
from rivya.webhooks.delivery import request
from rivya.webhooks.signing import new_secret
from tests.factories import accept_task, end_task
from tests.webhooks.post_office import PostOffice, soon
from tests.webhooks.receiver import Heard, Receiver, answer, hang, receiving

VERSION = "2026-05-11"


async def test_an_event_goes_to_each_endpoint_that_takes_its_type_and_to_no_other(office: PostOffice) -> None:
    mine, other = await office.account(), await office.account()
    async with receiving() as receiver, office.delivering():
        for path, types in {
            "/all": (),
            "/failed": ("generation.failed",),
            "/succeeded": ("generation.succeeded",),
        }.items():
            await office.endpoint(mine, receiver.url(path), *types)
        await office.endpoint(mine, receiver.url("/disabled"), status="disabled")
        await office.endpoint(mine, receiver.url("/revoked"), status="revoked")
        await office.endpoint(other, receiver.url("/foreign"))
        event = await office.event(mine)
        await office.settled()
    assert receiver.ids() == {"/all": [event], "/failed": [event]}
    rows = await office.deliveries()
    assert [row["status"] for row in rows] == ["succeeded", "succeeded"]
    assert all(is_id("whdel", row["id"]) for row in rows)
    assert [(row["number"], row["response_status"], row["error"]) for row in await office.attempts()] == 2 * [
        (1, 204, None)
    ]


async def test_an_account_without_endpoints_has_its_events_and_no_deliveries(office: PostOffice) -> None:
    event = await office.event(await office.account())
    assert await office.pool.fetchval("select id from events") == event
    assert await office.deliveries() == []
    assert await office.pool.fetchval("select count(*) from webhook_lanes") == 0


async def test_a_task_of_the_studio_is_told_to_nobody(office: PostOffice) -> None:
    account = await office.account()
    await office.endpoint(account, "http://127.0.0.1:1/")
    await accept_task(office.pool, account, id="task_studio", source="studio")
    assert await end_task(office.pool, account, "task_studio", status="failed")
    assert await office.deliveries() == []


async def test_what_is_sent_is_the_event_with_its_task_as_json(office: PostOffice) -> None:
    account = await office.account()
    async with receiving() as receiver, office.delivering():
        await office.endpoint(account, receiver.url("/hook?a=b%20c"))
        event = await office.event(account)
        await office.settled()
    (heard,) = receiver.heard
    assert heard.path == "/hook?a=b%20c"
    assert heard.headers["content-type"] == "application/json"
    assert heard.headers["user-agent"].startswith("rivya/")
    assert {"id": event, "type": "generation.failed", "api_version": VERSION}.items() <= heard.event.items()
    assert heard.event["data"]["status"] == "failed"
    assert heard.event["data"]["error"] == {"code": "generation_failed", "message": "no", "reason": "timeout"}
    assert set(heard.headers) == {
        *("host", "user-agent", "accept", "accept-encoding", "content-length", "content-type"),
        *("webhook-id", "webhook-timestamp", "webhook-signature"),
    }


async def test_every_delivery_verifies_with_the_published_library_with_both_secrets_during_a_rotation(
    office: PostOffice,
) -> None:
    account = await office.account()
    async with receiving() as receiver, office.delivering():
        endpoint = await office.endpoint(account, receiver.url("/"))
        await office.event(account)
        await office.settled()
        await rotate(office, endpoint, until=utc_now() + timedelta(hours=24))
        await office.event(account)
        await office.settled()
        await office.pool.execute("update webhook_endpoints set old_secret_until = now()")
        await office.event(account)
        await office.settled()
    old, new = office.secrets[endpoint]
    signed_by = [[secret for secret in (old, new) if verifies(secret, heard)] for heard in receiver.heard]
    assert signed_by == [[old], [old, new], [new]]


async def rotate(office: PostOffice, endpoint: str, *, until: datetime) -> None:
    row, secret = await office.row(endpoint), new_secret()
    office.secrets[endpoint].append(secret)
    await office.pool.execute(
        """update webhook_endpoints set old_secret = secret, secret = $2, old_secret_until = $3 where id = $1""",
        endpoint,
        office.sealer.seal(secret, account=row["account_id"], endpoint=row["id"]),
        until,
    )


def verifies(secret: str, heard: Heard) -> bool:
    try:
        found = Webhook(secret).verify(heard.body, heard.headers)
    except WebhookVerificationError:
        return False
    return found == heard.event


async def test_a_test_event_is_delivered_as_a_sample(office: PostOffice) -> None:
    account = await office.account()
    async with receiving() as receiver, office.delivering():
        endpoint = await office.endpoint(account, receiver.url("/"))
        event, now = new_id("evt"), utc_now()
        await office.pool.execute(
            "insert into events (account_id, id, type, created_at) values ($1, $2, 'webhook.test', $3)",
            *(account, event, now),
        )
        await office.pool.execute(
            """insert into webhook_deliveries (account_id, id, endpoint_id, event_id, event_type, next_attempt_at,
                   created_at, updated_at) values ($1, $2, $3, $4, 'webhook.test', $5, $5, $5)""",
            *(account, new_id("whdel"), endpoint, event, now),
        )
        await office.settled()
    (heard,) = receiver.heard
    assert (heard.event["type"], heard.event["data"]["error"]["code"]) == ("webhook.test", "generation_failed")


async def test_what_waited_while_no_worker_lived_is_delivered_when_one_comes(office: PostOffice) -> None:
    account = await office.account()
    async with receiving() as receiver:
        await office.endpoint(account, receiver.url("/"))
        events = await office.events(account, 50)
        async with office.delivering():
            await office.settled()
    assert sorted(receiver.ids()["/"]) == sorted(events)


async def test_connections_are_kept_and_no_more_are_open_than_an_endpoint_has_places(office: PostOffice) -> None:
    account = await office.account()
    async with receiving() as receiver:
        await office.endpoint(account, receiver.url("/"))
        await office.events(account, 200)
        async with office.delivering():
            await office.settled()
    assert len(receiver.heard) == 200
    assert receiver.connections <= office.settings.webhooks_endpoint_in_flight


async def test_a_delivery_that_was_begun_anew_is_sent_again_with_the_same_id(office: PostOffice) -> None:
    account = await office.account()
    async with receiving() as receiver, office.delivering():
        endpoint = await office.endpoint(account, receiver.url("/"))
        event = await office.event(account)
        await office.settled()
        await office.pool.execute(
            "update webhook_deliveries set status = 'pending', tries = 0, next_attempt_at = now()"
        )
        await office.attempted(endpoint, 2)
        await office.settled()
    assert receiver.ids() == {"/": [event, event]}
    assert [row["number"] for row in await office.attempts()] == [1, 2]


async def test_one_that_was_begun_anew_while_it_was_being_sent_is_sent_again(office: PostOffice) -> None:
    account = await office.account()
    async with receiving() as receiver, office.delivering():
        receiver.behaviours["/"] = answer(500)
        endpoint = await office.endpoint(account, receiver.url("/"))
        event = await office.event(account)
        await office.attempted(endpoint, 1)
        receiver.behaviours["/"] = hang
        await office.hurry(endpoint)
        await soon(lambda: heard(receiver, 2))
        await office.pool.execute("update webhook_deliveries set tries = 0, next_attempt_at = now()")
        del receiver.behaviours["/"]
        await soon(lambda: heard(receiver, 3), within_s=60)
        await office.settled()
    assert receiver.ids() == {"/": [event, event, event]}
    assert [row["response_status"] for row in await office.attempts()] == [500, None, 204]


async def heard(receiver: Receiver, times: int) -> bool:
    return len(receiver.heard) >= times


async def test_an_endpoint_sees_at_most_its_places_at_a_time(
    office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request, "TIMEOUT_S", 600.0)
    account = await office.account()
    async with receiving() as receiver, office.delivering():
        receiver.behaviours["/"] = hang
        await office.endpoint(account, receiver.url("/"))
        await office.events(account, 30)
        await soon(lambda: heard(receiver, 8))
        await office.events(account, 1)
        assert len(receiver.heard) == 8


async def test_lanes_are_given_back_when_nothing_goes_on(office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "_IDLE_S", 0.05)
    account = await office.account()
    async with receiving() as receiver, office.delivering():
        await office.endpoint(account, receiver.url("/"))
        await office.event(account)
        await office.settled()

        async def free() -> bool:
            return await office.pool.fetchval("select worker_id is null and due_at is null from webhook_lanes")

        await soon(free)
        await office.event(account)
        await office.settled()
    assert len(receiver.heard) == 2


async def test_a_stopped_worker_ends_what_it_sends_and_leaves_the_rest_to_others(office: PostOffice) -> None:
    account = await office.account()
    async with receiving() as receiver:
        endpoint = await office.endpoint(account, receiver.url("/"))
        async with office.delivering() as first:
            receiver.behaviours["/"] = hang
            events = await office.events(account, 20)
            await soon(lambda: heard(receiver, 8))
            first.stop()
            receiver.behaviours.clear()
            await office.attempted(endpoint, 8)
        assert await office.pool.fetchval("select count(*) from webhook_lanes where worker_id is not null") == 0
        assert len(receiver.heard) == 8
        await office.hurry(endpoint)
        async with office.delivering():
            await office.settled()
    assert set(receiver.ids()["/"]) == set(events)
