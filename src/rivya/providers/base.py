"""The protocol that every provider speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from rivya.kit.ids import TaskId
from rivya.providers.outcome import Accepted, Checked, Lost, Submitted, Unknown


@dataclass(frozen=True, slots=True)
class Input:
    """A reference, on this machine's disk for as long as the submission lasts."""

    kind: str
    path: Path
    mime_type: str


@dataclass(frozen=True, slots=True)
class Work:
    """One attempt at one task. ``id`` is our id of the attempt, the one that a provider may deduplicate by."""

    id: str
    task: TaskId
    target: str
    """The provider's own name of the model."""
    prompt: str
    params: Mapping[str, object]
    inputs: Sequence[Input]
    deadline_at: datetime


class Provider(Protocol):
    """Never raises for what a vendor does: that is an outcome. An exception is a fault of ours."""

    name: str
    repeatable: bool
    """Submitting the same work again costs nothing and harms nothing, so a lost attempt may be made again."""
    most_checks: int
    """How many checks may run at a time in one process."""
    check_every_s: float
    """How long to wait before the first check, and between checks at first; later they grow further apart."""

    def serves(self, target: str) -> bool:
        """Return True if work for ``target`` can be done here now."""
        ...

    async def submit(self, work: Work) -> Submitted:
        """Hand the work over; called at most once for a ``work.id``."""
        ...

    async def check(self, handle: str, *, wait_s: float) -> Checked:
        """Return how the work stands. May take up to ``wait_s`` when nothing changes meanwhile."""
        ...

    async def look_up(self, work_id: str) -> Accepted | Lost | Unknown:
        """Find a submission again by our id, after a crash between call and answer.

        Lost means that it surely never arrived; Unknown that this provider cannot tell.
        """
        ...

    async def cancel(self, handle: str) -> bool:
        """Stop the work; return True only if it surely ends without a result."""
        ...

    async def close(self) -> None:
        """Let go of everything this process holds for the provider."""
        ...
