"""A model with several upstreams: the next is asked only when the one before surely did no work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import pytest

from tests.api.conftest import Installation
from tests.chat.conftest import Talk, installed
from tests.chat.streams import events
from tests.chat.test_chat_turns import cost, refusal
from tests.chat.upstream import Upstream
from tests.running import free_port


@pytest.fixture(scope="module")
def second() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


@pytest.fixture(scope="module")
def chatting(
    database_for_module: str, upstream: Upstream, second: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    urls = [f"http://127.0.0.1:{free_port()}/v1", upstream.url, second.url]  # nobody listens at the first
    providers = "".join(
        f'[providers.number{number}]\nkind = "openai"\nurl = "{url}"\nfirst_s = 3.0\nidle_s = 1.0\n'
        for number, url in enumerate(urls)
    ) + "".join(
        f'[[routes]]\nmodel = "talker"\nprovider = "number{number}"\ntarget = "talker-{number}"\n'
        for number in range(len(urls))
    )
    with installed(database_for_module, Path(tmp_path_factory.mktemp("fallback")), providers) as chatting:
        yield chatting


@pytest.fixture(autouse=True)
def first(upstream: Upstream, second: Upstream) -> Iterator[Upstream]:
    """The first upstream that can be reached."""
    second.asked.clear()
    yield upstream
    upstream.always = second.always = None


def test_an_upstream_that_cannot_be_reached_is_passed_over(talk: Talk, second: Upstream) -> None:
    turn = talk.say("count 6").json
    assert turn["usage"] == {"input_tokens": 11, "output_tokens": 6, "total_tokens": 17}
    assert talk.credits() == 10_000 - cost(11, 6)
    assert [body["model"] for body in talk.upstream.asked] == ["talker-1"]
    assert second.asked == []


@pytest.mark.parametrize("refuses", ["busy 2", "busy 9", "status 500", "status 502", "status 503", "status 401"])
def test_the_next_is_asked_when_one_refuses_and_its_tokens_alone_are_paid(
    talk: Talk, first: Upstream, second: Upstream, refuses: str
) -> None:
    first.always = refuses
    found = events(talk.client, {"model": "talker", "message": "count 6"})
    assert _kinds(found) == ["created", "delta", "completed"]
    assert found[-1][1]["message"]["content"] == "the quick brown fox jumps over "
    assert (len(first.asked), len(second.asked)) == (1, 1)
    assert second.asked[0]["model"] == "talker-2"
    assert found[-1][1]["credits"]["final"] == cost(11, 6) == 10_000 - talk.credits()


@pytest.mark.parametrize(
    "fails", ["drop", "hang 0", "status 408", "status 504", "html", "garbage", "error 0", "break 0"]
)
def test_nobody_else_is_asked_when_work_may_have_been_done(
    talk: Talk, first: Upstream, second: Upstream, fails: str
) -> None:
    first.always = fails
    assert refusal(talk.say("count 6"))[:2] == (502, "upstream_unavailable")
    assert (len(first.asked), second.asked) == (1, [])
    assert talk.credits() == 10_000


def test_nobody_else_goes_on_with_an_answer_that_has_begun(talk: Talk, first: Upstream, second: Upstream) -> None:
    first.always = "error 5"
    found = events(talk.client, {"model": "talker", "message": "count 6"})
    assert _kinds(found) == ["created", "delta", "error"]
    assert second.asked == []
    session = talk.client.get(f"/api/v1/chat/sessions/{found[0][1]['session_id']}").json
    assert session["messages"][-1]["content"] == "the quick brown fox jumps "
    assert 10_000 - talk.credits() == _charged(talk) > 0


def test_when_all_refuse_the_turn_costs_nothing(talk: Talk, first: Upstream, second: Upstream) -> None:
    first.always, second.always = "status 503", "busy 1"
    assert refusal(talk.say("count 6"))[:2] == (502, "upstream_unavailable")
    assert (len(first.asked), len(second.asked)) == (1, 2)  # the last one said when to come again
    assert talk.credits() == 10_000
    assert talk.client.get("/api/v1/chat/sessions").json["data"] == []


def test_what_the_model_refuses_to_answer_is_asked_of_nobody_else(
    talk: Talk, first: Upstream, second: Upstream
) -> None:
    first.always = "long"
    assert refusal(talk.say("count 6")) == (400, "validation_failed", "message")
    assert (len(first.asked), second.asked) == (1, [])


def _kinds(found: Sequence[tuple[str, object]]) -> list[str]:
    """Return the kinds of a stream's events; neighbours of one kind, which may come together, as one."""
    return [kind for kind, _ in groupby(name.rsplit(".", 1)[-1] for name, _ in found)]


def _charged(talk: Talk) -> int:
    rows = talk.installation.sql("select final_credits from chat_turns where account_id = $1", talk.account)
    return sum(row["final_credits"] for row in rows)
