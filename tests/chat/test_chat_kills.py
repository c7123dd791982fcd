"""Whatever dies when: every session can be read, every turn ended once, and what was charged is what was made."""

from __future__ import annotations

import os
import random
import signal
import threading
import traceback
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from rivya.chat.tokens import estimated
from rivya.kit.ids import AccountId
from tests.chat.books import Books
from tests.chat.conftest import Talk
from tests.chat.random_calls import AWAY, Clients, Plan, Told, plans
from tests.chat.streams import EventStream
from tests.chat.test_chat_turns import cost
from tests.running import Client, eventually

TURNS = int(os.environ.get("RIVYA_CHAOS_TURNS", "80"))
KILLS = 2 + TURNS // 100
SEED = int(os.environ.get("RIVYA_CHAOS_SEED") or (random.randrange(1_000_000) if TURNS > 80 else 7))
CREDITS = 1_000_000


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


def test_random_leaving_faults_and_kills_leave_what_each_client_was_told_and_charge_for_that(talk: Talk) -> None:
    print(f"RIVYA_CHAOS_SEED={SEED}")
    account = talk.installation.account(credits=CREDITS)
    client = talk.installation.client(account)
    clients = Clients(talk.installation.rivya, client.key, SEED)

    def books() -> Books:
        running = "select from chat_turns where account_id = $1 and status = 'running'"
        eventually(lambda: not talk.installation.sql(running, account), within_s=60)
        return Books(talk.installation, client, account)

    told = clients.make(plans(SEED, count=TURNS, kills=KILLS))
    later = [Plan(TURNS + number, "count 5") for number in range(len(clients.cut_sessions))]
    told += [clients.go_on(plan, session) for plan, session in zip(later, clients.cut_sessions, strict=True)]
    found = books()
    judge(found, told)
    assert all(len(rows) == 1 for rows in found.turns.values())

    with_key = [one for one in told if one.plan.idempotency_key]
    before, again = found, [clients.again(one) for one in with_key]
    found = books()
    for first, second in zip(with_key, again, strict=True):
        kept = [row for row in before.turns.get(first.body["client_request_id"], []) if row["id"] in before.held]
        assert second.replayed is bool(kept)
        if kept:
            assert found.turns[first.body["client_request_id"]] == kept
            found.check_replay(second, kept[0])
            assert first.end in ("left", "cut", second.end)
            assert first.completion in (second.completion, None)
    judge(found, [one for one in again if not one.replayed])

    told_to_upstream = Counter(
        tuple((said["role"], said["content"]) for said in asked["messages"]) for asked in talk.upstream.asked
    )
    assert Counter(tuple(held.asked) for held in found.held.values()) <= told_to_upstream
    spent = sum(row["final_credits"] for row in found.rows)
    assert client.get("/api/v1/credits").json == {
        "current_credits": CREDITS - spent,
        "reserved_credits": 0,
        "expiring_soon": [],
    }

    ends = Counter(one.end for one in told)
    print(
        f"{len(told)} calls: {dict(ends)}; {sum(not one.plan.streamed for one in told)} without a stream, "
        f"{sum('session_id' in one.body for one in told)} in a session that was there, "
        f"{len(later)} of them after a kill; {len(again)} sent again: {sum(one.replayed for one in again)} replayed; "
        f"{dict(Counter(row['status'] for row in found.rows))}; {spent} credits; "
        f"a kill took at most {before.lost_s:.2f} s of what was told"
    )
    assert ends.keys() == {"completed", "error", "left", "cut"}
    clients.close()


def judge(books: Books, told: Sequence[Told]) -> None:
    """Check each call, and say of all that are wrong what they were told and what is left of them."""
    wrong: list[str] = []
    for one in told:
        try:
            books.check(one)
        except AssertionError:
            rows = [dict(row) for row in books.turns.get(one.body["client_request_id"], [])]
            held = [books.held.get(row["id"]) for row in rows]
            wrong.append(f"{traceback.format_exc()}\n{one.end} {one}\n{rows}\n{held}")
    assert not wrong, "\n\n".join(wrong)


def _rows(talk: Talk, where: str):
    return talk.installation.sql(f"select * from chat_turns where account_id = $1 and {where}", talk.account)


def _ended(talk: Talk, turn: str):
    rows = _rows(talk, f"id = '{turn}' and status <> 'running'")
    return rows[0] if rows else None
