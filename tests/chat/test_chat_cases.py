"""What a turn does in the cases that the contract and the ADR on chat turns name one by one."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from rivya.wallet.model import Balance
from tests.chat.conftest import Talk
from tests.chat.streams import EventStream, events
from tests.chat.test_chat_turns import cost, refusal
from tests.chat.upstream import WORDS
from tests.running import Answer, eventually

SYSTEM = "You talk."
"""What the models ``talker`` and ``hasty`` are told first."""


def bytes_by_four(text: str) -> int:
    """Return the tokens of a text that nobody counts, as docs/operations/running.md has it."""
    return -(-len(text.encode()) // 4)


def estimated_input(*texts: str) -> int:
    return sum(bytes_by_four(text) + 4 for text in texts)


def pieces(count: int) -> str:
    """Return what the upstream says in so many pieces."""
    return "".join(f"{WORDS[number % len(WORDS)]} " for number in range(count))


def streamed(talk: Talk, message: str, **more: object) -> list[tuple[str, Any]]:
    return events(talk.client, {"model": "talker", "message": message, **more})


def told(found: list[tuple[str, Any]], what: str) -> str:
    """Return the contents, or the thoughts, of all deltas of a stream."""
    return "".join(data["delta"].get(what, "") for name, data in found if name == "chat.completion.delta")


def charges(talk: Talk) -> list[int]:
    """Return what the account sees that it paid, newest first."""
    found = talk.client.get("/api/v1/credits/transactions?type=settle").json["data"]
    return [one["spent_credits"] for one in found]


def the_turn(talk: Talk) -> Any:
    """Return the row of the account's only turn, ended."""
    (row,) = talk.installation.sql("select * from chat_turns where account_id = $1", talk.account)
    return row


def session_of(talk: Talk, session: str) -> Any:
    return talk.client.get(f"/api/v1/chat/sessions/{session}").json


def test_a_piece_reaches_the_client_while_the_upstream_is_still_silent_about_the_next(talk: Talk) -> None:
    stream = EventStream(talk.client, {"model": "talker", "message": "wait 3"})
    seen = iter(stream)
    next(seen)
    name, first = next(seen)
    talk.upstream.go_on()  # not before: that the first piece was read is what it waited for
    rest = list(seen)
    stream.cut()
    assert (name, first["delta"]) == ("chat.completion.delta", {"content": "the "})
    assert rest[-1][0] == "chat.completion.completed"
    assert rest[-1][1]["message"]["content"] == "the quick brown "


def test_the_model_is_told_its_system_text_first_and_no_client_sees_it(talk: Talk) -> None:
    session = talk.say("count 1").json["session_id"]
    talk.say("count 1", session_id=session)
    for asked in talk.upstream.asked:
        assert asked["messages"][0] == {"role": "system", "content": SYSTEM}
        assert [said["role"] for said in asked["messages"]].count("system") == 1
    assert SYSTEM not in json.dumps(session_of(talk, session))


def test_a_model_without_a_system_text_is_told_none(talk: Talk) -> None:
    talk.say("count 1", model="plain")
    assert talk.upstream.asked[-1]["messages"] == [{"role": "user", "content": "count 1"}]


def test_the_upstream_is_asked_to_count_in_its_stream(talk: Talk) -> None:
    talk.say("count 1")
    asked = talk.upstream.asked[-1]
    assert (asked["stream"], asked["stream_options"]) == (True, {"include_usage": True})


@pytest.mark.parametrize("kind", ["think", "reason"])
def test_thoughts_are_told_whatever_the_upstream_calls_them(talk: Talk, kind: str) -> None:
    message = talk.say(f"{kind} 2", thinking=True).json["message"]
    assert (message["thoughts"], message["content"]) == ("let me see", "the quick ")


@pytest.mark.parametrize("kind", ["think", "reason"])
def test_thoughts_are_deltas_of_a_stream_before_those_of_the_answer(talk: Talk, kind: str) -> None:
    found = streamed(talk, f"{kind} 2", thinking=True)
    kinds = [next(iter(data["delta"])) for name, data in found if name.endswith("delta")]
    assert kinds == sorted(kinds, reverse=True)  # thoughts, then content
    message = found[-1][1]["message"]
    assert told(found, "thoughts") == message["thoughts"] == "let me see"
    assert told(found, "content") == message["content"] == "the quick "


def test_a_replayed_stream_tells_the_same_thoughts_and_answer_and_is_charged_once(talk: Talk) -> None:
    body, key = {"model": "talker", "message": "think 3", "thinking": True}, {"Idempotency-Key": "thought"}
    replayed, heard = [], []
    for _ in range(2):
        stream = EventStream(talk.client, body, key)
        replayed.append(stream.answer.getheader("Idempotent-Replayed"))
        heard.append(list(stream))
        stream.cut()
    assert replayed == [None, "true"]
    for what, whole in (("thoughts", "let me see"), ("content", "the quick brown ")):
        assert [told(found, what) for found in heard] == [whole, whole]
    assert heard[1][-1] == heard[0][-1]
    assert charges(talk) == [cost(11, 3)]
    assert talk.installation.balance(talk.account) == Balance(available=10_000 - cost(11, 3), reserved=0)
    assert len(talk.upstream.asked) == 1


def test_a_stream_that_breaks_after_fifty_pieces_is_settled_to_the_token(talk: Talk) -> None:
    found = streamed(talk, "error 50")
    assert (found[-1][0], found[-1][1]["error"]["code"]) == ("error", "upstream_unavailable")
    said = session_of(talk, found[0][1]["session_id"])["messages"][-1]
    assert told(found, "content") == said["content"] == pieces(50)
    assert said["finish_reason"] == "error"

    used, paid = (estimated_input(SYSTEM, "error 50"), bytes_by_four(pieces(50))), the_turn(talk)
    assert (paid["status"], paid["counted_by"]) == ("stopped", "estimate")
    assert (paid["input_tokens"], paid["output_tokens"]) == used
    assert [paid["final_credits"]] == charges(talk) == [cost(*used)]
    assert talk.installation.balance(talk.account) == Balance(available=10_000 - cost(*used), reserved=0)


def test_an_own_session_with_another_model_is_a_conflict_and_costs_nothing(talk: Talk) -> None:
    session = talk.say("count 1").json["session_id"]
    before, asked = talk.credits(), len(talk.upstream.asked)
    answer = talk.say("count 1", model="plain", session_id=session)
    assert refusal(answer) == (409, "chat_session_conflict", "session_id")
    assert "retry-after" not in answer.headers  # it will be a conflict for ever
    assert (talk.credits(), len(talk.upstream.asked)) == (before, asked)
    assert session_of(talk, session)["message_count"] == 2


def test_an_upstream_that_says_when_to_come_again_is_asked_then_and_its_answer_told(talk: Talk) -> None:
    asked_at = time.monotonic()
    answer = talk.say("recovering 1")
    assert time.monotonic() - asked_at >= 1.0
    assert (answer.status, answer.json["message"]["content"]) == (200, "the ")
    assert len(talk.upstream.asked) == 2
    assert charges(talk) == [cost(11, 1)]


def test_who_went_away_finds_the_answer_later_under_its_key_and_pays_once(talk: Talk) -> None:
    body, key = {"model": "talker", "message": "slow 60"}, {"Idempotency-Key": "later"}
    leave_when_asked(talk, body, key)

    def later() -> Answer | None:
        answer = talk.client.post("/api/v1/chat/completions", body, headers=key)
        if answer.status == 200:
            return answer
        assert refusal(answer)[:2] == (409, "idempotency_conflict")  # it is still under way
        return None

    answer = eventually(later)
    assert answer.headers["idempotent-replayed"] == "true"
    assert answer.json["message"]["content"] == pieces(60)
    assert answer.json["message"]["finish_reason"] == "stop"
    assert len(session_of(talk, answer.json["session_id"])["messages"]) == 2
    assert charges(talk) == [cost(11, 60)] == [answer.json["credits"]["final"]]
    assert len(talk.upstream.asked) == 1


def leave_when_asked(talk: Talk, body: Any, headers: dict[str, str]) -> None:
    """Make a call without a stream, and hang up when the upstream is at work."""
    connection = http.client.HTTPConnection(urlsplit(talk.client.base_url).netloc)
    connection.request(
        "POST",
        "/api/v1/chat/completions",
        json.dumps(body),
        {"Authorization": f"Bearer {talk.client.key}", "Content-Type": "application/json", **headers},
    )
    eventually(lambda: talk.upstream.asked)
    connection.close()


@pytest.mark.parametrize(
    ("message", "most_input"),
    [
        # A token for each byte, and 16 for what frames each of the two messages: one more than whole credits, so that
        # one less would be cheaper.
        pytest.param("Hello you!", 9 + 10 + 2 * 16, id="short"),
        pytest.param("zażółć 🐢 🐢", 9 + 20 + 2 * 16, id="not of ASCII"),
        # More than the model can read is not read.
        pytest.param("count 1 " + "x" * 5000, 4000, id="longer than the context"),
    ],
)
def test_what_is_set_aside_is_the_price_of_the_worst_case(talk: Talk, message: str, most_input: int) -> None:
    stream = EventStream(talk.client, {"model": "talker", "message": message})
    _, created = next(iter(stream))
    stream.cut()
    assert created["credits"] == {"reserved": cost(most_input, 1000)}
    reserves = talk.client.get("/api/v1/credits/transactions?type=reserve").json["data"]
    assert [(one["reference"], one["credits"]) for one in reserves] == [(created["id"], -cost(most_input, 1000))]
    eventually(lambda: talk.installation.balance(talk.account).reserved == 0)


@pytest.mark.parametrize(
    ("message", "title"),
    [
        pytest.param(" Tell\n\n me\ta   story ", "Tell me a story", id="white space"),
        pytest.param("x" * 80, "x" * 80, id="eighty"),
        pytest.param("x" * 81, "x" * 79 + "…", id="eighty-one"),
        pytest.param("x" * 78 + " yyy", "x" * 78 + "…", id="no space before the ellipsis"),
        pytest.param("x" * 40 + " \n" * 40 + "y" * 39, "x" * 40 + " " + "y" * 39, id="eighty when folded"),
    ],
)
def test_a_session_is_titled_with_the_beginning_of_its_first_message(talk: Talk, message: str, title: str) -> None:
    session = talk.say(message).json["session_id"]
    assert session_of(talk, session)["title"] == title
    talk.say("count 1", session_id=session)
    assert session_of(talk, session)["title"] == title


def test_a_models_deadline_ends_a_stream_that_trickles_on_and_what_was_said_is_kept_and_paid(talk: Talk) -> None:
    begun_at = time.monotonic()
    found = streamed(talk, "slow 1000000", model="hasty")
    assert 2.0 <= time.monotonic() - begun_at < 15.0
    assert (found[-1][0], found[-1][1]["error"]["code"]) == ("error", "upstream_unavailable")
    eventually(lambda: talk.upstream.open_streams == 0)

    said = session_of(talk, found[0][1]["session_id"])["messages"][-1]
    assert said["content"] == told(found, "content") != ""
    assert said["finish_reason"] == "error"
    used, paid = (estimated_input(SYSTEM, "slow 1000000"), bytes_by_four(said["content"])), the_turn(talk)
    assert (paid["status"], paid["error"]) == ("stopped", "timeout")
    assert (paid["input_tokens"], paid["output_tokens"]) == used
    assert [paid["final_credits"]] == charges(talk) == [cost(*used)]
    assert talk.installation.balance(talk.account) == Balance(available=10_000 - cost(*used), reserved=0)


def test_a_models_deadline_ends_a_call_without_a_stream_and_it_costs_nothing(talk: Talk) -> None:
    begun_at = time.monotonic()
    assert refusal(talk.say("slow 1000000", model="hasty"))[:2] == (502, "upstream_unavailable")
    assert 2.0 <= time.monotonic() - begun_at < 15.0
    eventually(lambda: talk.upstream.open_streams == 0)
    assert (the_turn(talk)["status"], the_turn(talk)["error"]) == ("failed", "timeout")
    assert talk.installation.balance(talk.account) == Balance(available=10_000, reserved=0)
