"""The states of a task and the moves between them: the only place that names them.

The database holds to the same table: each move there is an update guarded by the state it leaves.
"""

from __future__ import annotations

from typing import Final, Literal

Status = Literal["queued", "processing", "succeeded", "failed"]

QUEUED: Final = "queued"
PROCESSING: Final = "processing"
SUCCEEDED: Final = "succeeded"
FAILED: Final = "failed"

STATUSES: tuple[Status, ...] = (QUEUED, PROCESSING, SUCCEEDED, FAILED)

MOVES: dict[Status, frozenset[Status]] = {
    QUEUED: frozenset({PROCESSING, FAILED}),
    # A task that is processing may begin another attempt, and it may succeed or fail.
    PROCESSING: frozenset({PROCESSING, SUCCEEDED, FAILED}),
    SUCCEEDED: frozenset(),
    FAILED: frozenset(),
}


def is_terminal(status: Status) -> bool:
    """Return True if nothing more will happen to a task in this state."""
    return not MOVES[status]


def may_move(before: Status, after: Status) -> bool:
    """Return True if a task may go from one state to the other."""
    return after in MOVES[before]
