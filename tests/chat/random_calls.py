"""Calls that many clients make at once on servers that are killed: what each wants, and what its client was told."""

from __future__ import annotations

import http.client
import json
import random
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from tests.chat.streams import EventStream
from tests.running import Client, Rivya, eventually

COMPLETED = "chat.completion.completed"
CREATED = "chat.completion.created"
DELTA = "chat.completion.delta"
TERMINAL = (COMPLETED, "error")

AWAY = (OSError, http.client.HTTPException, ValueError)
"""What a client finds whose server dies: also half a line, which is no JSON."""

NOTICED_AFTER_S = 5

CLIENTS = 8
MOST_TURNS = 5
"""In one session, so that its model is told all of it each time."""

KINDS = {
    "count 5": 2,
    "count 40": 2,
    "slow 30": 2,
    "slow 150": 5,
    "counting 20": 1,
    "counting 120": 4,
    "uncounted 9": 2,
    "think 6": 2,
    "split 4": 2,
    "error 6": 2,
    "error 0": 1,
    "break 6": 2,
    "hang 3": 1,
    "garbage": 1,
    "html": 1,
    "busy 9": 1,
}
"""How often which is said, of what the upstream understands."""


@dataclass(frozen=True)
class Plan:
    """What a call is to be."""

    number: int
    message: str
    streamed: bool = True
    leave_after: int | None = None
    """Events; None stays to the end."""
    goes_on: bool = False
    idempotency_key: str | None = None
    kill_after_s: float | None = None
    """Whoever answers it is killed then."""


def plans(seed: int, *, count: int, kills: int) -> list[Plan]:
    """Return what ``seed`` wants of so many calls. As many servers are killed, each during a long answer."""
    dice = random.Random(seed)
    made = [
        Plan(
            number,
            dice.choices(list(KINDS), list(KINDS.values()))[0],
            streamed=dice.random() < 0.8,
            leave_after=dice.choice([None, None, None, None, None, 0, 1, 3, 20]),
            goes_on=dice.random() < 0.4,
            idempotency_key=f"{seed}-{number}" if dice.random() < 0.4 else None,
        )
        for number in range(count)
    ]
    for kill in range(1, kills + 1):
        number = kill * count // (kills + 1)
        message, kill_after_s = dice.choice(["slow 300", "counting 300"]), dice.uniform(0.3, 4.5)
        made[number] = replace(
            made[number], message=message, streamed=True, leave_after=None, kill_after_s=kill_after_s
        )
    return made


@dataclass(eq=False)
class Server:
    process: subprocess.Popen[bytes]
    base_url: str
    killed_at: float | None = None

    def kill(self) -> None:
        self.killed_at = time.monotonic()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@dataclass(eq=False)
class Told:
    """What a client was told of its call."""

    plan: Plan
    server: Server
    body: dict[str, Any]
    status: int | None = None
    events: list[tuple[float, str, Any]] = field(default_factory=list[tuple[float, str, Any]])
    """With the times when they came."""
    answer: Any = None
    """To a call without a stream, or to one that was refused."""
    replayed: bool = False
    retry_after: str | None = None
    left_at: float | None = None

    @property
    def names(self) -> list[str]:
        return [name for _, name, _ in self.events]

    @property
    def completion(self) -> Any:
        """What it was told of a turn that has ended as it should; None if it was not."""
        if self.plan.streamed:
            return self.events[-1][2] if self.names[-1:] == [COMPLETED] else None
        return self.answer if self.status == 200 else None

    @property
    def end(self) -> str:
        """How it ended for its client; ``cut`` is by a kill."""
        if self.completion is not None:
            return "completed"
        if self.names[-1:] == ["error"] or (self.status or 200) != 200:
            return "error"
        if self.left_at is not None:
            return "left"
        return "cut" if self.server.killed_at is not None else "broken off"

    @property
    def was_left_unnoticed(self) -> bool:
        """Its server may have been killed before it noticed that its reader went away, and settled."""
        killed_at = self.server.killed_at
        return self.left_at is not None and killed_at is not None and killed_at < self.left_at + NOTICED_AFTER_S

    @property
    def is_to_come_again(self) -> bool:
        """Another turn is under way in the session, or this very call."""
        return self.status == 409 and self.retry_after is not None

    @property
    def session(self) -> str | None:
        """The session that it is known to be in."""
        known = self.events[0][2] if self.events else self.completion
        return known["session_id"] if known is not None else self.body.get("session_id")

    def said(self, kind: str, *, until: float = float("inf")) -> str:
        """Return all the ``content`` or all the ``thoughts`` that had come until then."""
        pieces = [data["delta"] for at, name, data in self.events if name == DELTA and at <= until]
        return "".join(piece.get(kind, "") for piece in pieces)


def call(server: Server, key: str | None, plan: Plan, body: dict[str, Any]) -> Told:
    """Call as planned; return what came of it, however it ended."""
    told = Told(plan, server, body)
    headers = {"Idempotency-Key": plan.idempotency_key} if plan.idempotency_key else {}
    client = Client(server.base_url, key)
    try:
        if not plan.streamed:
            answer = client.post("/api/v1/chat/completions", body, headers=headers)
            told.status, told.answer = answer.status, answer.json
            told.replayed = "idempotent-replayed" in answer.headers
            told.retry_after = answer.headers.get("retry-after")
            return told
        stream = EventStream(client, body, headers)
        told.status = stream.answer.status
        told.replayed = stream.answer.getheader("Idempotent-Replayed") is not None
        told.retry_after = stream.answer.getheader("Retry-After")
        if told.status != 200:
            told.answer = json.loads(stream.answer.read())
            return told
        for seen, (name, data) in enumerate(stream):
            told.events.append((time.monotonic(), name, data))
            if seen == plan.leave_after and name not in TERMINAL:
                told.left_at = time.monotonic()
                break
        stream.cut()
    except AWAY:
        pass  # whether it may have been: see Told.end
    return told


class Clients:
    """Clients of one account. They share its sessions, and two servers of which one is killed now and then."""

    def __init__(self, rivya: Rivya, key: str | None, seed: int) -> None:
        self._rivya = rivya
        self._key = key
        self._dice = random.Random(seed)
        self._lock = threading.Lock()
        self._servers = [Server(*rivya.serve()) for _ in range(2)]
        self._killers = ThreadPoolExecutor(CLIENTS)
        self._kills: list[Future[None]] = []
        self._idle: list[str] = []
        self._turns: dict[str, int] = {}
        self.cut_sessions: list[str] = []
        """In which a kill cut a turn short."""

    def close(self) -> None:
        self._killers.shutdown()
        for server in self._servers:
            self._rivya.stop(server.process)

    def make(self, wanted: Sequence[Plan]) -> list[Told]:
        """Make all these calls, some at once; return what each was told."""
        with ThreadPoolExecutor(CLIENTS) as pool:
            told = list(pool.map(self._converse, wanted))
        for kill in self._kills:
            kill.result()
        return told

    def go_on(self, plan: Plan, session: str) -> Told:
        """Go on with this session, as soon as it lets in."""
        return self._patiently(plan, session)

    def again(self, told: Told) -> Told:
        """Send the same call again, and stay to its end."""
        return self._patiently(replace(told.plan, leave_after=None, kill_after_s=None), told.body.get("session_id"))

    def _converse(self, plan: Plan) -> Told:
        with self._lock:
            session = self._idle.pop(0) if plan.goes_on and self._idle else None
        told = self._patiently(plan, session)
        if (known := told.session) is not None:
            with self._lock:
                self._turns[known] = self._turns.get(known, 0) + 1
                if told.end == "cut":
                    self.cut_sessions.append(known)
                elif self._turns[known] < MOST_TURNS:
                    self._idle.append(known)
        return told

    def _patiently(self, plan: Plan, session: str | None) -> Told:
        body = {"model": "talker", "message": plan.message, "client_request_id": f"call-{plan.number}"}
        if session is not None:
            body["session_id"] = session

        def ask() -> Told | None:
            with self._lock:
                server = self._dice.choice(self._servers)
                if plan.kill_after_s is not None:
                    self._kills.append(self._killers.submit(self._kill, server, plan.kill_after_s))
            told = call(server, self._key, plan, body)
            return None if told.is_to_come_again else told

        return eventually(ask, within_s=60, every_s=1)

    def _kill(self, server: Server, after_s: float) -> None:
        """Kill a server, unless it was killed before, and start another. One is there at any time."""
        time.sleep(after_s)

        def whose() -> str | None:
            with self._lock:
                if server not in self._servers:
                    return "another's"
                if len(self._servers) > 1:
                    self._servers.remove(server)
                    return "ours"
            return None

        if eventually(whose) == "ours":
            server.kill()
            started = Server(*self._rivya.serve())
            with self._lock:
                self._servers.append(started)
