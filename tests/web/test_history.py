"""/history: what an account made and said, and nobody else's."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from rivya.kit.ids import AccountId, new_id
from tests.api.conftest import Installation
from tests.factories import begin_turn, end_turn
from tests.web.site import Person, failed_works

PAGES = ["/history/generations", "/history/chats", "/dashboard", "/notifications"]


def make(installation: Installation, person: Person, prompt: str = "a tree", **params: Any) -> str:
    """Make a task through the API and wait for its end; return its id."""
    assert person.account is not None
    client = installation.client(person.account)
    body = {"model": "scripted", "prompt": prompt, "params": params, "client_request_id": "mine"}
    return client.ended(client.generate(body).json["id"])["id"]


def talk(installation: Installation, account: AccountId | None, *, source: str = "api", busy: bool = False) -> str:
    """Have a chat session in the account; return its id."""
    turn = new_id("x").removeprefix("x_")

    async def run() -> None:
        connection = await asyncpg.connect(installation.database_url)
        assert account is not None
        await begin_turn(connection, account, turn)
        if not busy:
            await end_turn(connection, account, turn, credits=2)
        await connection.execute("update chat_sessions set source = $2 where id = $1", f"chat_{turn}", source)
        await connection.close()

    asyncio.run(run())
    return f"chat_{turn}"


@pytest.mark.parametrize("path", [*PAGES, "/history/generations/task_1", "/history/chats/chat_1"])
def test_a_stranger_is_sent_to_sign_in_and_back(stranger: Person, path: str) -> None:
    answer = stranger.get(path)
    assert answer.status == 303
    assert answer.headers["location"] == f"/sign-in?next={path}"


@pytest.mark.parametrize("path", PAGES)
def test_a_new_account_has_pages_with_nothing_on_them(person: Person, path: str) -> None:
    answer = person.get(path)
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_a_task_made_through_the_api_is_in_history_with_its_picture(installation: Installation, person: Person) -> None:
    task = make(installation, person, "a tall <tree> & more")
    page = person.text("/history/generations")
    assert f'href="/history/generations/{task}"' in page
    raw = person.get("/history/generations").body.decode()
    assert "a tall &lt;tree&gt; &amp; more" in raw
    picture = re.search(r'<img class="thumb" src="(/media/[^"]+)"', page)
    assert picture is not None
    assert person.get(picture[1]).headers["content-type"] == "image/png"


def test_a_tasks_page_tells_params_credits_key_and_trace(installation: Installation, person: Person) -> None:
    task = make(installation, person, delay_s=0)
    page = person.text(f"/history/generations/{task}")
    for said in (task, "mine", "default", "rvya_sk_", "2 credits reserved", "2 credits spent", "Attempt 1", "delay_s"):
        assert said in page, said
    assert "scripted.scripted" not in page


def test_a_failed_task_tells_why_and_that_its_credits_are_back(installation: Installation, person: Person) -> None:
    task = make(installation, person, outcome="failed")
    assert "2 refunded" in person.text("/history/generations")
    page = person.text(f"/history/generations/{task}")
    assert "The reserved credits are back in your wallet." in page
    assert "2 refunded" in page


def test_filters_show_what_is_asked_for(installation: Installation, person: Person) -> None:
    lake, hill = make(installation, person, "a lake"), make(installation, person, "a hill", outcome="failed")

    def shown(query: str) -> set[str]:
        return set(re.findall(r'href="/history/generations/(task_\w+)"', person.text(f"/history/generations{query}")))

    assert shown("") == shown("?source=api") == shown("?source=&status=&model=&q=") == {lake, hill}
    assert shown("?status=succeeded") == shown("?q=LAKE") == shown(f"?q={lake}") == {lake}
    assert shown("?source=studio") == shown("?model=rivya-sketch") == shown("?q=river") == set()
    assert shown("?source=nowhere&status=odd&cursor=rubbish&q=%00") == {lake, hill}
    assert "Nothing matches" in person.text("/history/generations?q=river")


def test_older_pages_go_on_where_the_last_one_ended(installation: Installation, person: Person) -> None:
    with failed_works(installation, person.account, count=60) as works:
        seen: list[str] = []
        path: str | None = "/history/generations?status=failed"
        while path is not None:
            page = person.text(path)
            seen += re.findall(r'href="/history/generations/(task_\w+)"', page)
            older = re.search(r'href="([^"]+)" rel="next"', page)
            path = older[1] if older else None
    assert seen == works


def test_somebody_elses_task_and_session_are_as_if_they_were_not_there(
    installation: Installation, person: Person, make_person: Callable[..., Person]
) -> None:
    other = make_person()
    task, session = make(installation, other), talk(installation, other.account)
    for path in (f"/history/generations/{task}", f"/history/chats/{session}"):
        assert other.get(path).status == 200
        assert person.get(path).status == 404
    assert task not in person.text("/history/generations")
    assert session not in person.text("/history/chats")
    assert person.post(f"/history/chats/{session}/delete").status == 404
    assert other.get(f"/history/chats/{session}").status == 200


@pytest.mark.parametrize("source", ["api", "studio"])
def test_a_chat_of_either_source_can_be_read_and_deleted(
    installation: Installation, person: Person, source: str
) -> None:
    session = talk(installation, person.account, source=source)
    assert session in person.text(f"/history/chats?source={source}")
    assert session not in person.text(f"/history/chats?source={'api' if source == 'studio' else 'studio'}")
    page = person.text(f"/history/chats/{session}")
    assert "hello" in page
    assert "hi" in page

    answer = person.post(f"/history/chats/{session}/delete")
    assert (answer.status, answer.headers["location"]) == (303, "/history/chats")
    assert person.get(f"/history/chats/{session}").status == 404


def test_a_chat_in_which_an_answer_is_being_written_is_not_deleted(installation: Installation, person: Person) -> None:
    session = talk(installation, person.account, busy=True)
    assert person.post(f"/history/chats/{session}/delete").status == 409
    assert person.get(f"/history/chats/{session}").status == 200


@pytest.mark.parametrize("how", ["no token", "wrong token", "another site"])
def test_a_form_of_another_page_deletes_nothing(installation: Installation, person: Person, how: str) -> None:
    session = talk(installation, person.account)
    path = f"/history/chats/{session}/delete"
    match how:
        case "no token":
            answer = person.post(path, token=None)
        case "wrong token":
            answer = person.post(path, token="0" * 64)
        case _:
            answer = person.post(path, origin="https://elsewhere.example")
    assert answer.status == 403
    assert person.get(f"/history/chats/{session}").status == 200
