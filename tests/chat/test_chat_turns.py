"""POST /chat/completions and its stream, against an upstream that behaves and misbehaves."""

from __future__ import annotations

from typing import Any

import pytest

from rivya.chat.tokens import estimated, estimated_input
from tests.chat.conftest import Talk
from tests.chat.streams import EventStream, events
from tests.running import Client, eventually


def cost(input_tokens: int, output_tokens: int) -> int:
    return max(1, -(-(input_tokens + 2 * output_tokens) // 10))


def refusal(answer: Any) -> tuple[int, str, str | None]:
    error = answer.json["error"]
    return answer.status, error["code"], error.get("param")


def test_a_turn_is_answered_kept_and_paid_by_its_tokens(talk: Talk) -> None:
    answer = talk.say("count 6")
    assert answer.status == 200, answer.body
    turn = answer.json
    assert turn["object"] == "chat.completion"
    assert turn["message"]["content"] == "the quick brown fox jumps over "
    assert turn["usage"] == {"input_tokens": 11, "output_tokens": 6, "total_tokens": 17}
    assert turn["credits"]["final"] == cost(11, 6) <= turn["credits"]["reserved"]
    assert talk.credits() == 10_000 - cost(11, 6)
    session = talk.client.get(f"/api/v1/chat/sessions/{turn['session_id']}").json
    assert [message["role"] for message in session["messages"]] == ["user", "assistant"]
    assert session["title"] == "count 6"
    assert session["message_count"] == 2


def test_a_session_goes_on_with_what_was_said(talk: Talk) -> None:
    first = talk.say("count 2").json
    second = talk.say("count 3", session_id=first["session_id"]).json
    assert second["session_id"] == first["session_id"]
    assert [said["role"] for said in talk.upstream.asked[-1]["messages"]] == ["system", "user", "assistant", "user"]
    assert talk.upstream.asked[-1]["model"] == "talker-1"


def test_old_messages_are_left_out_whole_when_they_do_not_fit(talk: Talk) -> None:
    session = talk.say("count 2").json["session_id"]
    for _ in range(3):
        assert talk.say("count 2 " + "x" * 4000, session_id=session).status == 200
    said = talk.upstream.asked[-1]["messages"]
    assert said[0]["role"] == "system"
    assert said[1]["role"] == "user"
    assert 2 <= len(said) < 8
    assert said[-1]["content"] == "count 2 " + "x" * 4000


def test_a_conversation_that_the_upstream_finds_too_long_is_a_clear_error(talk: Talk) -> None:
    assert refusal(talk.say("long")) == (400, "validation_failed", "message")
    assert talk.credits() == 10_000


@pytest.mark.parametrize("kind", ["html", "garbage", "line", "busy 9", "error 0", "break 0"])
def test_an_upstream_that_fails_costs_nothing(talk: Talk, kind: str) -> None:
    assert refusal(talk.say(kind))[:2] == (502, "upstream_unavailable")
    assert talk.credits() == 10_000
    assert talk.client.get("/api/v1/chat/sessions").json["data"] == []


def test_an_answer_cut_short_without_a_stream_costs_nothing(talk: Talk) -> None:
    assert refusal(talk.say("error 7"))[:2] == (502, "upstream_unavailable")
    assert talk.credits() == 10_000


def test_an_upstream_that_hangs_is_given_up(talk: Talk) -> None:
    assert refusal(talk.say("hang 0"))[:2] == (502, "upstream_unavailable")
    assert talk.credits() == 10_000


def test_an_upstream_that_is_busy_for_a_moment_is_asked_once_more(talk: Talk) -> None:
    assert talk.say("busy 1").status == 502
    assert len(talk.upstream.asked) == 2


def test_an_upstream_that_does_not_stream_is_understood(talk: Talk) -> None:
    turn = talk.say("whole").json
    assert turn["message"]["content"] == "all at once"
    assert turn["usage"]["total_tokens"] == 10


def test_thoughts_are_told_apart(talk: Talk) -> None:
    turn = talk.say("think 2", thinking=True, reasoning_effort="high").json
    assert turn["message"]["thoughts"] == "let me see"
    asked = talk.upstream.asked[-1]
    assert (asked["reason"], asked["reasoning_effort"]) == (True, "high")


def test_without_a_count_the_tokens_are_estimated(talk: Talk) -> None:
    turn = talk.say("uncounted 8").json
    assert turn["usage"]["output_tokens"] == estimated(turn["message"]["content"])
    used = turn["usage"]
    assert turn["credits"]["final"] == cost(used["input_tokens"], used["output_tokens"])


def test_what_was_left_out_for_the_upstreams_sake_is_not_paid(talk: Talk) -> None:
    session = talk.say("uncounted 30").json["session_id"]
    answer = talk.say("crowded 3", session_id=session)
    assert len(talk.upstream.asked[-2]["messages"]) > len(talk.upstream.asked[-1]["messages"])
    asked = [message["content"] for message in talk.upstream.asked[-1]["messages"]]
    assert answer.json["usage"]["input_tokens"] == estimated_input(asked)


def test_a_count_that_cannot_be_costs_no_more_than_was_set_aside(talk: Talk) -> None:
    answer = talk.say("boasting 2")
    assert answer.status == 200
    assert answer.json["credits"]["final"] == answer.json["credits"]["reserved"] == 10_000 - talk.credits()


def test_a_stream_tells_created_deltas_and_completed(talk: Talk) -> None:
    found = events(talk.client, {"model": "talker", "message": "count 4"})
    first, *deltas, last = [name for name, _ in found]
    assert (first, last) == ("chat.completion.created", "chat.completion.completed")
    assert set(deltas) == {"chat.completion.delta"}
    assert len(deltas) <= 4  # what comes together is told together
    whole = "".join(data["delta"]["content"] for name, data in found if name.endswith("delta"))
    assert whole == found[-1][1]["message"]["content"] == "the quick brown fox "
    assert found[0][1]["credits"] == {"reserved": found[-1][1]["credits"]["reserved"]}


def test_characters_and_frames_that_were_split_on_the_way_are_whole(talk: Talk) -> None:
    found = events(talk.client, {"model": "talker", "message": "split 5"})
    assert found[-1][1]["message"]["content"] == "żółw 🐢 " * 5


def test_a_stream_whose_upstream_breaks_off_ends_with_an_error_and_pays_what_was_made(talk: Talk) -> None:
    for kind in ("error 5", "break 5", "hang 5"):
        before = talk.credits()
        found = events(talk.client, {"model": "talker", "message": kind})
        assert found[-1][0] == "error"
        assert found[-1][1]["error"]["code"] == "upstream_unavailable"
        session = talk.client.get(f"/api/v1/chat/sessions/{found[0][1]['session_id']}").json
        said = session["messages"][-1]
        assert (said["role"], said["finish_reason"]) == ("assistant", "error")
        assert said["content"] == "the quick brown fox jumps "
        assert before - talk.credits() >= 1


def test_who_leaves_stops_the_upstream_and_pays_what_was_made(talk: Talk) -> None:
    stream = EventStream(talk.client, {"model": "talker", "message": "slow 1000"})
    seen = iter(stream)
    name, created = next(seen)
    assert name == "chat.completion.created"
    for _ in range(5):
        next(seen)
    stream.cut()

    def settled() -> Any:
        session = talk.client.get(f"/api/v1/chat/sessions/{created['session_id']}").json
        return session if session["message_count"] == 2 else None

    said = eventually(settled)["messages"][-1]
    assert said["finish_reason"] == "cancelled"
    assert said["content"].startswith("the quick brown")
    eventually(lambda: talk.upstream.open_streams == 0)
    row = talk.installation.sql("select * from chat_turns where account_id = $1", talk.account)[0]
    assert row["output_tokens"] == estimated(said["content"])
    assert 10_000 - talk.credits() == cost(row["input_tokens"], row["output_tokens"]) == row["final_credits"]


def test_a_turn_at_a_time_in_a_session(talk: Talk) -> None:
    session = talk.say("count 1").json["session_id"]
    stream = EventStream(talk.client, {"model": "talker", "message": "slow 100", "session_id": session})
    next(iter(stream))
    assert refusal(talk.say("count 1", session_id=session)) == (409, "chat_session_conflict", "session_id")
    assert talk.client.call("DELETE", f"/api/v1/chat/sessions/{session}").status == 409
    stream.cut()


def test_a_replay_is_the_first_answer_and_charges_once(talk: Talk) -> None:
    key = {"Idempotency-Key": "once"}
    first = talk.say("count 3", headers=key)
    paid = talk.credits()
    again = talk.say("count 3", headers=key)
    assert again.body == first.body
    assert again.headers["idempotent-replayed"] == "true"
    assert refusal(talk.say("count 4", headers=key))[:2] == (409, "idempotency_conflict")
    assert talk.credits() == paid
    assert len(talk.upstream.asked) == 1


def test_a_replayed_stream_is_one_stream_again(talk: Talk) -> None:
    body, key = {"model": "talker", "message": "count 3"}, {"Idempotency-Key": "streamed"}
    first = events(talk.client, body, key)
    again = events(talk.client, body, key)
    assert again[-1] == first[-1]
    assert again[0] == first[0]
    assert len(talk.upstream.asked) == 1


def test_the_same_call_while_the_first_is_in_flight_is_told_so(talk: Talk) -> None:
    body, key = {"model": "talker", "message": "slow 100"}, {"Idempotency-Key": "flying"}
    stream = EventStream(talk.client, body, key)
    next(iter(stream))
    second = EventStream(talk.client, body, key)
    assert second.answer.status == 409
    assert second.answer.getheader("Retry-After") == "1"
    stream.cut()
    second.cut()


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"model": "nobody"}, "chat_model_not_supported", "model"),
        ({"model": "rivya-sketch"}, "chat_model_not_supported", "model"),
        ({"message": " "}, "validation_failed", "message"),
        ({"message": "x" * 20_001}, "validation_failed", "message"),
        ({"message": "a\x00b"}, "validation_failed", "message"),
        ({"messages": []}, "validation_failed", "messages"),
        ({"enable_web_search": True}, "validation_failed", "enable_web_search"),
        ({"reasoning_effort": "xhigh"}, "validation_failed", "reasoning_effort"),
        ({"reasoning_effort": "much"}, "validation_failed", "reasoning_effort"),
        ({"client_request_id": "x" * 129}, "validation_failed", "client_request_id"),
        ({"session_id": "chat_00000000000000000000000000"}, "chat_session_conflict", "session_id"),
        ({"attachments": [{"file_id": "file_00000000000000000000000000"}]}, "not_found", "attachments[0].file_id"),
    ],
)
def test_bad_input_names_its_field_and_costs_nothing(talk: Talk, change: dict[str, Any], code: str, param: str) -> None:
    answer = talk.client.post("/api/v1/chat/completions", {"model": "talker", "message": "count 1", **change})
    assert refusal(answer)[1:] == (code, param)
    assert talk.credits() == 10_000
    assert talk.upstream.asked == []


def test_a_wallet_that_is_short_asks_nobody(talk: Talk) -> None:
    poor = talk.installation.client(talk.installation.account(credits=5))
    answer = poor.post("/api/v1/chat/completions", {"model": "talker", "message": "count 1"})
    assert refusal(answer)[:2] == (402, "insufficient_credits")
    assert talk.upstream.asked == []


def test_another_accounts_session_is_as_one_that_is_missing(talk: Talk) -> None:
    session = talk.say("count 1").json["session_id"]
    other = talk.installation.client(talk.installation.account(credits=1000))
    assert refusal(other.get(f"/api/v1/chat/sessions/{session}"))[:2] == (404, "not_found")
    answer = other.post("/api/v1/chat/completions", {"model": "talker", "message": "hi", "session_id": session})
    assert refusal(answer)[:2] == (409, "chat_session_conflict")


def test_a_deleted_session_is_gone_and_its_turns_are_still_on_the_books(talk: Talk) -> None:
    session = talk.say("count 1").json["session_id"]
    assert talk.client.call("DELETE", f"/api/v1/chat/sessions/{session}").status == 204
    assert talk.client.get(f"/api/v1/chat/sessions/{session}").status == 404
    assert talk.credits() == 10_000 - cost(11, 1)


def test_sessions_are_listed_newest_first_in_pages(talk: Talk) -> None:
    made = [talk.say("count 1").json["session_id"] for _ in range(3)]
    first = talk.client.get("/api/v1/chat/sessions?limit=2").json
    second = talk.client.get(f"/api/v1/chat/sessions?limit=2&cursor={first['next_cursor']}").json
    assert [one["id"] for one in first["data"] + second["data"]] == made[::-1]


def test_a_key_that_may_spend_no_more_is_told_so_and_turns_count_in_its_usage(talk: Talk) -> None:
    issued = talk.installation.key(talk.account)
    client = Client(talk.client.base_url, issued.secret)
    body = {"model": "talker", "message": "count 6"}
    paid = client.post("/api/v1/chat/completions", body).json["credits"]
    talk.installation.sql("update api_keys set credits_a_month = $1 where id = $2", paid["reserved"], issued.id)
    assert refusal(client.post("/api/v1/chat/completions", body))[:2] == (402, "spend_limit_reached")
    usage = talk.installation.sql("select credits, in_flight from key_usage where usage_id = $1", issued.id)
    assert [dict(row) for row in usage] == [{"credits": paid["final"], "in_flight": 0}]
