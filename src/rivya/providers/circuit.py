"""Circuits: a route that fails again and again is left alone for a while, then tried once.

``closed``: it is asked. ``open``: it is not, until its cool-down is over. ``half_open``: the next one who asks is let
in, alone; what becomes of it closes the circuit or opens it for twice as long.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import structlog

from rivya.providers.outcome import Accepted, Checked, Done, Failed, Lost, Refused, Running, Submitted, Unknown

log = structlog.get_logger()

State = Literal["closed", "open", "half_open"]
Verdict = Literal["works", "fails", "down", "nothing"]
"""What an answer says about who gave it. ``down``: it says itself that it can do no work at all."""

_LONGEST_S = 300.0
"""A provider that comes back is found within five minutes, and one that stays away costs one task in that time."""


@dataclass(frozen=True, slots=True)
class Limits:
    failures: int
    """How many in a row open a circuit."""
    cool_down_s: float
    """How long it stays open at first; twice as long after each try that fails."""


class Circuit:
    """The circuit of one route, in one process. ``changed`` is called when ``open`` or ``closed`` begins."""

    def __init__(
        self, name: str, limits: Limits, *, clock: Callable[[], float], changed: Callable[[], None] = lambda: None
    ) -> None:
        self._name = name
        self._limits = limits
        self._clock = clock
        self._changed = changed
        self._failures = 0
        self._openings = 0
        self._open_until = 0.0
        self._trying = False

    @property
    def state(self) -> State:
        if self._openings == 0:
            return "closed"
        return "open" if self._clock() < self._open_until else "half_open"

    def enter(self) -> bool:
        """Return True if the route may be asked now.

        Of those who come while it is half open one is let in. If nothing is heard of it, another is after a cool-down.
        """
        state = self.state
        if state == "half_open":
            self._trying = True
            self._shut()
        return state != "open"

    def note(self, verdict: Verdict) -> None:
        """Take into account what became of one who was let in. What was asked before it opened says nothing new."""
        match verdict:
            case "works":
                self._close()
            case "fails" | "down":
                if self.state == "closed":
                    self._failures = self._failures + 1 if verdict == "fails" else self._limits.failures
                    if self._failures >= self._limits.failures:
                        self._open()
                elif self._trying:
                    self._open()
            case "nothing":
                if self._trying:
                    self._trying = False
                    self._open_until = self._clock()
                    self._changed()

    def _close(self) -> None:
        was_closed = self.state == "closed"
        self._failures = self._openings = 0
        self._trying = False
        if not was_closed:
            log.info("circuit.closed", route=self._name)
            self._changed()

    def _open(self) -> None:
        self._openings += 1
        self._trying = False
        self._shut()
        log.warning("circuit.opened", route=self._name, for_s=self._cool_down_s(), times=self._openings)

    def _shut(self) -> None:
        self._open_until = self._clock() + self._cool_down_s()
        self._changed()

    def _cool_down_s(self) -> float:
        doublings = min(self._openings - 1, 20)
        return min(self._limits.cool_down_s * 2**doublings, max(_LONGEST_S, self._limits.cool_down_s))


class Circuits:
    """The circuits of one process, by the names of their routes."""

    def __init__(self, limits: Limits, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._circuits: dict[str, Circuit] = {}
        self._listeners: list[Callable[[], None]] = []

    def of(self, name: str) -> Circuit:
        """Return the circuit of a route; it is closed until something is noted."""
        circuit = self._circuits.get(name)
        if circuit is None:
            circuit = self._circuits[name] = Circuit(name, self._limits, clock=self._clock, changed=self._tell)
        return circuit

    def listen(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` whenever a circuit opens or closes."""
        self._listeners.append(listener)

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()


def verdict(outcome: Submitted | Checked) -> Verdict | None:
    """Return what an outcome says about its provider: a caller's fault says nothing, nor does time that ran out.

    None while it is not over. ``Done`` is not: whether the outputs are any good is seen when they are stored.
    """
    match outcome:
        case Accepted() | Running() | Done():
            return None
        case Failed(reason="upstream_error", down=True):
            return "down"
        case Failed(reason="upstream_error") | Refused(reason="upstream_error") | Refused(retryable=True):
            return "fails"
        case Unknown() | Lost():
            return "fails"
        case Failed() | Refused():
            return "nothing"
