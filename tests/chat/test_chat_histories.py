"""What random histories (``test_chat_kills.py``) have found, each told once more by itself."""

from __future__ import annotations

from tests.chat.conftest import Talk
from tests.chat.streams import events
from tests.chat.test_chat_turns import refusal


def test_a_session_that_a_client_was_told_of_stays_when_every_turn_in_it_fails(talk: Talk) -> None:
    (_, created), (last, _) = events(talk.client, {"model": "talker", "message": "garbage"})
    assert last == "error"
    session = created["session_id"]
    assert refusal(talk.say("garbage", session_id=session))[:2] == (502, "upstream_unavailable")
    assert talk.client.get(f"/api/v1/chat/sessions/{session}").status == 200
    assert talk.say("count 3", session_id=session).status == 200
