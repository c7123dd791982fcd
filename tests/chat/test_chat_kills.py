"""Whatever dies when: every session can be read, every turn ended once, and what was charged is what was made."""

from __future__ import annotations

import http.client
import os
import random
import signal
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from rivya.chat.tokens import estimated
from rivya.kit.ids import AccountId
from tests.chat.conftest import Talk
from tests.chat.streams import EventStream
from tests.chat.test_chat_turns import cost
from tests.running import Client, eventually

TURNS = int(os.environ.get("RIVYA_CHAOS_TURNS", "80"))
KINDS = ["count 5", "count 40", "uncounted 9", "slow 30", "error 6", "break 6", "garbage", "html", "busy 9", "split 4"]
AWAY = (OSError, http.client.HTTPException)


def test_a_killed_server_leaves_what_was_said_and_charges_for_that(talk: Talk) -> None:
    created = talk.killed_midway("slow 400")
    turn = eventually(lambda: _ended(talk, created["id"]), within_s=40)
    session = talk.client.get(f"/api/v1/chat/sessions/{created['session_id']}").json
    said = session["messages"][-1]
    assert said["finish_reason"] == "error"
    assert said["content"].startswith("the quick brown fox")
    assert turn["output_tokens"] == estimated(said["content"])
    assert turn["final_credits"] == cost(turn["input_tokens"], turn["output_tokens"]) == 10_000 - talk.credits()


def test_a_killed_server_charges_nothing_for_an_answer_that_nobody_saw(talk: Talk) -> None:
    process, base_url = talk.installation.rivya.serve()
    client = Client(base_url, talk.client.key)

    def ask() -> None:
        try:
            client.post("/api/v1/chat/completions", {"model": "talker", "message": "slow 400"})
        except AWAY:
            return

    asking = threading.Thread(target=ask)
    asking.start()
    eventually(lambda: talk.upstream.asked)
    process.send_signal(signal.SIGKILL)
    process.wait()
    asking.join()
    eventually(lambda: talk.credits() == 10_000, within_s=40)
    assert talk.client.get("/api/v1/chat/sessions").json["data"] == []


def test_a_stopped_server_ends_its_streams_with_a_last_event_and_what_was_made_is_settled(talk: Talk) -> None:
    process, base_url = talk.installation.rivya.serve()
    client = Client(base_url, talk.client.key)
    streams = [EventStream(client, {"model": "talker", "message": "slow 900"}) for _ in range(3)]
    begun = [next(iter(stream))[1] for stream in streams]
    process.send_signal(signal.SIGTERM)
    for stream, created in zip(streams, begun, strict=True):
        *deltas, (last, told) = list(stream)  # read to the end that the server made: none was cut
        stream.cut()
        assert (last, told["error"]["code"]) == ("error", "upstream_unavailable")
        turn = _ended(talk, created["id"])
        assert turn["status"] == "stopped"
        session = talk.client.get(f"/api/v1/chat/sessions/{created['session_id']}").json
        said = session["messages"][-1]
        assert said["content"] == "".join(data["delta"]["content"] for _, data in deltas)
        assert said["finish_reason"] == "error"
        assert turn["final_credits"] == cost(turn["input_tokens"], estimated(said["content"]))
    assert process.wait(20) == -signal.SIGTERM
    assert talk.installation.balance(AccountId(talk.account)).reserved == 0
    assert 10_000 - talk.credits() == sum(row["final_credits"] for row in _rows(talk, "true"))


def test_a_stopped_server_lets_short_answers_end(talk: Talk) -> None:
    process, base_url = talk.installation.rivya.serve()
    stream = EventStream(Client(base_url, talk.client.key), {"model": "talker", "message": "slow 60"})
    next(iter(stream))
    process.send_signal(signal.SIGTERM)
    assert list(stream)[-1][0] == "chat.completion.completed"
    assert process.wait(20) == -signal.SIGTERM


def test_a_stopped_server_gives_up_an_answer_that_nobody_has_seen_and_it_costs_nothing(talk: Talk) -> None:
    process, base_url = talk.installation.rivya.serve()
    client = Client(base_url, talk.client.key)
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(client.post, "/api/v1/chat/completions", {"model": "talker", "message": "slow 900"})
        eventually(lambda: talk.upstream.asked)
        process.send_signal(signal.SIGTERM)
        assert asking.result().json["error"]["code"] == "upstream_unavailable"
    assert process.wait(20) == -signal.SIGTERM
    assert talk.credits() == 10_000
    assert talk.installation.balance(AccountId(talk.account)).reserved == 0


def test_random_leaving_faults_and_kills_keep_the_books_true(talk: Talk) -> None:
    dice, lock = random.Random(7), threading.Lock()
    servers = [talk.installation.rivya.serve() for _ in range(2)]
    rivya = talk.installation.rivya

    def turn(number: int) -> str:
        with lock:
            kind, leave_after = dice.choice(KINDS), dice.choice([None, None, 0, 1, 3])
            base_url = dice.choice(servers)[1]
        try:
            stream = EventStream(Client(base_url, talk.client.key), {"model": "talker", "message": kind})
            last = str(stream.answer.status)
            for seen, (name, _) in enumerate(stream):
                last = name
                if seen == leave_after:
                    last = "left"
                    break
            stream.cut()
        except AWAY:
            return "server away"
        if number in (TURNS // 3, 2 * TURNS // 3):
            with lock:
                victim = dice.randrange(2)
                servers[victim][0].send_signal(signal.SIGKILL)
                servers[victim][0].wait()
                port = int(servers[victim][1].rsplit(":", 1)[1])
                servers[victim] = rivya.serve(port=port)
        return last

    with ThreadPoolExecutor(8) as pool:
        ends = Counter(pool.map(turn, range(TURNS)))
    eventually(lambda: not _rows(talk, "status = 'running'"), within_s=60)
    print(dict(ends))
    rows = _rows(talk, "true")
    assert len(rows) > TURNS // 2
    for row in rows:
        assert row["final_credits"] == (
            0 if row["status"] == "failed" else cost(row["input_tokens"], row["output_tokens"])
        ), dict(row)
        answer = talk.client.get(f"/api/v1/chat/sessions/{row['session_id']}")
        said = [message["role"] for message in answer.json["messages"]]
        assert said == ([] if row["status"] == "failed" else ["user", "assistant"])
    assert 10_000 - talk.credits() == sum(row["final_credits"] for row in rows)
    for process, _ in servers:
        rivya.stop(process)


def _rows(talk: Talk, where: str):
    return talk.installation.sql(f"select * from chat_turns where account_id = $1 and {where}", talk.account)


def _ended(talk: Talk, turn: str):
    rows = _rows(talk, f"id = '{turn}' and status <> 'running'")
    return rows[0] if rows else None
