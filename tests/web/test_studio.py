"""The Studio over HTTP: who may, what it costs, what it makes."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.api.conftest import Installation
from tests.chat.upstream import Upstream
from tests.databases import Databases
from tests.files.samples import picture
from tests.web.site import failed_works
from tests.web.studio import Studio, installed

REFUSED = "api_scope_denied"


@pytest.fixture(scope="module")
def installation(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = Path(tmp_path_factory.mktemp("studio"))
    with (
        Upstream() as upstream,
        databases.one() as database_url,
        installed(database_url, folder, upstream) as running,
    ):
        yield running


@pytest.fixture
def studio(installation: Installation) -> Iterator[Studio]:
    """Somebody with 100 credits; the money is checked when the test ends."""
    yield Studio.of(installation)
    assert installation.violations() == []


@pytest.fixture
def make_studio(installation: Installation) -> Iterator[Callable[..., Studio]]:
    yield lambda *, credits=100: Studio.of(installation, credits=credits)
    assert installation.violations() == []


def source_of(installation: Installation, task: str) -> tuple[str, str | None]:
    (row,) = installation.sql("select source, key_id from tasks where id = $1", task)
    return row["source"], row["key_id"]


WRITES = [
    ("POST", "/studio/generations"),
    ("POST", "/studio/estimate"),
    ("POST", "/studio/generations/task_01m84p9e1c88c64q997pz49ckv/cancel"),
    ("POST", "/studio/files"),
    ("POST", "/studio/chat"),
    ("POST", "/studio/chat/estimate"),
    ("DELETE", "/studio/chat/chat_01m84p9e1c88c64q997pz49ckv"),
]
READS = [
    "/studio/generations/task_01m84p9e1c88c64q997pz49ckv",
    "/studio/generations/task_01m84p9e1c88c64q997pz49ckv/events",
    "/studio/generations/task_01m84p9e1c88c64q997pz49ckv/card",
    "/studio/generations/task_01m84p9e1c88c64q997pz49ckv/details",
    "/studio/image/form",
    "/studio/image/works",
    "/studio/chat/list",
    "/studio/chat/turns/chatcmpl_01m84p9e1c88c64q997pz49ckv",
]


@pytest.mark.parametrize(("method", "path"), [*WRITES, *(("GET", path) for path in READS)])
def test_without_a_session_nothing_is_done(studio: Studio, method: str, path: str) -> None:
    answer = studio.call(method, path, {"model": "scripted"} if method == "POST" else None, headers={"Cookie": ""})
    assert answer.status == 401, answer.body


@pytest.mark.parametrize(("method", "path"), WRITES)
@pytest.mark.parametrize(
    "headers",
    [{"X-CSRF-Token": ""}, {"X-CSRF-Token": "0" * 64}, {"Origin": "https://elsewhere.example"}, {"Origin": ""}],
    ids=["no token", "wrong token", "foreign origin", "no origin"],
)
def test_what_no_page_of_ours_sent_is_refused(studio: Studio, method: str, path: str, headers: dict[str, str]) -> None:
    answer = studio.call(method, path, {"model": "scripted", "message": "hi"}, headers=headers)
    assert (answer.status, answer.json["error"]["code"]) == (403, REFUSED)


def test_another_sessions_token_is_refused(studio: Studio, make_studio: Callable[..., Studio]) -> None:
    answer = studio.post("/studio/estimate", {"model": "scripted"}, X_CSRF_Token=make_studio().token)
    assert answer.status == 403


def test_an_api_key_is_no_way_into_the_studio(studio: Studio) -> None:
    client = studio.installation.client(studio.account)
    assert client.post("/studio/generations", {"model": "scripted"}).status == 401


@pytest.mark.parametrize("path", [path for path in READS if "task_" in path])
def test_somebody_elses_task_is_not_found(studio: Studio, make_studio: Callable[..., Studio], path: str) -> None:
    task = studio.generate()["id"]
    theirs = re.sub(r"task_\w+", task, path)
    assert studio.get(theirs).status == 200
    assert make_studio().get(theirs).status == 404
    assert make_studio().post(f"/studio/generations/{task}/cancel").status == 404
    assert make_studio().get(f"/studio/image/form?from={task}").status == 404


def test_a_studio_task_has_no_key_and_no_event(studio: Studio) -> None:
    task = studio.ended(studio.generate()["id"])
    assert task["status"] == "succeeded"
    assert source_of(studio.installation, task["id"]) == ("studio", None)
    assert studio.installation.sql("select id from events where task_id = $1", task["id"]) == []


def test_the_api_reads_what_the_studio_made(studio: Studio) -> None:
    task = studio.ended(studio.generate()["id"])
    client = studio.installation.client(studio.account)
    assert client.task(task["id"])["final_credits"] == 2
    assert studio.installation.balance(studio.account).available == 98


def test_the_price_that_is_shown_is_what_is_set_aside(studio: Studio) -> None:
    asked = {"model": "demanding", "prompt": "a hill", "params": {"style": "oil", "size": "large"}}
    quote = studio.post("/studio/estimate", asked).json
    assert (quote["credits"], quote["complete"], quote["available"]) == (8, True, 100)
    assert studio.post("/studio/generations", asked).json["reserved_credits"] == 8


def test_what_the_studio_sends_counts_among_its_accounts_requests_a_minute(studio: Studio) -> None:
    client = studio.installation.client(studio.account)

    def left() -> int:
        return int(client.get("/api/v1/credits").headers["x-ratelimit-remaining"])

    before = left()
    for _ in range(3):
        studio.post("/studio/estimate", {"model": "scripted"})
    assert left() == before - 4


def test_a_form_that_is_not_complete_has_a_price_all_the_same(studio: Studio) -> None:
    quote = studio.post("/studio/estimate", {"model": "demanding", "params": {"size": "large", "style": ""}}).json
    assert (quote["credits"], quote["problem"]) == (8, None)
    quote = studio.post("/studio/estimate", {"model": "reader", "prompt": ""}).json
    assert (quote["credits"], quote["complete"]) == (3, False)
    quote = studio.post("/studio/estimate", {"model": "reader", "prompt": "eleven long"}).json
    assert (quote["credits"], quote["complete"]) == (6, True)


def test_a_wrong_value_is_told_with_its_field(studio: Studio) -> None:
    asked = {"model": "demanding", "prompt": "a hill", "params": {"style": "oil", "strength": 7}}
    quote = studio.post("/studio/estimate", asked)
    assert quote.status == 200
    assert quote.json["credits"] is None
    assert quote.json["problem"]["param"] == "params.strength"
    refused = studio.post("/studio/generations", asked)
    assert (refused.status, refused.json["error"]["param"]) == (400, "params.strength")


def test_a_short_balance_is_told_and_charges_nothing(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(credits=1)
    quote = studio.post("/studio/estimate", {"model": "scripted"}).json
    assert quote["credits"] > quote["available"]
    refused = studio.post("/studio/generations", {"model": "scripted"})
    assert (refused.status, refused.json["error"]["code"]) == (402, "insufficient_credits")
    assert studio.installation.balance(studio.account).available == 1


def test_a_double_click_makes_one_task(studio: Studio) -> None:
    def submit(_: int) -> tuple[str, bool]:
        answer = studio.post("/studio/generations", {"model": "scripted"}, Idempotency_Key="one click")
        return answer.json["id"], "idempotent-replayed" in answer.headers

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(submit, range(4)))
    assert len({task for task, _ in answers}) == 1
    assert [replayed for _, replayed in answers].count(False) == 1
    studio.ended(answers[0][0])
    assert studio.installation.balance(studio.account).available == 98


def test_a_key_of_the_studio_does_not_clash_with_the_same_key_of_the_api(studio: Studio) -> None:
    client = studio.installation.client(studio.account)
    by_api = client.generate({"model": "scripted"}, headers={"Idempotency-Key": "same"}).json["id"]
    by_studio = studio.post("/studio/generations", {"model": "scripted"}, Idempotency_Key="same").json["id"]
    assert by_api != by_studio


def test_a_studio_only_model_runs_here_and_not_through_the_api(studio: Studio) -> None:
    assert studio.ended(studio.generate("private")["id"])["status"] == "succeeded"
    refused = studio.installation.client(studio.account).generate({"model": "private", "prompt": "a hill"})
    assert (refused.status, refused.json["error"]["code"]) == (409, "model_not_available")


def test_a_task_is_followed_to_its_end(studio: Studio) -> None:
    task = studio.generate(delay_s=0.5)["id"]
    stream = studio.get(f"/studio/generations/{task}/events")
    names = re.findall(r"^event: (.*)$", stream.body.decode(), re.MULTILINE)
    assert names[-1] == "generation.succeeded"
    assert stream.headers["content-type"].startswith("text/event-stream")


def test_a_task_that_hangs_is_cancelled_and_its_credits_come_back(studio: Studio) -> None:
    task = studio.generate(outcome="hang")["id"]
    assert studio.post(f"/studio/generations/{task}/cancel").status == 200
    ended = studio.ended(task)
    assert (ended["status"], ended["error"]["reason"]) == ("failed", "cancelled")
    assert "back in your wallet" in studio.html(f"/studio/generations/{task}/card")
    assert studio.installation.balance(studio.account).available == 100


def test_the_accounts_limit_of_tasks_in_flight_holds_here_too(studio: Studio) -> None:
    tasks = [studio.generate(outcome="hang")["id"] for _ in range(3)]
    refused = studio.post("/studio/generations", {"model": "scripted"})
    assert (refused.status, refused.json["error"]["code"]) == (429, "rate_limited")
    for task in tasks:
        studio.post(f"/studio/generations/{task}/cancel")
    for task in tasks:
        studio.ended(task)


def test_what_was_made_is_on_the_page_and_so_is_what_was_asked(studio: Studio) -> None:
    task = studio.ended(studio.generate(prompt='a <b>hill</b> & "sea"')["id"])["id"]
    page = studio.html("/studio/image")
    assert f'data-task="{task}"' in page
    assert "<b>hill</b>" not in page
    assert "a &lt;b&gt;hill&lt;/b&gt;" in page
    assert f'data-task="{task}"' not in studio.html("/studio/audio")
    details = html.unescape(studio.html(f"/studio/generations/{task}/details"))
    assert 'a <b>hill</b> & "sea"' in details
    assert "Use as reference" in details


def test_what_the_api_made_is_in_the_history_and_not_in_the_studio(studio: Studio) -> None:
    client = studio.installation.client(studio.account)
    task = client.ended(client.generate({"model": "scripted"}).json["id"])["id"]
    assert f'data-task="{task}"' not in studio.html("/studio/image")


def test_a_result_that_is_no_longer_kept_is_not_shown(studio: Studio) -> None:
    task = studio.ended(studio.generate()["id"])["id"]
    assert "<img" in studio.html(f"/studio/generations/{task}/card")
    studio.installation.sql("update tasks set updated_at = now() - interval '31 days' where id = $1", task)
    card = studio.html(f"/studio/generations/{task}/card")
    assert "no longer kept" in card
    assert "<img" not in card
    assert "no longer kept" in studio.html(f"/studio/generations/{task}/details")


def test_a_form_is_filled_as_an_earlier_task_was_asked(studio: Studio) -> None:
    uploaded = studio.upload(picture(), model="demanding").json
    reference = {"url": uploaded["url"], "kind": "image"}
    params = {"style": "oil", "size": "large", "strength": 0.75, "referenceMediaItems": [reference]}
    task = studio.generate("demanding", "a hill", **params)["id"]
    form = html.unescape(studio.html(f"/studio/image/form?from={task}"))
    assert 'data-model="demanding"' in form
    assert ">a hill</textarea>" in form
    assert '<option value="large" selected>' in form
    assert 'value="0.75"' in form
    (given,) = json.loads(re.search(r'data-given="(\[.*?\])"', form)[1])  # type: ignore[index]
    assert given["fileId"] == uploaded["fileId"]
    again = studio.post(
        "/studio/generations",
        {
            "model": "demanding",
            "prompt": "a hill",
            "params": {"style": "oil", "referenceMediaItems": [{"url": given["url"], "kind": "image"}]},
        },
    )
    assert again.status == 202, again.body


def test_a_result_is_a_reference_of_the_next(studio: Studio) -> None:
    task = studio.ended(studio.generate()["id"])["id"]
    details = html.unescape(studio.html(f"/studio/generations/{task}/details"))
    reference = json.loads(re.search(r'data-reference="(\{.*?\})"', details)[1])  # type: ignore[index]
    items = [{"url": reference["url"], "kind": reference["kind"]}]
    next_one = studio.generate("demanding", "a hill", style="oil", referenceMediaItems=items)["id"]
    assert studio.ended(next_one)["status"] == "succeeded"
    form = studio.html(f"/studio/image/form?reference={task}")
    assert 'data-model="demanding"' in form, "a model that takes pictures"


def test_a_file_that_the_model_does_not_take_is_refused(studio: Studio) -> None:
    refused = studio.upload(picture(), model="scripted")
    assert (refused.status, refused.json["error"]["code"]) == (400, "validation_failed")
    refused = studio.upload(b"not a picture at all", model="demanding")
    assert (refused.status, refused.json["error"]["code"]) == (415, "file_type_rejected")


def test_a_form_has_a_control_for_each_param(studio: Studio) -> None:
    form = studio.html("/studio/image/form?model=demanding")
    for key in ("size", "style", "strength", "steps"):
        assert f'data-param="{key}"' in form
    assert 'type="range"' in form
    assert 'data-most="20"' in form, "the prompt's limit"
    assert '<option value="">' in studio.html("/studio/audio/form?model=reader"), "a select that may be left out"


def test_older_works_come_page_by_page(studio: Studio) -> None:
    with failed_works(studio.installation, studio.account, count=30) as works:
        page = studio.html("/studio/image")
        first = re.findall(r'data-task="(\w+)"', page)
        assert len(first) == 24
        after = re.search(r'data-href="([^"]+)"', page)
        assert after is not None
        rest = re.findall(r'data-task="(\w+)"', studio.html(after[1]))
        assert set(first) | set(rest) == set(works)


# Chat


def last(events: list[tuple[str, object]]) -> dict[str, object]:
    name, data = events[-1]
    assert name == "chat.completion.completed", events
    assert isinstance(data, dict)
    return data


def test_a_conversation_goes_on_and_its_page_shows_it(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(credits=1000)
    first = last(studio.say("say 3"))
    second = last(studio.say("think 4", session_id=first["session_id"], thinking=True))
    assert second["session_id"] == first["session_id"]
    page = studio.html(f"/studio/chat/{first['session_id']}")
    assert "the quick brown" in page
    assert "let me see" in page, "its thoughts"
    assert page.count("is-user") == 2
    assert "say 3" in studio.html("/studio/chat/list")


def test_what_a_turn_may_cost_is_told_before(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(credits=20)
    quote = studio.post("/studio/chat/estimate", {"model": "talker", "message": ""}).json
    assert quote["credits"] > quote["available"]
    refused = studio.post("/studio/chat", {"model": "talker", "message": "-"})
    assert (refused.status, refused.json["error"]["code"]) == (402, "insufficient_credits")


def test_the_price_of_a_turn_is_what_is_set_aside(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(credits=1000)
    asked = {"model": "talker", "message": "say 3"}
    quote = studio.post("/studio/chat/estimate", asked).json
    name, created = studio.say("say 3")[0]
    assert name == "chat.completion.created"
    assert created["credits"]["reserved"] == quote["credits"]


def test_the_api_sees_no_chat_of_the_studio_and_does_not_go_on_with_it(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(credits=1000)
    session = last(studio.say("say 3"))["session_id"]
    client = studio.installation.client(studio.account)
    assert client.get("/api/v1/chat/sessions").json["data"] == []
    assert client.get(f"/api/v1/chat/sessions/{session}").status == 404
    refused = client.post("/api/v1/chat/completions", {"model": "talker", "message": "hi", "session_id": session})
    assert (refused.status, refused.json["error"]["code"]) == (409, "chat_session_conflict")


def test_the_studio_does_not_go_on_with_a_chat_of_the_api(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(credits=1000)
    client = studio.installation.client(studio.account)
    session = client.post("/api/v1/chat/completions", {"model": "talker", "message": "say 2"}).json["session_id"]
    refused = studio.post("/studio/chat", {"model": "talker", "message": "hi", "session_id": session})
    assert (refused.status, refused.json["error"]["code"]) == (409, "chat_session_conflict")
    assert studio.get(f"/studio/chat/{session}").status == 404


def test_somebody_elses_chat_is_not_found(make_studio: Callable[..., Studio]) -> None:
    studio, other = make_studio(credits=1000), make_studio(credits=1000)
    events = studio.say("say 3")
    session, turn = last(events)["session_id"], last(events)["id"]
    assert other.get(f"/studio/chat/{session}").status == 404
    assert other.get(f"/studio/chat/turns/{turn}").status == 404
    assert other.call("DELETE", f"/studio/chat/{session}").status == 404
    refused = other.post("/studio/chat", {"model": "talker", "message": "hi", "session_id": session})
    assert refused.json["error"]["code"] == "chat_session_conflict"
    assert studio.get(f"/studio/chat/{session}").status == 200


def test_who_stops_an_answer_keeps_and_pays_what_was_said(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(credits=1000)
    turn = studio.say_and_leave("slow 400", after=5)
    ended = studio.turn_ended(turn)
    assert ended["status"] == "stopped"
    assert "the quick" in ended["html"]
    assert "Stopped here" in ended["html"]
    assert studio.installation.balance(studio.account).available == 1000 - ended["credits"]


def test_a_turn_that_fails_costs_nothing(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(credits=1000)
    events = studio.say("html")
    assert events[-1][0] == "error"
    ended = studio.turn_ended(events[0][1]["id"])
    assert (ended["status"], ended["credits"], ended["html"]) == ("failed", 0, None)
    assert studio.installation.balance(studio.account).available == 1000
    assert "No chats yet" in studio.html("/studio/chat/list"), "a chat in which nothing was said"


def test_a_picture_goes_along_with_a_message_and_is_shown_with_it(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(credits=1000)
    file = studio.upload(picture(), model="talker").json["fileId"]
    session = last(studio.say("say 2", attachments=[{"file_id": file}]))["session_id"]
    assert 'alt="Picture 1 of this message"' in studio.html(f"/studio/chat/{session}")


def test_a_chat_is_deleted_with_all_that_was_said(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(credits=1000)
    session = last(studio.say("say 2"))["session_id"]
    assert studio.call("DELETE", f"/studio/chat/{session}").status == 204
    assert studio.get(f"/studio/chat/{session}").status == 404
