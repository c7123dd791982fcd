"""What is hidden, what is ended by others, and what breaks off: told as it is, and paid as it was."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from rivya.chat.images import Images
from rivya.chat.lapse import end_lapsed
from rivya.chat.model import SessionId, Turn, TurnId
from rivya.chat.prepare import Prepared
from rivya.chat.service import Begun, Chat
from rivya.chat.stream import TurnStream
from rivya.chat.tokens import TokenPrice, estimated
from rivya.chat.turns import Beginning, Turns
from rivya.kit.clock import utc_now
from rivya.kit.db import Pool
from rivya.providers.chat import Question
from rivya.providers.routing import Routing
from rivya.providers.tokenizers import Tokenizers
from rivya.wallet import service as wallet
from rivya.wallet.invariants import verify
from rivya.wallet.model import Balance
from tests.api.conftest import Installation
from tests.chat.conftest import Talk, installed
from tests.chat.streams import EventStream, events
from tests.chat.upstream import Upstream
from tests.factories import begin_turn, make_account
from tests.running import eventually

ENDED = "select chat_end($1, $2, 'failed', 0, 0, 0, 'estimate', 'lost', null, '', null, null, null, now())"
"""As a janitor ends a turn of which nothing was written down."""

RATES = msgspec.json.encode(TokenPrice(1, 10, "1")).decode()


@pytest.fixture(scope="module")
def chatting(
    database_for_module: str, upstream: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    common = f'kind = "openai"\nurl = "{upstream.url}"\nidle_s = 5.0\nthinking_body = {{reason = true}}\n'
    providers = (
        f"[providers.double]\n{common}no_thinking_body = {{reason = false}}\n"
        f"[providers.seeker]\n{common}web_search_body = {{search = true}}\n"
        '[[routes]]\nmodel = "talker"\nprovider = "double"\ntarget = "talker-1"\n'
        '[[routes]]\nmodel = "blind"\nprovider = "double"\ntarget = "blind-1"\n'
        '[[routes]]\nmodel = "searcher"\nprovider = "double"\ntarget = "without"\n'
        '[[routes]]\nmodel = "searcher"\nprovider = "seeker"\ntarget = "with"\n'
    )
    with installed(database_for_module, Path(tmp_path_factory.mktemp("endings")), providers) as chatting:
        yield chatting


@pytest.mark.parametrize("asked", [{"model": "talker", "thinking": False}, {"model": "searcher"}])
def test_thoughts_that_are_not_shown_are_neither_told_nor_kept(talk: Talk, asked: dict[str, Any]) -> None:
    body = {"message": "think 2", **asked}
    *told, (_, last) = events(talk.client, body)
    assert all("thoughts" not in data.get("delta", {}) for _, data in told)
    assert "thoughts" not in last["message"]
    kept = talk.client.get(f"/api/v1/chat/sessions/{last['session_id']}").json["messages"][-1]
    assert kept["thoughts"] is None
    assert kept["content"] == last["message"]["content"] == "the quick "


def test_who_wants_no_thoughts_has_the_upstream_told(talk: Talk) -> None:
    talk.say("count 1", thinking=False)
    talk.say("count 1")
    assert [asked.get("reason") for asked in talk.upstream.asked] == [False, None]


def test_thoughts_that_are_not_shown_are_paid_all_the_same(talk: Talk) -> None:
    used = talk.say("musing 3", thinking=False).json["usage"]
    assert used["output_tokens"] == estimated("the quick brown ") + estimated("let me see")


def test_the_web_is_searched_by_who_can(talk: Talk) -> None:
    answer = talk.client.post(
        "/api/v1/chat/completions", {"model": "searcher", "message": "count 1", "enable_web_search": True}
    )
    assert answer.status == 200, answer.body
    assert [(asked["model"], asked.get("search")) for asked in talk.upstream.asked] == [("with", True)]


def test_where_nobody_can_search_the_web_it_is_refused_and_nobody_is_asked(talk: Talk) -> None:
    answer = talk.client.post(
        "/api/v1/chat/completions", {"model": "blind", "message": "count 1", "enable_web_search": True}
    )
    assert (answer.status, answer.json["error"]["param"]) == (400, "enable_web_search")
    assert talk.upstream.asked == []


def test_a_stream_whose_turn_somebody_else_has_ended_is_not_told_that_it_was_completed(talk: Talk) -> None:
    stream = EventStream(talk.client, {"model": "talker", "message": "wait 3"})
    seen = iter(stream)
    _, created = next(seen)
    next(seen)
    talk.installation.sql(ENDED, talk.account, created["id"])
    talk.upstream.go_on()
    *_, (name, last) = seen
    stream.cut()
    assert (name, last["error"]["code"]) == ("error", "upstream_unavailable")
    assert talk.credits() == 10_000


def test_a_caller_whose_turn_somebody_else_has_ended_is_not_told_that_it_was_completed(talk: Talk) -> None:
    with ThreadPoolExecutor(1) as calls:
        saying = calls.submit(talk.say, "wait 3")
        turns = lambda: talk.installation.sql("select id from chat_turns where account_id = $1", talk.account)  # noqa: E731
        talk.installation.sql(ENDED, talk.account, eventually(turns)[0]["id"])
        talk.upstream.go_on()
        answer = saying.result(30)
    assert (answer.status, answer.json["error"]["code"]) == (502, "upstream_unavailable")
    assert talk.credits() == 10_000


def test_a_stream_that_broke_off_breaks_off_again_when_it_is_replayed(talk: Talk) -> None:
    body, headers = {"model": "talker", "message": "error 5"}, {"Idempotency-Key": "once"}
    first, again = (events(talk.client, body, headers) for _ in range(2))
    told = ["".join(data["delta"]["content"] for _, data in found if "delta" in data) for found in (first, again)]
    assert told[0] == told[1] != ""
    assert [found[0] for found in (first, again)] == [first[0]] * 2
    assert [(found[-1][0], found[-1][1]["error"]["code"]) for found in (first, again)] == [
        ("error", "upstream_unavailable")
    ] * 2
    assert len(talk.upstream.asked) == 1


def test_a_session_whose_first_turn_failed_is_not_listed_and_takes_its_title_from_what_is_said_next(talk: Talk) -> None:
    created = events(talk.client, {"model": "talker", "message": "garbage"})[0][1]
    assert talk.client.get("/api/v1/chat/sessions").json["data"] == []
    talk.say("count 2", session_id=created["session_id"])
    [session] = talk.client.get("/api/v1/chat/sessions").json["data"]
    assert (session["id"], session["title"]) == (created["session_id"], "count 2")


async def test_a_turn_that_cannot_be_ended_does_not_keep_the_credits_of_others(pool: Pool) -> None:
    accounts = [await make_account(pool, credits=10) for _ in range(3)]
    for account in accounts:
        await begin_turn(pool, account, f"turn_{account}", credits=3)
    await pool.execute("update chat_turns set lease_until = now() - interval '1 second', rates = $1", RATES)
    await pool.execute("update chat_turns set rates = '{}' where account_id = $1", accounts[1])
    assert await end_lapsed(Turns(pool), Tokenizers([], folder=Path())) == 2
    left = [await wallet.balance(pool, account=account) for account in accounts]
    assert left == [Balance(10, 0), Balance(7, 3), Balance(10, 0)]


async def test_a_turn_whose_reader_left_before_it_was_begun_to_be_answered_costs_nothing(pool: Pool) -> None:
    account = await make_account(pool, credits=10)
    await begin_turn(pool, account, "turn_1", credits=3)
    nobody = Routing([], allow_stand_ins=False, serves=lambda route: False)
    images = Images(cast(Any, None), find=cast(Any, None))
    chat = Chat(pool, models={}, routing=nobody, providers={}, images=images, tokenizers=Tokenizers([], folder=Path()))
    turn = Turn(
        TurnId("turn_1"), account, SessionId("chat_turn_1"), "talker", TokenPrice(1, 10, "1"), 3, 1, True, utc_now()
    )
    beginning = Beginning(turn, None, cast(Any, None), "msg", "hello", [], "hello", "route", None, b"", None)
    begun = Begun(Prepared(beginning, Question("turn_1", "", [], 10), {}), [], 10.0)

    async def send(_: object) -> None:
        raise ConnectionResetError

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    with pytest.raises(ConnectionResetError):
        await TurnStream(chat, begun)(cast(Any, {"type": "http"}), receive, send)
    await chat.stop()
    assert await wallet.balance(pool, account=account) == Balance(10, 0)
    assert await verify(pool) == []
