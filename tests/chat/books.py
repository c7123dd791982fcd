"""What an account is left with, read after the fact, and whether it is what a client was told and what it owes.

Counts and prices are worked out here anew, from the documentation (ADR 0016) and the model's file alone.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

from tests.api.conftest import Installation
from tests.chat.random_calls import CREATED, DELTA, TERMINAL, Told
from tests.chat.upstream import WORDS
from tests.running import Client

MOST_LOST_S = 2.0
"""What was said longer than this before a kill was written down: it is each second, and writing takes its time."""

UPSTREAMS_INPUT = 11
"""Tokens that the upstream says it was told, whatever it was told."""

ESTIMATED = "estimate"
COUNTED = "upstream"
_SOUND = ("count", "slow", "counting", "uncounted", "think", "split")
_CUT_SHORT = ("error", "break", "hang")

_MODEL = tomllib.loads((Path(__file__).parent / "models" / "talker.toml").read_text("utf-8"))


def price(input_tokens: int, output_tokens: int) -> int:
    """Return what the model's file says that so many tokens cost."""
    factor = Fraction(str(_MODEL["tokens"]["output_factor"]))
    tokens = input_tokens + factor * output_tokens
    return max(1, ceil(_MODEL["base_credits"] * tokens / _MODEL["tokens"]["size"]))


def upstreams_words(message: str) -> str:
    """Return all that the upstream says to this message."""
    kind, _, count = message.partition(" ")
    if kind == "split":
        return "żółw 🐢 " * int(count)
    if kind in (*_SOUND, *_CUT_SHORT):
        return "".join(WORDS[number % len(WORDS)] + " " for number in range(int(count)))
    return ""


def tokens_of(text: str) -> int:
    """Return what a text is taken to have that nobody counted: a token for every four bytes."""
    return ceil(len(text.encode()) / 4)


@dataclass(frozen=True)
class Held:
    """An answer in its session."""

    answer: Mapping[str, Any]
    asked: Sequence[tuple[str, str]]
    """Role and content of all that its model was to be told."""

    @property
    def content(self) -> str:
        return self.answer["content"]

    @property
    def thoughts(self) -> str:
        return self.answer["thoughts"] or ""

    def owed(self) -> set[tuple[int, int, str]]:
        """Return the input and output tokens that may be charged for it, and who counted them."""
        message = self.asked[-1][1]
        kind, _, count = message.partition(" ")
        guess = (
            sum(tokens_of(content) + 4 for _, content in self.asked),
            tokens_of(self.content) + tokens_of(self.thoughts),
            ESTIMATED,
        )
        if kind == "counting":
            return {(UPSTREAMS_INPUT, len(self.content.split()), COUNTED)}
        if kind not in _SOUND or kind == "uncounted":
            return {guess}
        counted = (UPSTREAMS_INPUT, int(count), COUNTED)
        if self.answer["finish_reason"] == "stop":
            return {counted}
        # Cut short after its last word: the count that follows may have come, or not.
        return {counted, guess} if self.content == upstreams_words(message) else {guess}


@dataclass
class Books:
    """Of one account, whose turns have all ended. ``lost_s`` is the longest that a kill took from what was told."""

    installation: Installation
    client: Client
    account: str
    turns: dict[str, list[Any]] = field(default_factory=dict)
    """Rows by the trace of their calls, oldest first."""
    held: dict[str, Held] = field(default_factory=dict)
    ledger: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Transactions by turn and type."""
    lost_s: float = 0.0

    def __post_init__(self) -> None:
        rows = self.installation.sql("select * from chat_turns where account_id = $1 order by id", self.account)
        for row in rows:
            self.turns.setdefault(row["client_request_id"], []).append(row)
        self._read_sessions(rows)
        for one in self._all("/api/v1/credits/transactions"):
            if one["reference"] is not None:
                assert one["type"] not in self.ledger.setdefault(one["reference"], {}), one
                self.ledger[one["reference"]][one["type"]] = one
        assert self.ledger.keys() == {row["id"] for row in rows}

    @property
    def rows(self) -> list[Any]:
        return [row for rows in self.turns.values() for row in rows]

    def check(self, told: Told) -> None:
        """Check a call against all that is left of it. The newest turn of its trace is the one that it began."""
        assert told.end != "broken off", "neither its client nor a kill ended it"
        _check_form(told)
        row = self.turns.get(told.body["client_request_id"], [None])[-1]
        if row is None:
            assert told.end == "cut"
            assert (told.events, told.answer) == ([], None)
            return
        held = self.held.get(row["id"])
        self._check_money(told, row, held)
        _check_created(told, row)
        if held is not None:
            assert told.body["message"] == held.asked[-1][1]
            assert upstreams_words(told.body["message"]).startswith(held.content)
        match told.end:
            case "completed":
                self.check_completion(told.completion, row)
                assert row["status"] == "completed"
                assert held is not None
                assert held.content == upstreams_words(told.body["message"])
                assert held.answer["finish_reason"] == "stop"
                if told.plan.streamed:
                    assert (told.said("content"), told.said("thoughts")) == (held.content, held.thoughts)
            case "error":
                self._check_error(told, row, held)
            case "left" if told.was_left_unnoticed and (held is None or held.answer["finish_reason"] == "error"):
                self._check_cut(told, held)
            case "left":
                for kind in ("content", "thoughts"):
                    assert (getattr(held, kind) if held else "").startswith(told.said(kind))
                if held is not None and told.body["message"].split()[0] in _SOUND:
                    assert held.answer["finish_reason"] in ("cancelled", "stop")
            case _:
                self._check_cut(told, held)

    def check_completion(self, told: Mapping[str, Any], row: Any) -> None:
        """Check what a client was told of a turn that has ended against its row and its session."""
        held, message = self.held[row["id"]], told["message"]
        assert (told["id"], told["session_id"], told["model"]) == (row["id"], row["session_id"], row["model"])
        for name in ("id", "role", "content", "finish_reason"):
            assert message[name] == held.answer[name], name
        assert message.get("thoughts", "") == held.thoughts
        used = row["input_tokens"], row["output_tokens"]
        assert told["usage"] == dict(
            zip(("input_tokens", "output_tokens", "total_tokens"), (*used, sum(used)), strict=True)
        )
        assert told["credits"] == {"reserved": row["reserved_credits"], "final": row["final_credits"]}

    def check_replay(self, told: Told, row: Any) -> None:
        """Check that a turn was told again as it ended: a stream that broke off with ``error`` also does so again."""
        held = self.held[row["id"]]
        _check_form(told)
        _check_created(told, row)
        if told.plan.streamed:
            assert (told.said("content"), told.said("thoughts")) == (held.content, held.thoughts)
        if held.answer["finish_reason"] == "error":
            assert (told.end, told.events[-1][2]["error"]["code"]) == ("error", "upstream_unavailable")
        else:
            self.check_completion(told.completion, row)

    def _check_money(self, told: Told, row: Any, held: Held | None) -> None:
        reserved, final, ledger = row["reserved_credits"], row["final_credits"], self.ledger[row["id"]]
        assert ledger["reserve"]["credits"] == -reserved
        if row["status"] == "failed":
            assert (held, final) == (None, 0)
            assert (ledger.keys(), ledger["release"]["credits"]) == ({"reserve", "release"}, reserved)
            return
        assert row["status"] in ("completed", "stopped")
        assert held is not None
        used = row["input_tokens"], row["output_tokens"]
        assert (*used, row["counted_by"]) in held.owed()
        assert final == price(*used) <= reserved
        assert ledger.keys() == {"reserve", "settle"}
        assert (ledger["settle"]["spent_credits"], ledger["settle"]["credits"]) == (final, reserved - final)

    def _check_error(self, told: Told, row: Any, held: Held | None) -> None:
        kind = told.body["message"].split()[0]
        assert kind not in _SOUND
        assert (told.events[-1][2] if told.events else told.answer)["error"]["code"] == "upstream_unavailable"
        assert told.plan.streamed or (told.status, held) == (502, None)
        assert (held.content if held else "") == told.said("content")
        assert held is None or (row["status"], held.answer["finish_reason"]) == ("stopped", "error")
        if told.plan.streamed and kind in ("error", "hang"):  # a connection that broke may take the last bytes along
            assert told.said("content") == upstreams_words(told.body["message"])

    def _check_cut(self, told: Told, held: Held | None) -> None:
        killed_at = told.server.killed_at
        assert killed_at is not None
        for kind in ("content", "thoughts"):
            kept = getattr(held, kind) if held else ""
            assert kept.startswith(told.said(kind, until=killed_at - MOST_LOST_S))
            assert kept.startswith(told.said(kind)) or told.said(kind).startswith(kept)
            lost = [at for at, name, _ in told.events if name == DELTA and len(told.said(kind, until=at)) > len(kept)]
            self.lost_s = max(self.lost_s, *(killed_at - at for at in lost), 0.0)
        if held is not None and not told.plan.streamed:
            assert held.answer["finish_reason"] == "stop"  # nobody saw it: only what was made whole is paid

    def _read_sessions(self, rows: Sequence[Any]) -> None:
        listed = {one["id"] for one in self._all("/api/v1/chat/sessions")}
        assert listed <= {row["session_id"] for row in rows}
        found = self.installation.sql("select id, turn_id from chat_messages where account_id = $1", self.account)
        turn_of = {row["id"]: row["turn_id"] for row in found}
        for session in {row["session_id"] for row in rows}:
            answer = self.client.get(f"/api/v1/chat/sessions/{session}")
            if answer.status == 404:  # nobody was told of one that a call without a stream began and that holds nothing
                mine = [row for row in rows if row["session_id"] == session]
                assert [(row["status"], row["streamed"]) for row in mine] == [("failed", False)]
                continue
            messages = answer.json["messages"]
            assert len(messages) == answer.json["message_count"]
            assert [one["role"] for one in messages] == ["user", "assistant"] * (len(messages) // 2)
            said = [("system", _MODEL["chat"]["system"]), *((one["role"], one["content"]) for one in messages)]
            for number in range(1, len(messages), 2):
                turn = turn_of.pop(messages[number]["id"])
                assert turn_of.pop(messages[number - 1]["id"]) == turn
                assert turn not in self.held
                self.held[turn] = Held(messages[number], said[: number + 1])
        assert turn_of == {}

    def _all(self, path: str) -> list[Any]:
        """Return a whole list, from all of its pages."""
        found, cursor = [], ""
        while True:
            page = self.client.get(f"{path}?limit=100{cursor}").json
            found += page["data"]
            if not page["has_more"]:
                return found
            cursor = f"&cursor={page['next_cursor']}"


def _check_form(told: Told) -> None:
    """Check that a stream has begun once and ended once, if it was read to its end."""
    if not told.events:
        return
    first, *rest = told.names
    assert first == CREATED
    ended = rest[-1:] if told.end in ("completed", "error") else []
    assert [name for name in rest if name in TERMINAL] == ended
    assert set(rest[: len(rest) - len(ended)]) <= {DELTA}


def _check_created(told: Told, row: Any) -> None:
    if told.events:
        created = told.events[0][2]
        assert (created["id"], created["session_id"]) == (row["id"], row["session_id"])
        assert created["credits"] == {"reserved": row["reserved_credits"]}
