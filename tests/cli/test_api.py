"""``rivya api``."""

from __future__ import annotations

from collections.abc import Callable

from tests.cli.conftest import Ended

Run = Callable[..., Ended]


def test_the_api_is_on_from_the_start(rivya: Run) -> None:
    ended = rivya("api", "status")
    assert (ended.code, ended.out) == (0, "The public API is on.\n")
    assert rivya("api", "status", "--json").json == {"enabled": True, "reason": "", "changed_at": None}


def test_disabling_keeps_the_reason_and_the_time(rivya: Run) -> None:
    ended = rivya("api", "disable", "--reason", "moving house")
    assert ended.code == 0
    assert ended.out.startswith("The public API is off since 20")
    assert ended.out.endswith(": moving house\n")
    status = rivya("api", "status", "--json").json
    assert (status["enabled"], status["reason"]) == (False, "moving house")
    assert status["changed_at"].endswith("Z")
    assert rivya("api", "status").out == ended.out


def test_disabling_needs_a_reason(rivya: Run) -> None:
    assert rivya("api", "disable").code == 2
    assert rivya("api", "status", "--json").json["enabled"] is True


def test_disabling_again_changes_the_reason_and_not_the_time(rivya: Run) -> None:
    rivya("api", "disable", "--reason", "one")
    since = rivya("api", "status", "--json").json["changed_at"]
    rivya("api", "disable", "--reason", "two")
    status = rivya("api", "status", "--json").json
    assert (status["reason"], status["changed_at"]) == ("two", since)


def test_enabling_forgets_the_reason(rivya: Run) -> None:
    rivya("api", "disable", "--reason", "one")
    ended = rivya("api", "enable")
    assert ended.code == 0
    assert ended.out.startswith("The public API is on since 20")
    status = rivya("api", "status", "--json").json
    assert (status["enabled"], status["reason"]) == (True, "")
