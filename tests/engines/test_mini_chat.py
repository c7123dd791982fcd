"""rivya-mini-chat with its real weights."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.engines
pytest.importorskip("xllamacpp")

from rivya.engines.base import ChatMessage, ChatUsage, InvalidInput  # noqa: E402
from rivya.engines.host import EngineHost  # noqa: E402
from rivya.engines.mini_chat import MiniChatEngine  # noqa: E402

FRANCE = [ChatMessage("user", "What is the capital of France?")]
STORY = [ChatMessage("user", "Write a long story about a dragon who lives by the sea.")]


@pytest.fixture(scope="module")
def engine() -> MiniChatEngine:
    return MiniChatEngine()


def answer(engine: MiniChatEngine, messages: list[ChatMessage], max_tokens: int = 40) -> tuple[list[str], ChatUsage]:
    pieces: list[str] = []

    def emit(piece: str, used: ChatUsage) -> bool:
        if piece:
            pieces.append(piece)
            assert used.output_tokens >= len(pieces)
            assert used.input_tokens > 0
        return True

    usage = engine.chat(messages, max_tokens=max_tokens, emit=emit)
    return pieces, usage


def test_the_capital_of_france_is_paris(engine: MiniChatEngine) -> None:
    pieces, usage = answer(engine, FRANCE)
    assert "Paris" in "".join(pieces)
    assert usage.finish_reason == "stop"
    assert len(pieces) > 3


def test_usage_counts_prompt_and_answer(engine: MiniChatEngine) -> None:
    pieces, usage = answer(engine, FRANCE)
    again = answer(engine, FRANCE)[1]
    longer = answer(engine, [*FRANCE, ChatMessage("assistant", "".join(pieces)), *FRANCE])[1]
    assert 20 < usage.input_tokens < 60
    assert len(pieces) <= usage.output_tokens <= len(pieces) + 1
    assert again.input_tokens == usage.input_tokens
    assert longer.input_tokens > usage.input_tokens + usage.output_tokens


def test_max_tokens_is_honoured(engine: MiniChatEngine) -> None:
    pieces, usage = answer(engine, STORY, max_tokens=7)
    assert (usage.output_tokens, usage.finish_reason) == (7, "length")
    assert 1 <= len(pieces) <= 7


def test_an_early_stop_is_quick_and_counts_what_was_made(engine: MiniChatEngine) -> None:
    pieces: list[str] = []

    def emit(piece: str, _: ChatUsage) -> bool:
        if piece:
            pieces.append(piece)
        return len(pieces) < 5

    began = time.monotonic()
    usage = engine.chat(STORY, max_tokens=1500, emit=emit)
    assert time.monotonic() - began < 5
    assert 5 <= usage.output_tokens <= 8
    assert usage.input_tokens > 20
    answer(engine, FRANCE, max_tokens=1)
    assert time.monotonic() - began < 6


def test_a_long_prompt_can_be_stopped_while_it_is_read(engine: MiniChatEngine) -> None:
    usage = engine.chat([ChatMessage("user", "ship " * 1500)], max_tokens=10, emit=lambda _, __: False)
    assert usage.output_tokens == 0
    assert usage.input_tokens < 700


def test_pieces_are_whole_characters(engine: MiniChatEngine) -> None:
    pieces, usage = answer(engine, [ChatMessage("user", "Repeat: 😀🎉 日本語 é 😀🎉")], max_tokens=30)
    assert "🎉" in "".join(pieces)
    assert "\ufffd" not in "".join(pieces)
    assert usage.output_tokens > len(pieces)


def test_messages_that_do_not_fit_are_refused(engine: MiniChatEngine) -> None:
    with pytest.raises(InvalidInput, match=r"messages: \d+ tokens, and the model reads at most 2048"):
        answer(engine, [ChatMessage("user", "word " * 3000)])
    with pytest.raises(InvalidInput, match="messages"):
        answer(engine, [])


def test_a_system_message_of_the_callers_replaces_ours(engine: MiniChatEngine) -> None:
    short, long = (
        answer(engine, [*system, *FRANCE], max_tokens=1)[1].input_tokens
        for system in ([], [ChatMessage("system", "You are a pirate who answers in rhymes about the sea.")])
    )
    assert short < long < 2 * short


def test_nothing_listens_on_the_network(engine: MiniChatEngine) -> None:
    ours = {str(fd.readlink()) for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink()}
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    assert [line[1] for line in listening if line[3] == "0A" and f"socket:[{line[9]}]" in ours] == []


async def test_through_the_host_an_early_stop_keeps_the_loaded_model(tmp_path: Path) -> None:
    host = EngineHost(work_dir=tmp_path)
    try:
        async with host.chat("rivya-mini-chat", STORY, max_tokens=1000) as run:
            async for _ in run.pieces():
                break
            usage = await run.finish()
        began = time.monotonic()
        async with host.chat("rivya-mini-chat", FRANCE, max_tokens=20) as run:
            text = "".join([piece async for piece in run.pieces()])
    finally:
        await host.close()
    assert 1 <= usage.output_tokens < 100
    assert "Paris" in text
    assert time.monotonic() - began < 5
