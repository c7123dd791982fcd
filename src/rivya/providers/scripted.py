"""A provider that behaves as the request's params say: for tests, of ours and of client code.

It keeps no state: the handle carries the script and the moment of acceptance, so that any process can go on with
the work of another, as with a real vendor. Its answers, by ``outcome``:

``done`` a picture · ``failed`` works, then fails · ``refused`` / ``rejected`` / ``busy`` at submission (for good,
for its content, for now) · ``unknown`` no telling at submission · ``lost`` forgets the work · ``hang`` never ends ·
``bad_media`` a result that is no picture · ``stubborn`` a picture, whoever cancels · ``crash`` raises, as a fault
of ours would.
"""

from __future__ import annotations

import asyncio
import io
import os
import time
from pathlib import Path

import msgspec
from PIL import Image

from rivya.providers.base import Work
from rivya.providers.outcome import (
    Accepted,
    Checked,
    Done,
    Failed,
    Lost,
    Output,
    Refused,
    Running,
    Submitted,
    Unknown,
)


class _Script(msgspec.Struct, frozen=True):
    outcome: str
    delay_s: float
    accepted_at: float


class _JournalLine(msgspec.Struct, frozen=True):
    task: str
    work: str
    handle: str
    lookup: bool


class Scripted:
    name = "scripted"
    repeatable = False
    most_checks = 256
    check_every_s = 0.05

    def __init__(self, journal: Path | None = None) -> None:
        self._journal = journal
        self._picture = _picture()

    def serves(self, target: str) -> bool:
        return True

    async def submit(self, work: Work) -> Submitted:
        outcome = str(work.params.get("outcome", "done"))
        match outcome:
            case "refused":
                return Refused("upstream_error", detail="scripted")
            case "rejected":
                return Refused("content_rejected", detail="scripted")
            case "busy":
                return Refused("upstream_error", retryable=True, detail="scripted")
            case "crash":
                raise RuntimeError("scripted crash")
            case _:
                pass
        script = _Script(outcome, _number(work.params.get("delay_s")), time.time())
        handle = msgspec.json.encode(script).decode()
        self._note(_JournalLine(work.task, work.id, handle, work.params.get("lookup") == "true"))
        await asyncio.sleep(_number(work.params.get("submit_delay_s")))
        if outcome == "unknown":
            return Unknown("scripted")
        if script.delay_s == 0 and outcome in ("done", "bad_media"):
            return self._done(outcome)
        return Accepted(handle)

    async def check(self, handle: str, *, wait_s: float) -> Checked:
        script = msgspec.json.decode(handle, type=_Script)
        elapsed = time.time() - script.accepted_at
        if script.outcome == "lost":
            return Lost()
        if script.outcome == "hang":
            return Running(progress=None)
        if elapsed < script.delay_s:
            await asyncio.sleep(min(wait_s, script.delay_s - elapsed))
            elapsed = time.time() - script.accepted_at
        if elapsed < script.delay_s:
            return Running(progress=int(100 * elapsed / script.delay_s))
        if script.outcome == "failed":
            return Failed("upstream_error", detail="scripted")
        return self._done(script.outcome)

    async def look_up(self, work_id: str) -> Accepted | Lost | Unknown:
        for line in await asyncio.to_thread(self._noted):
            if line.work == work_id:
                return Accepted(line.handle) if line.lookup else Unknown("scripted")
        return Unknown("scripted: no trace")

    async def cancel(self, handle: str) -> bool:
        return msgspec.json.decode(handle, type=_Script).outcome != "stubborn"

    async def close(self) -> None:
        return None

    def _done(self, outcome: str) -> Done:
        return Done((Output(b"not a picture" if outcome == "bad_media" else self._picture),))

    def _note(self, line: _JournalLine) -> None:
        if self._journal is None:
            return
        # One write of one short line to a file opened for append: whole, whoever else writes, whoever dies.
        descriptor = os.open(self._journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, msgspec.json.encode(line) + b"\n")
        finally:
            os.close(descriptor)

    def _noted(self) -> list[_JournalLine]:
        if self._journal is None or not self._journal.exists():
            return []
        lines = self._journal.read_bytes().splitlines()
        return [msgspec.json.decode(line, type=_JournalLine) for line in lines]


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def _picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), (64, 96, 160)).save(buffer, "PNG")
    return buffer.getvalue()
