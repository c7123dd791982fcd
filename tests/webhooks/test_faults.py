"""Whatever a receiver does, nothing is lost, and whatever is sent again has the same id."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from rivya.webhooks.delivery import request
from rivya.webhooks.delivery.schedule import Schedule
from tests.running import free_port
from tests.webhooks.post_office import PostOffice, soon
from tests.webhooks.receiver import (
    Behaviour,
    Receiver,
    answer,
    flood,
    hang,
    in_turn,
    receiving,
    reset,
    trickle,
)

SLOW = "No whole answer within 10 seconds."
BROKEN = "The connection broke before the whole answer had come."
NOT_THERE = "No connection: the host cannot be reached, or its certificate is not valid."
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"

SOON = Schedule((0, *[0.01] * 9), jitter=0.2)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes ten seconds takes half of one."""
    whole = request.Patience

    def shorter(**_: float) -> request.Patience:
        return whole(answer_s=0.5, silence_s=0.5, total_s=0.5)

    monkeypatch.setattr(request, "Patience", shorter)


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """What hangs hangs for the whole test, however slow the machine is."""
    monkeypatch.setattr(request, "TIMEOUT_S", 600.0)


@pytest.mark.parametrize(
    ("behaviour", "status", "error"),
    [
        (answer(500, b"oh no"), 500, "The endpoint answered 500."),
        (answer(404), 404, "The endpoint answered 404."),
        (answer(429), 429, "The endpoint answered 429."),
        (hang, None, SLOW),
        (trickle(b"HTTP/1.1 200 O"), None, SLOW),
        (trickle(b"HTTP/1.1 200 OK\r\nX-Slow: "), None, SLOW),
        (trickle(HEAD), 200, SLOW),
        (reset(), None, BROKEN),
        (reset(b"HTTP/1.1 200 OK\r\nConte"), None, BROKEN),
        (reset(HEAD + b"half"), 200, BROKEN),
        (reset(b"SSH-2.0-OpenSSH_9.9\r\n"), None, BROKEN),
        (
            answer(302, b"", "Location: http://127.0.0.1:1/"),
            302,
            "The endpoint answered 302. Redirects are not followed.",
        ),
        (answer(304), 304, "The endpoint answered 304. Redirects are not followed."),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
@pytest.mark.usefixtures("short")
async def test_a_fault_is_recorded_and_what_it_was_about_arrives_later_with_the_same_id(
    office: PostOffice, behaviour: Behaviour, status: int | None, error: str
) -> None:
    account = await office.account()
    async with receiving() as receiver, office.delivering():
        receiver.behaviours["/"] = behaviour
        endpoint = await office.endpoint(account, receiver.url("/"))
        event = await office.event(account)
        (attempt,) = await office.attempted(endpoint, 1)
        assert (attempt["response_status"], attempt["error"]) == (status, error)
        row = await office.noted(endpoint, failure_count=1)
        assert (row["failing_since"], row["last_failure_at"]) == (attempt["at"], attempt["at"])
        assert (await office.delivery(endpoint))["status"] == "pending"
        receiver.behaviours.clear()
        await office.hurry(endpoint)
        await office.settled()
        row = await office.noted(endpoint, failure_count=0)
    assert set(receiver.ids()["/"]) == {event}
    assert (await office.delivery(endpoint))["status"] == "succeeded"
    assert row["failing_since"] is None
    assert row["last_success_at"] > row["last_failure_at"]


async def test_a_receiver_that_is_down_for_a_while_gets_everything_when_it_is_back(office: PostOffice) -> None:
    account, port = await office.account(), free_port()
    async with office.delivering(schedule=Schedule((0, *[0.3] * 60), jitter=0.2)):
        endpoint = await office.endpoint(account, f"http://127.0.0.1:{port}/")
        events = await office.events(account, 20)
        attempts = await office.attempted(endpoint, 20)
        assert {attempt["error"] for attempt in attempts} == {NOT_THERE}
        async with receiving(port=port) as receiver:
            await office.settled()
            assert sorted(receiver.ids()["/"]) == sorted(events)


async def test_after_the_last_try_a_delivery_has_failed_and_every_try_had_the_same_id(office: PostOffice) -> None:
    account = await office.account()
    async with receiving() as receiver, office.delivering(schedule=SOON):
        receiver.behaviours["/"] = answer(503)
        endpoint = await office.endpoint(account, receiver.url("/"))
        event = await office.event(account)
        await office.settled()
    assert (await office.delivery(endpoint))["status"] == "failed"
    assert receiver.ids() == {"/": [event] * 10}
    assert [row["number"] for row in await office.attempts()] == list(range(1, 11))


@pytest.mark.parametrize(
    ("behaviour", "body"),
    [
        (answer(200, b"fine"), "fine"),
        (answer(500, b"a\0b\xff\xfec"), "a�b��c"),
        (answer(200, b"x" * 5000), "x" * 4096),
        (answer(200, b"x" + "\N{SNOWMAN}".encode() * 2000), "x" + "\N{SNOWMAN}" * 1365),
        (answer(200, b"\xff" * 5000), "�" * 1365),
        (flood, "y" * 4096),
        (answer(200), ""),
    ],
)
async def test_of_an_answer_four_kilobytes_are_kept_as_text(
    office: PostOffice, behaviour: Behaviour, body: str
) -> None:
    account = await office.account()
    async with receiving() as receiver, office.delivering():
        receiver.behaviours["/"] = behaviour
        endpoint = await office.endpoint(account, receiver.url("/"))
        await office.event(account)
        (attempt,) = await office.attempted(endpoint, 1)
    assert attempt["response_body"] == body
    assert len(attempt["response_body"].encode()) <= 4096


async def test_a_redirect_leads_nowhere(office: PostOffice) -> None:
    account = await office.account()
    async with receiving() as receiver, receiving() as inside, office.delivering():
        for number, status in enumerate((301, 302, 303, 307, 308)):
            receiver.behaviours[f"/{number}"] = answer(status, b"", f"Location: {inside.url('/secret')}")
            await office.endpoint(account, receiver.url(f"/{number}"))
        await office.event(account)
        await soon(lambda: has(receiver, 5))
        for row in await office.deliveries():
            await office.attempted(row["endpoint_id"], 1)
    assert inside.connections == 0


async def has(receiver: Receiver, times: int) -> bool:
    return len(receiver.heard) >= times


@pytest.mark.parametrize(
    ("asked", "least_s", "most_s"),
    [
        ("3600", 3590, 3600),
        ("1", 0, 7),
        ("999999999", 86390, 86400),
        ("soon", 0, 7),
        ("in two hours", 6600, 7200),
        ("Mon, 01 Jan 1990 00:00:00 GMT", 0, 7),
    ],
)
async def test_a_retry_after_is_honoured_when_it_is_later_than_the_schedule_and_up_to_a_day(
    office: PostOffice, asked: str, least_s: float, most_s: float
) -> None:
    account = await office.account()
    if asked == "in two hours":  # as a date, which is one only from now on
        asked = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)
    async with receiving() as receiver, office.delivering():
        receiver.behaviours["/"] = answer(429, b"", f"Retry-After: {asked}")
        endpoint = await office.endpoint(account, receiver.url("/"))
        await office.event(account)
        await office.attempted(endpoint, 1)
        left_s = await office.pool.fetchval(
            "select extract(epoch from next_attempt_at - now())::float from webhook_deliveries"
        )
    assert least_s < left_s <= most_s


async def test_410_disables_an_endpoint_ends_what_waits_for_it_and_tells_its_owner(office: PostOffice) -> None:
    account = await office.account()
    async with receiving() as receiver:
        receiver.behaviours["/"] = in_turn(answer(500), answer(410, b"gone"))
        endpoint = await office.endpoint(account, receiver.url("/"))
        async with office.delivering():
            await office.event(account)
            await office.attempted(endpoint, 1)
            await office.event(account)
            await office.settled()
            await office.event(account)  # nobody takes it any more
    row = await office.row(endpoint)
    assert (row["status"], row["disabled_reason"]) == ("disabled", "gone")
    assert row["disabled_at"] is not None
    assert [one["status"] for one in await office.deliveries()] == ["failed", "failed"]
    assert [one["error"] for one in await office.attempts()] == [
        "The endpoint answered 500.",
        "Not sent: the endpoint was disabled.",
        "The endpoint answered 410.",
    ]
    (notice,) = await office.notices()
    assert (notice["account_id"], notice["title"]) == (account, "Webhook endpoint disabled: test")
    assert "410" in notice["body"]


async def test_an_endpoint_that_only_failed_for_five_days_is_disabled_and_its_owner_told_once(
    office: PostOffice,
) -> None:
    account = await office.account()
    async with receiving() as receiver, office.delivering():
        receiver.behaviours["/"] = answer(500)
        endpoint = await office.endpoint(account, receiver.url("/"))
        await office.events(account, 5)
        await office.attempted(endpoint, 5)
        await office.noted(endpoint, failure_count=5)
        await office.pool.execute("update webhook_endpoints set failing_since = now() - interval '4 days 23 hours'")
        await office.event(account)
        assert (await office.noted(endpoint, failure_count=6))["status"] == "active"
        await office.pool.execute("update webhook_endpoints set failing_since = now() - interval '5 days 1 minute'")
        await office.hurry(endpoint)
        await office.settled()
    row = await office.row(endpoint)
    assert (row["status"], row["disabled_reason"]) == ("disabled", "failing")
    assert {one["status"] for one in await office.deliveries()} == {"failed"}
    (notice,) = await office.notices()
    assert "five days" in notice["body"]


async def test_one_success_in_five_days_keeps_an_endpoint(office: PostOffice) -> None:
    account = await office.account()
    async with receiving() as receiver, office.delivering():
        endpoint = await office.endpoint(account, receiver.url("/"))
        await office.pool.execute(
            "update webhook_endpoints set failing_since = now() - interval '9 days', failure_count = 3"
        )
        await office.event(account)
        await office.noted(endpoint, failure_count=0)
        receiver.behaviours["/"] = answer(500)
        await office.event(account)
        await office.attempted(endpoint, 2)
        row = await office.noted(endpoint, failure_count=1)
    assert row["status"] == "active"


@pytest.mark.parametrize("status", ["disabled", "revoked"])
async def test_what_waits_for_an_endpoint_that_is_stopped_has_failed_and_says_why(
    office: PostOffice, status: str
) -> None:
    account = await office.account()
    async with receiving() as receiver:
        endpoint = await office.endpoint(account, receiver.url("/"))
        await office.events(account, 3)
        await office.pool.execute("update webhook_endpoints set status = $1", status)
        async with office.delivering():
            await office.settled()
            # One that its transaction made at the same time, and that the stop did not see.
            await office.pool.execute(
                """update webhook_deliveries set status = 'pending', next_attempt_at = now()
                   where id = (select min(id) from webhook_deliveries)"""
            )
            await office.attempted(endpoint, 4)
            await office.settled()
    assert receiver.connections == 0
    assert {one["status"] for one in await office.deliveries()} == {"failed"}
    assert {one["error"] for one in await office.attempts()} == {f"Not sent: the endpoint was {status}."}
    assert await office.notices() == []


async def test_a_secret_that_cannot_be_read_is_our_fault_and_not_the_endpoints(office: PostOffice) -> None:
    account = await office.account()
    async with receiving() as receiver, office.delivering():
        endpoint = await office.endpoint(account, receiver.url("/"))
        await office.pool.execute("update webhook_endpoints set secret = '\\x00'")
        await office.event(account)
        (attempt,) = await office.attempted(endpoint, 1)
    assert attempt["error"] == "Not sent: something went wrong on our side."
    assert receiver.connections == 0
    assert (await office.row(endpoint))["failure_count"] == 0


@pytest.mark.usefixtures("endless")
async def test_a_dead_endpoint_delays_nobody(office: PostOffice) -> None:
    accounts = [await office.account() for _ in range(10)]
    async with receiving() as receiver:
        receiver.behaviours["/dead"] = hang
        dead = await office.endpoint(accounts[0], receiver.url("/dead"))
        for number in range(1, 100):
            await office.endpoint(accounts[number % 10], receiver.url(f"/{number}"))
        await office.events(accounts[0], 200)
        async with office.delivering():
            await soon(lambda: has(receiver, 8))
            for account in accounts[1:]:
                await office.events(account, 2)

            async def others_arrived() -> bool:
                return not await office.pool.fetchval(
                    "select exists (select from webhook_deliveries where status = 'pending' and endpoint_id <> $1)",
                    dead,
                )

            await soon(others_arrived)
            assert len(receiver.at("/dead")) == 8
            assert len(await office.attempts(dead)) == 0


@pytest.mark.usefixtures("endless")
async def test_many_hanging_endpoints_leave_half_of_the_places_to_the_others(office: PostOffice) -> None:
    few = PostOffice(office.pool, office.dsn, office.settings.model_copy(update={"webhooks_in_flight": 20}))
    account, other = await few.account(), await few.account()
    async with receiving() as receiver:
        for number in range(30):
            receiver.behaviours[f"/hang/{number}"] = hang
            await few.endpoint(account, receiver.url(f"/hang/{number}"))
        await few.pool.execute("update webhook_endpoints set failing_since = now(), failure_count = 8")
        await few.endpoint(other, receiver.url("/fine"))
        await few.events(account, 3)
        async with few.delivering():
            await soon(lambda: has(receiver, 10))
            events = await few.events(other, 20)

            async def arrived() -> bool:
                return len(receiver.at("/fine")) == 20

            await soon(arrived)
            assert sorted(receiver.ids()["/fine"]) == sorted(events)
            assert sum(len(receiver.at(f"/hang/{number}")) for number in range(30)) <= 10
