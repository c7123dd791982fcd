"""The part of a worker that delivers: it takes lanes, keeps them supplied from the database, and sends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import structlog

from rivya.kit.db import CONNECTION_LOST
from rivya.kit.ids import AccountId
from rivya.kit.notify import NotifyHub
from rivya.webhooks.delivery.lanes import Due, LaneKey, Lanes
from rivya.webhooks.delivery.sender import Sender
from rivya.webhooks.delivery.turns import Lane, Turns
from rivya.webhooks.model import Endpoint, EndpointId

CHANNEL = "rivya_deliveries"

_MOST_TAKEN = 64
_AHEAD = 4
"""How many deliveries are read for each place of a lane: one question to the database for several deliveries."""
_FRESH_S = 1.0
"""What was read longer ago is read again before it is sent: its endpoint may have been changed."""
_LOOK_S = 5.0
"""Without being told, somebody looks after so long."""
_IDLE_S = 2.0
_TURN_S = 60.0
"""A lane that never rests is given back after so long, so that workers that came later get some."""
_SHORTEST_S = 0.05
_AWAY_S = 1.0

log = structlog.get_logger()


class Deliverer:
    """One a worker."""

    def __init__(self, lanes: Lanes, sender: Sender, turns: Turns, hub: NotifyHub, *, lease_s: float) -> None:
        self._lanes = lanes
        self._sender = sender
        self._turns = turns
        self._every_lease_s = lease_s / 3
        self._mine: dict[LaneKey, Lane] = {}
        self._sending: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._take = True
        self._silent_at = 0.0
        self._stopping = False
        hub.listen(CHANNEL, self._heard)

    def stop(self) -> None:
        """Begin no request any more; ``run`` returns when those in hand have ended."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Deliver until stopped or cancelled; then give the lanes to the other workers."""
        try:
            while not (self._stopping and not self._sending):
                self._wake.clear()
                try:
                    wait_s = await self._turn()
                except (*CONNECTION_LOST, TimeoutError) as error:
                    log.warning("deliveries.database_unreachable", error=type(error).__name__)
                    self._take = True
                    wait_s = _AWAY_S
                with contextlib.suppress(TimeoutError):
                    # Not wait_for: in Python 3.11 it loses a cancellation that comes together with what it waits for.
                    async with asyncio.timeout(wait_s):
                        await self._wake.wait()
        finally:
            self._stopping = True
            for sending in self._sending:
                sending.cancel()
            await asyncio.gather(*self._sending, return_exceptions=True)
            with contextlib.suppress(*CONNECTION_LOST, TimeoutError):
                await self._lanes.leave()  # otherwise they are free when the lease lapses

    def _heard(self, payload: str | None) -> None:
        account, _, endpoint = (payload or "").partition(" ")
        lane = self._mine.get((AccountId(account), EndpointId(endpoint)))
        if lane is None:
            self._take = True
        else:
            lane.look = True
        self._wake.set()

    async def _turn(self) -> float:
        """Do what there is to do; return after how many seconds to do so again at the latest."""
        if self._stopping:
            for lane in self._mine.values():
                lane.until = 0
            await self._give_back()
            return _LOOK_S
        if _now() >= self._silent_at:
            self._silent_at = _now() + self._every_lease_s
            await self._lanes.free_silent()
            self._take = True
        if self._take and self._turns.free > 0:
            await self._take_lanes()
        await self._supply()
        self._send()
        await self._give_back()
        return await self._wait_s()

    async def _take_lanes(self) -> None:
        self._take = False
        taken = await self._lanes.take(_MOST_TAKEN)
        now = _now()
        for key in taken:
            # It may be here from before, when this worker seemed silent.
            lane = self._mine.setdefault(key, Lane(key, until=0, busy_at=now))
            lane.until = now + _TURN_S
            lane.look = True
        if len(taken) == _MOST_TAKEN:
            self._take = True
            self._wake.set()

    async def _supply(self) -> None:
        """Read what is due in the lanes that may have something and have nothing ready."""
        now = _now()
        hungry = [
            lane
            for lane in self._mine.values()
            if (lane.look or now > lane.read_at + _LOOK_S)
            and not lane.ready
            and now < lane.until
            and self._turns.places(lane) > 0
        ]
        if not hungry:
            return
        for lane in hungry:
            lane.look = False
        wanted = {lane.key: self._turns.places(lane) if lane.troubled else self._turns.each * _AHEAD for lane in hungry}
        try:
            endpoints, found = await asyncio.gather(
                self._lanes.endpoints(list(wanted)),
                self._lanes.due(list(wanted.items()), in_hand=[id for lane in hungry for id in lane.in_hand]),
            )
        except BaseException:
            for lane in hungry:
                lane.look = True
            raise
        for due in found:
            self._mine[due.lane].ready.append(due)
        for lane in hungry:
            self._supplied(lane, endpoints.get(lane.key), full=len(lane.ready) >= wanted[lane.key])

    def _supplied(self, lane: Lane, endpoint: Endpoint | None, *, full: bool) -> None:
        if endpoint is None:
            # Somebody took it, because this worker seemed silent. What is in hand is sent twice, with the same id.
            self._forget([lane.key])
            return
        if lane.endpoint is None or endpoint.failure_count == 0:
            lane.failures = endpoint.failure_count
        lane.endpoint = endpoint
        lane.read_at = _now()
        lane.look = lane.look or full
        self._turns.queue(lane)

    def _send(self) -> None:
        """Begin what there are places for."""
        while (lane := self._turns.next()) is not None:
            if self._stopping or _now() > lane.read_at + _FRESH_S:
                lane.ready.clear()
                lane.look = True
                self._wake.set()
            elif lane.ready and lane.endpoint is not None:
                self._begin(lane, lane.ready.popleft(), lane.endpoint)
                self._turns.queue(lane)

    def _begin(self, lane: Lane, due: Due, endpoint: Endpoint) -> None:
        troubled = self._turns.begin(lane, due)
        sending = asyncio.create_task(self._deliver(lane, due, endpoint))
        self._sending.add(sending)

        def ended(task: asyncio.Task[None]) -> None:
            self._sending.discard(task)
            self._turns.end(lane, due, troubled=troubled)
            lane.busy_at = _now()
            self._turns.queue(lane)
            self._send()
            if (
                self._stopping
                or self._take
                or (not lane.ready and (lane.look or lane.failures > 0 or lane.busy_at >= lane.until))
            ):
                self._wake.set()

        sending.add_done_callback(ended)

    async def _deliver(self, lane: Lane, due: Due, endpoint: Endpoint) -> None:
        try:
            taken = await self._sender.send(due, endpoint)
        except Exception as error:
            # What is not recorded is still due: it is sent again, with the same id.
            log.exception("delivery.not_recorded", delivery=due.id, error=type(error).__name__)
            await asyncio.sleep(_AWAY_S)
            lane.look = True
        else:
            lane.failures = 0 if taken else lane.failures + 1

    async def _give_back(self) -> None:
        """Give back the lanes in which nothing goes on, and those that were had for long."""
        now = _now()
        resting: list[LaneKey] = []
        for lane in self._mine.values():
            if now >= lane.until:
                lane.ready.clear()
            # After a failure at once: the lane's own row says best when it is due again.
            idle = not lane.look and not lane.ready and (lane.failures > 0 or now >= lane.busy_at + _IDLE_S)
            if not lane.in_hand and (idle or now >= lane.until):
                resting.append(lane.key)
        if not resting:
            return
        given = set(await self._lanes.release(resting))
        self._forget([key for key in resting if key in given])
        for key in resting:
            if key not in given:
                # Something is just being put into it; or somebody else has it, which the next look shows.
                lane = self._mine[key]
                lane.look, lane.until = True, now + _TURN_S
                self._wake.set()

    def _forget(self, keys: Sequence[LaneKey]) -> None:
        self._sender.forget(keys)
        for key in keys:
            self._mine.pop(key).ready.clear()

    async def _wait_s(self) -> float:
        next_s = await self._lanes.next_due_s()
        now = _now()
        waits = [lane.busy_at + _IDLE_S - now for lane in self._mine.values() if not lane.in_hand and not lane.ready]
        waits.append(self._silent_at - now)
        if next_s is not None and self._turns.free > 0:
            self._take = self._take or next_s <= 0
            waits.append(next_s)
        return min(max(_SHORTEST_S, min(waits)), _LOOK_S)


def _now() -> float:
    return asyncio.get_running_loop().time()
