"""Who may send next: a few places for each endpoint, in turn, and fewer for one that keeps failing. In memory only.

However many endpoints hang, half of all places are for those that do not.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from rivya.webhooks.delivery.lanes import Due, LaneKey
from rivya.webhooks.model import DeliveryId, Endpoint

TROUBLED = 8
"""After so many failures in a row an endpoint is troubled."""
TROUBLED_PLACES = 2


@dataclass(slots=True)
class Lane:
    """An endpoint whose deliveries this worker sends: what it has read of them, and what it is sending."""

    key: LaneKey
    until: float
    """When it is given back, however much there is to do."""
    busy_at: float
    look: bool = True
    """Whether there may be more than was read."""
    read_at: float = 0.0
    endpoint: Endpoint | None = None
    ready: deque[Due] = field(default_factory=deque[Due])
    in_hand: set[DeliveryId] = field(default_factory=set[DeliveryId])
    failures: int = 0
    waits: bool = False
    """Whether it stands in a queue of ``Turns``."""

    @property
    def troubled(self) -> bool:
        return self.failures >= TROUBLED


class Turns:
    """The places of one worker: ``most`` in all, ``each`` for one endpoint."""

    def __init__(self, *, each: int, most: int) -> None:
        self.each = each
        self._most = most
        self._sound: deque[Lane] = deque()
        self._troubled: deque[Lane] = deque()
        self._taken = 0
        self._taken_by_troubled = 0

    @property
    def free(self) -> int:
        """How many places are free in all."""
        return self._most - self._taken

    def places(self, lane: Lane) -> int:
        """Return how many more deliveries a lane may have in hand."""
        return (min(TROUBLED_PLACES, self.each) if lane.troubled else self.each) - len(lane.in_hand)

    def queue(self, lane: Lane) -> None:
        """Let a lane wait for a place, at the end, if it has something to send and may."""
        if lane.ready and not lane.waits and self.places(lane) > 0:
            lane.waits = True
            (self._troubled if lane.troubled else self._sound).append(lane)

    def next(self) -> Lane | None:
        """Return the lane whose turn it is, out of its queue; None while no place is free for any that waits."""
        if self.free <= 0:
            return None
        if self._sound:
            lane = self._sound.popleft()
        elif self._troubled and self._taken_by_troubled < max(1, self._most // 2):
            lane = self._troubled.popleft()
        else:
            return None
        lane.waits = False
        return lane

    def begin(self, lane: Lane, due: Due) -> bool:
        """Give a delivery a place; return whether it counts among the troubled, which ``end`` must be told."""
        lane.in_hand.add(due.id)
        self._taken += 1
        self._taken_by_troubled += lane.troubled
        return lane.troubled

    def end(self, lane: Lane, due: Due, *, troubled: bool) -> None:
        """Take a delivery's place back."""
        lane.in_hand.discard(due.id)
        self._taken -= 1
        self._taken_by_troubled -= troubled
