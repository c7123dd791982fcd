"""The janitor old_sessions: which sessions go, what goes with them, and what stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from rivya.kit.ids import AccountId
from rivya.queue.janitors import old_sessions
from rivya.settings import Settings
from tests.chat.conftest import Talk
from tests.chat.streams import EventStream
from tests.chat.test_chat_turns import cost, refusal
from tests.queue.conftest import NO_ENGINES, System

KEPT_DAYS = 365
"""What ``System.sweep`` gives to janitors, and what is so by default."""

SPOKE = "update chat_sessions set updated_at = now() - make_interval(days => $2) where id = $1"
BEGAN = "update chat_sessions set created_at = now() - make_interval(days => $2) where id = $1"
MESSAGES = "select from chat_messages where account_id = $1 and session_id = $2"
TURNS = "select final_credits from chat_turns where account_id = $1 and session_id = $2"
MANY_OLD = """
insert into chat_sessions (account_id, id, source, model, title, message_count, created_at, updated_at)
select $1, 'chat_' || number, 'api', 'talker', '', 0, '2020-01-01', '2020-01-01' from generate_series(1, $2) number
"""


@pytest.fixture
def system(talk: Talk, tmp_path: Path) -> System:
    """The janitors' way into the installation that ``talk`` talks to."""
    settings = Settings(
        _env_file=None,  # pyright: ignore[reportCallIssue]
        data_dir=tmp_path,
        database_url=talk.installation.database_url,
        providers_file=NO_ENGINES,
        secret_key="for tests only",  # pyright: ignore[reportArgumentType]
    )
    return System(talk.installation.rivya, talk.client, AccountId(talk.account), talk.installation.journal, settings)


def begun(talk: Talk, *, silent_for_days: int = 0) -> str:
    """Begin a session with a turn of 6 tokens, in which nobody has spoken for so long; return its id."""
    session = talk.say("count 6").json["session_id"]
    if silent_for_days:
        talk.installation.sql(SPOKE, session, silent_for_days)
    return session


def kept(talk: Talk) -> list[str]:
    return [session["id"] for session in talk.client.get("/api/v1/chat/sessions").json["data"]]


def test_a_session_in_which_nobody_spoke_for_the_time_goes_with_its_messages(talk: Talk, system: System) -> None:
    session = begun(talk, silent_for_days=KEPT_DAYS + 1)
    assert len(talk.installation.sql(MESSAGES, talk.account, session)) == 2
    assert system.sweep(old_sessions.JANITOR) == 1
    assert refusal(talk.client.get(f"/api/v1/chat/sessions/{session}"))[:2] == (404, "not_found")
    assert talk.installation.sql(MESSAGES, talk.account, session) == []


def test_a_session_that_went_is_as_one_that_never_was(talk: Talk, system: System) -> None:
    session = begun(talk, silent_for_days=KEPT_DAYS + 1)
    system.sweep(old_sessions.JANITOR)
    assert refusal(talk.say("count 1", session_id=session)) == (409, "chat_session_conflict", "session_id")


def test_its_turns_stay_because_they_were_paid_for(talk: Talk, system: System) -> None:
    session = begun(talk, silent_for_days=KEPT_DAYS + 1)
    system.sweep(old_sessions.JANITOR)
    assert [row["final_credits"] for row in talk.installation.sql(TURNS, talk.account, session)] == [cost(11, 6)]
    assert talk.credits() == 10_000 - cost(11, 6)


def test_a_session_in_which_somebody_spoke_within_the_time_stays_whole(talk: Talk, system: System) -> None:
    begun(talk, silent_for_days=KEPT_DAYS + 1)
    young = begun(talk, silent_for_days=KEPT_DAYS - 1)
    assert system.sweep(old_sessions.JANITOR) == 1
    assert kept(talk) == [young]
    assert len(talk.client.get(f"/api/v1/chat/sessions/{young}").json["messages"]) == 2


def test_a_session_that_began_long_ago_stays_while_it_is_spoken_in(talk: Talk, system: System) -> None:
    session = begun(talk)
    talk.installation.sql(BEGAN, session, 10 * KEPT_DAYS)
    assert system.sweep(old_sessions.JANITOR) == 0
    assert talk.say("count 1", session_id=session).status == 200


def test_a_session_with_a_turn_under_way_stays_and_the_turn_ends_in_it(talk: Talk, system: System) -> None:
    session = begun(talk)
    stream = EventStream(talk.client, {"model": "talker", "message": "slow 40", "session_id": session})
    seen = iter(stream)
    next(seen)
    talk.installation.sql(SPOKE, session, KEPT_DAYS + 1)
    assert system.sweep(old_sessions.JANITOR) == 0
    *_, (name, turn) = seen
    stream.cut()
    assert name == "chat.completion.completed"
    messages = talk.client.get(f"/api/v1/chat/sessions/{session}").json["messages"]
    assert (len(messages), messages[-1]["content"]) == (4, turn["message"]["content"])


def test_more_old_sessions_than_one_statement_takes_go_in_one_sweep(talk: Talk, system: System) -> None:
    talk.installation.sql(MANY_OLD, talk.account, 1001)
    assert system.sweep(old_sessions.JANITOR) == 1001
    assert kept(talk) == []
