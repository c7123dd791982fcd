"""What becomes of tasks, told to the circuits of the routes that they took."""

from __future__ import annotations

from rivya.generations.steps import Held
from rivya.providers.circuit import Circuits, Verdict, verdict
from rivya.providers.outcome import Checked, Submitted
from rivya.providers.routing import Route, Routing, name_of


class Health:
    """One a worker."""

    def __init__(self, routing: Routing, circuits: Circuits) -> None:
        self._routing = routing
        self._circuits = circuits

    def enter(self, route: Route) -> bool:
        """Return True if the route may be asked now; one that kept failing is left alone."""
        return self._circuits.of(name_of(route)).enter()

    def note(self, task: Held, outcome: Submitted | Checked) -> None:
        """Take into account what the task's provider answered."""
        if (said := verdict(outcome)) is not None:
            self._tell(task, said)

    def works(self, task: Held) -> None:
        """Take into account that the task's outputs are good."""
        self._tell(task, "works")

    def _tell(self, task: Held, said: Verdict) -> None:
        # A task remembers its provider, not the target: a model's routes to one provider fare alike.
        for name in {name_of(route) for route in self._routing.to(task.provider, model=task.model)}:
            self._circuits.of(name).note(said)
