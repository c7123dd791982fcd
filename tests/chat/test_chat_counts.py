"""Who counts the tokens where the upstream is silent at the end: itself as it went, or the model's own tokenizer."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tokenizers")

from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from tokenizers.processors import TemplateProcessing

from rivya.providers.routing import BadProviders, Route
from rivya.providers.tokenizers import Tokenizers
from tests.api.conftest import Installation
from tests.chat.conftest import Talk, installed
from tests.chat.streams import EventStream
from tests.chat.test_chat_turns import cost
from tests.chat.upstream import Upstream
from tests.running import eventually

FRAME = 4
"""Tokens that each message has beside those of its text."""


def words_tokenizer() -> Tokenizer:
    """A token is a word. Like many files it also says how its model was trained: cut, filled up, between marks."""
    tokenizer = Tokenizer(WordLevel({"[UNK]": 0, "[BEGIN]": 1, "[PAD]": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.post_processor = TemplateProcessing(single="[BEGIN] $A", special_tokens=[("[BEGIN]", 1)])
    tokenizer.enable_truncation(3)
    tokenizer.enable_padding(pad_id=2, pad_token="[PAD]", length=50)
    return tokenizer


def words(text: str) -> int:
    return len(text.split())


@pytest.fixture(scope="module")
def chatting(
    database_for_module: str, upstream: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    folder = Path(tmp_path_factory.mktemp("counting"))
    (folder / "tokenizers").mkdir()
    words_tokenizer().save(str(folder / "tokenizers" / "talker.json"))
    providers = (
        f'[providers.double]\nkind = "openai"\nurl = "{upstream.url}"\nkey_env = "DOUBLE_KEY"\n'
        'max_tokens_field = "max_completion_tokens"\nstream_options = false\n'
        '[[routes]]\nmodel = "talker"\nprovider = "double"\ntarget = "talker-1"\ntokenizer = "tokenizers/talker.json"\n'
    )
    with installed(database_for_module, folder, providers) as chatting:
        yield chatting


def turn_of(talk: Talk) -> Any:
    """Return the only turn of the account when it has ended."""
    ended = "select * from chat_turns where account_id = $1 and status <> 'running'"
    return eventually(lambda: talk.installation.sql(ended, talk.account), within_s=40)[0]


def said_in(talk: Talk, session: str) -> str:
    return talk.client.get(f"/api/v1/chat/sessions/{session}").json["messages"][-1]["content"]


def asked_words(talk: Talk) -> int:
    return sum(words(message["content"]) + FRAME for message in talk.upstream.asked[-1]["messages"])


def test_the_models_tokenizer_counts_what_the_upstream_does_not(talk: Talk) -> None:
    answer = talk.say("uncounted 9").json
    assert answer["usage"]["output_tokens"] == 9
    assert answer["usage"]["input_tokens"] == asked_words(talk)
    assert answer["credits"]["final"] == cost(asked_words(talk), 9) == 10_000 - talk.credits()
    assert turn_of(talk)["counted_by"] == "tokenizer"


def test_the_upstreams_own_count_is_believed_first(talk: Talk) -> None:
    assert talk.say("count 7").json["usage"] == {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18}
    assert turn_of(talk)["counted_by"] == "upstream"


def test_who_leaves_pays_by_the_tokenizer(talk: Talk) -> None:
    stream = EventStream(talk.client, {"model": "talker", "message": "slow 400"})
    seen = iter(stream)
    _, created = next(seen)
    for _ in range(20):
        next(seen)
    stream.cut()
    turn = turn_of(talk)
    assert turn["counted_by"] == "tokenizer"
    assert turn["output_tokens"] == words(said_in(talk, created["session_id"])) >= 20
    assert turn["final_credits"] == cost(asked_words(talk), turn["output_tokens"]) == 10_000 - talk.credits()


@pytest.mark.parametrize(("kind", "counted_by"), [("slow", "tokenizer"), ("counting", "upstream")])
def test_a_killed_servers_turn_is_counted_by_who_knows(talk: Talk, kind: str, counted_by: str) -> None:
    created = talk.killed_midway(f"{kind} 400")
    turn = turn_of(talk)
    assert turn["counted_by"] == counted_by
    assert turn["output_tokens"] == words(said_in(talk, created["session_id"])) > 0
    if counted_by == "upstream":
        assert turn["input_tokens"] == 11
    assert turn["final_credits"] == cost(turn["input_tokens"], turn["output_tokens"]) == 10_000 - talk.credits()


def test_an_upstream_is_asked_in_its_own_words(talk: Talk) -> None:
    talk.say("count 1")
    (asked,) = talk.upstream.asked
    assert "max_completion_tokens" in asked
    assert not {"max_tokens", "stream_options"} & set(asked)


def route(model: str, tokenizer: str | None) -> Route:
    return Route(model, "double", "target", tokenizer=tokenizer)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    words_tokenizer().save(str(tmp_path / "good.json"))
    (tmp_path / "bad.json").write_text(json.dumps({"model": {"type": "Nonsense"}}))
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    return tmp_path


async def test_texts_of_any_length_and_script_are_counted_whole(folder: Path) -> None:
    tokenizers = Tokenizers([route("talker", "good.json"), route("talker", None)], folder=folder)
    assert await tokenizers.count("talker", ["", "one two three four five", "żółw 🐢", "a " * 5000]) == [0, 5, 2, 5000]
    assert await tokenizers.count("another", ["hello"]) is None


@pytest.mark.parametrize("name", ["bad.json", "bytes.json", "missing.json", "."])
def test_a_file_that_is_no_tokenizer_is_named(folder: Path, name: str) -> None:
    with pytest.raises(BadProviders, match=re.escape(f"routes: tokenizer {folder / name}: ")):
        Tokenizers([route("talker", name)], folder=folder)


def test_a_model_has_one_tokenizer(folder: Path) -> None:
    with pytest.raises(BadProviders, match="talker has two tokenizers"):
        Tokenizers([route("talker", "good.json"), route("talker", "bad.json")], folder=folder)


def test_without_the_package_what_to_install_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(BadProviders, match=r"install rivya\[engines\]"):
        Tokenizers([route("talker", "good.json")], folder=folder)
    Tokenizers([route("talker", None)], folder=folder)
