"""Pictures of the Files API in a conversation: what the model is shown, and what is refused."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from rivya.wallet.model import Balance
from tests.chat.conftest import Talk
from tests.chat.test_chat_turns import refusal
from tests.files import samples
from tests.files.forms import PATH, uploaded
from tests.running import Answer

GONE = "[A picture that was here is no longer kept.]"
MISSING = "file_00000000000000000000000000"


def attached(*files: str) -> list[dict[str, str]]:
    return [{"file_id": file} for file in files]


def picture_of(talk: Talk, colour: str = "red") -> tuple[str, bytes]:
    """Upload a picture; return its id and its bytes."""
    content = samples.picture(colour=colour)
    return uploaded(talk.client, content)["id"], content


def said_to_upstream(talk: Talk) -> list[Any]:
    """Return the contents of the messages that the upstream was sent last, without the system text."""
    return [message["content"] for message in talk.upstream.asked[-1]["messages"] if message["role"] != "system"]


def parts(text: str, *pictures: bytes, mime_type: str = "image/png") -> list[dict[str, Any]]:
    """Return a message with pictures as OpenAI's reference of chat completions has it."""
    urls = [f"data:{mime_type};base64,{base64.b64encode(picture).decode()}" for picture in pictures]
    return [{"type": "text", "text": text}, *({"type": "image_url", "image_url": {"url": url}} for url in urls)]


@pytest.mark.parametrize(
    ("format", "mime_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")]
)
def test_a_picture_reaches_the_upstream_with_its_bytes_and_type_beside_the_text(
    talk: Talk, format: str, mime_type: str
) -> None:
    content = samples.picture(format)
    # Neither name nor declared type is true: it is what the bytes are that is told.
    file = uploaded(talk.client, content, name="a.gif", declared="image/gif")["id"]
    assert talk.say("count 2", attachments=attached(file)).status == 200
    assert said_to_upstream(talk) == [parts("count 2", content, mime_type=mime_type)]


def test_pictures_are_shown_in_the_order_of_their_attachments(talk: Talk) -> None:
    (red, red_bytes), (blue, blue_bytes) = picture_of(talk, "red"), picture_of(talk, "blue")
    assert talk.say("count 2", attachments=attached(blue, red)).status == 200
    assert said_to_upstream(talk) == [parts("count 2", blue_bytes, red_bytes)]


def test_eight_pictures_may_be_attached(talk: Talk) -> None:
    file, content = picture_of(talk)
    assert talk.say("count 2", attachments=attached(*[file] * 8)).status == 200
    assert said_to_upstream(talk) == [parts("count 2", *[content] * 8)]


def test_pictures_of_earlier_messages_are_told_again_each_with_its_message(talk: Talk) -> None:
    (red, red_bytes), (blue, blue_bytes) = picture_of(talk, "red"), picture_of(talk, "blue")
    session = talk.say("count 1", model="roomy", attachments=attached(red)).json["session_id"]
    for message, files in (("count 2", []), ("count 3", [blue]), ("count 4", [])):
        answer = talk.say(message, model="roomy", session_id=session, attachments=attached(*files))
        assert answer.status == 200
    assert said_to_upstream(talk)[::2] == [
        parts("count 1", red_bytes),
        "count 2",
        parts("count 3", blue_bytes),
        "count 4",
    ]


def test_a_picture_that_does_not_fit_is_left_out_with_its_message(talk: Talk) -> None:
    file, content = picture_of(talk)  # two of them are as many tokens as ``talker`` reads
    session = talk.say("count 1", attachments=attached(file)).json["session_id"]
    assert talk.say("count 2", session_id=session, attachments=attached(file)).status == 200
    assert said_to_upstream(talk) == [parts("count 2", content)]


def test_a_session_tells_which_pictures_belong_to_which_message(talk: Talk) -> None:
    file, _ = picture_of(talk)
    session = talk.say("count 2", attachments=attached(file)).json["session_id"]
    messages = talk.client.get(f"/api/v1/chat/sessions/{session}").json["messages"]
    assert [message["attachments"] for message in messages] == [attached(file), []]


def test_a_picture_makes_the_worst_case_dearer(talk: Talk) -> None:
    file, _ = picture_of(talk)
    without, with_one = talk.say("count 1"), talk.say("count 1", attachments=attached(file))
    reserved = [answer.json["credits"]["reserved"] for answer in (without, with_one)]
    assert reserved[1] == reserved[0] + 200  # a picture is 2,000 tokens at most, and ten are a credit


def test_a_deleted_picture_of_an_earlier_message_leaves_a_word_behind_and_the_session_goes_on(talk: Talk) -> None:
    (kept, kept_bytes), (gone, _) = picture_of(talk, "red"), picture_of(talk, "blue")
    session = talk.say("count 2", model="roomy", attachments=attached(gone, kept)).json["session_id"]
    assert talk.client.call("DELETE", f"{PATH}/{gone}").status == 204
    answer = talk.say("count 3", model="roomy", session_id=session)
    assert (answer.status, answer.json["message"]["content"]) == (200, "the quick brown ")
    assert said_to_upstream(talk) == [parts(f"count 2\n\n{GONE}", kept_bytes), "the quick ", "count 3"]


def test_a_message_whose_only_picture_was_deleted_is_plain_text(talk: Talk) -> None:
    file, _ = picture_of(talk)
    session = talk.say("count 2", attachments=attached(file)).json["session_id"]
    assert talk.client.call("DELETE", f"{PATH}/{file}").status == 204
    assert talk.say("count 1", session_id=session).status == 200
    assert said_to_upstream(talk) == [f"count 2\n\n{GONE}", "the quick ", "count 1"]


def test_another_accounts_picture_is_answered_exactly_as_a_missing_one(talk: Talk) -> None:
    other = talk.installation.client(talk.installation.account())
    theirs = uploaded(other, samples.picture())["id"]
    answers = [talk.say("count 1", attachments=attached(file)) for file in (theirs, MISSING)]
    told = [{**answer.json["error"], "requestId": "", "status": answer.status} for answer in answers]
    assert told[0] == told[1]
    refused(talk, answers[0], 404, "not_found", "attachments[0].file_id")


def test_a_deleted_picture_cannot_be_attached(talk: Talk) -> None:
    (kept, _), (gone, _) = picture_of(talk), picture_of(talk)
    talk.client.call("DELETE", f"{PATH}/{gone}")
    answer = talk.say("count 1", attachments=attached(kept, gone))
    refused(talk, answer, 404, "not_found", "attachments[1].file_id")


def test_more_than_eight_pictures_are_refused(talk: Talk) -> None:
    file, _ = picture_of(talk)
    answer = talk.say("count 1", attachments=attached(*[file] * 9))
    refused(talk, answer, 400, "validation_failed", "attachments")


def test_a_model_that_takes_no_pictures_says_so(talk: Talk) -> None:
    file, _ = picture_of(talk)
    answer = talk.say("count 1", model="plain", attachments=attached(file))
    refused(talk, answer, 400, "chat_attachment_not_supported", "attachments")


def test_a_file_that_is_no_picture_is_refused(talk: Talk) -> None:
    sound = uploaded(talk.client, samples.sound("mp3"), kind="audio")["id"]
    answer = talk.say("count 1", attachments=attached(sound))
    refused(talk, answer, 400, "chat_attachment_not_supported", "attachments[0].file_id")


def refused(talk: Talk, answer: Answer, status: int, code: str, param: str) -> None:
    """Check a refusal: it asked nobody, left no session and cost nothing."""
    assert refusal(answer) == (status, code, param)
    assert talk.upstream.asked == []
    assert talk.client.get("/api/v1/chat/sessions").json["data"] == []
    assert talk.installation.balance(talk.account) == Balance(available=10_000, reserved=0)
