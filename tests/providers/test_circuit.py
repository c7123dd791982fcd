"""Circuits on a clock of the test's own."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from rivya.providers.circuit import Circuit, Circuits, Limits, Verdict, verdict
from rivya.providers.outcome import Accepted, Checked, Done, Failed, Lost, Refused, Running, Submitted, Unknown

LIMITS = Limits(failures=3, cool_down_s=10)


@dataclass
class Bench:
    """One circuit, the time, and how often it said that it changed."""

    now: float = 1000.0
    changes: int = 0
    circuits: Circuits = field(init=False)

    def __post_init__(self) -> None:
        self.circuits = Circuits(LIMITS, clock=lambda: self.now)
        self.circuits.listen(self._changed)

    @property
    def circuit(self) -> Circuit:
        return self.circuits.of("vendor.model")

    def note(self, *verdicts: Verdict) -> None:
        for one in verdicts:
            self.circuit.note(one)

    def opened(self) -> None:
        self.note("fails", "fails", "fails")
        assert self.circuit.state == "open"

    def fail_a_try(self) -> None:
        assert self.circuit.enter()
        self.note("fails")

    def open_for_s(self) -> float:
        """Return how long it stays open from now on."""
        began = self.now
        while self.circuit.state == "open":
            self.now += 0.5
        return self.now - began

    def _changed(self) -> None:
        self.changes += 1


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_it_opens_after_so_many_failures_in_a_row(bench: Bench) -> None:
    bench.note("fails", "fails")
    assert (bench.circuit.state, bench.circuit.enter(), bench.changes) == ("closed", True, 0)
    bench.note("fails")
    assert (bench.circuit.state, bench.circuit.enter(), bench.changes) == ("open", False, 1)


def test_a_success_between_failures_starts_the_count_again(bench: Bench) -> None:
    bench.note("fails", "fails", "works", "fails", "fails")
    assert (bench.circuit.state, bench.changes) == ("closed", 0)


def test_what_says_nothing_neither_opens_nor_starts_the_count_again(bench: Bench) -> None:
    bench.note(*["nothing"] * 10, "fails", "nothing", "fails")
    assert bench.circuit.state == "closed"
    bench.note("fails")
    assert bench.circuit.state == "open"


def test_who_says_that_it_is_down_is_believed_at_once(bench: Bench) -> None:
    bench.note("down")
    assert bench.circuit.state == "open"


def test_after_the_cool_down_one_is_let_in_and_no_other(bench: Bench) -> None:
    bench.opened()
    assert bench.open_for_s() == 10
    assert bench.circuit.state == "half_open"
    assert [bench.circuit.enter() for _ in range(3)] == [True, False, False]
    assert bench.circuit.state == "open"


def test_a_try_that_works_closes_it(bench: Bench) -> None:
    bench.opened()
    bench.open_for_s()
    bench.circuit.enter()
    bench.note("works")
    assert bench.circuit.state == "closed"
    bench.note("fails", "fails")
    assert bench.circuit.state == "closed", "the count began again"


def test_each_try_that_fails_doubles_the_cool_down_up_to_five_minutes(bench: Bench) -> None:
    bench.opened()
    lengths = [bench.open_for_s()]
    for _ in range(7):
        bench.fail_a_try()
        lengths.append(bench.open_for_s())
    assert lengths == [10, 20, 40, 80, 160, 300, 300, 300]


def test_the_first_cool_down_is_short_again_after_a_success(bench: Bench) -> None:
    bench.opened()
    bench.open_for_s()
    bench.fail_a_try()
    bench.note("works")
    bench.opened()
    assert bench.open_for_s() == 10


def test_a_try_that_says_nothing_lets_the_next_one_in(bench: Bench) -> None:
    bench.opened()
    bench.open_for_s()
    bench.circuit.enter()
    bench.note("nothing")
    assert bench.circuit.state == "half_open"
    assert bench.circuit.enter()


def test_a_try_of_which_nothing_is_heard_is_followed_by_another(bench: Bench) -> None:
    bench.opened()
    bench.open_for_s()
    bench.circuit.enter()
    assert bench.open_for_s() == 10
    assert bench.circuit.enter()


def test_late_failures_of_what_was_asked_before_do_not_prolong_it(bench: Bench) -> None:
    bench.opened()
    bench.now += 9
    bench.note(*["fails"] * 20)
    assert bench.open_for_s() == 1
    bench.note("fails", "down")
    assert bench.circuit.state == "half_open"


def test_a_late_success_of_what_was_asked_before_closes_it(bench: Bench) -> None:
    bench.opened()
    bench.note("works")
    assert (bench.circuit.state, bench.changes) == ("closed", 2)


def test_routes_have_circuits_of_their_own(bench: Bench) -> None:
    bench.opened()
    assert bench.circuits.of("vendor.other").state == "closed"
    assert bench.circuits.of("vendor.model").state == "open"


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Refused("upstream_error"), "fails"),
        (Refused("upstream_error", retryable=True), "fails"),
        (Failed("upstream_error"), "fails"),
        (Unknown("the connection broke"), "fails"),
        (Lost(), "fails"),
        (Failed("upstream_error", down=True), "down"),
        (Refused("content_rejected"), "nothing"),
        (Refused("invalid_input"), "nothing"),
        (Failed("content_rejected"), "nothing"),
        (Failed("invalid_input"), "nothing"),
        (Failed("timeout"), "nothing"),
        (Failed("cancelled"), "nothing"),
        (Accepted("handle"), None),
        (Running(50), None),
        (Done(()), None),
    ],
)
def test_a_providers_fault_counts_and_a_callers_does_not(outcome: Submitted | Checked, said: Verdict | None) -> None:
    assert verdict(outcome) == said
