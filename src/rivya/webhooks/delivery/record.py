"""Write down attempts, many at a time, and how their endpoints did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rivya.kit.batch import Gatherer
from rivya.kit.db import Pool, is_data_fault, load_queries, patiently
from rivya.webhooks.delivery.lanes import Due, LaneKey
from rivya.webhooks.delivery.request import Response

_SQL = load_queries("rivya.webhooks.delivery")

FAILING_FOR = timedelta(days=5)
"""An endpoint that has only failed for so long is disabled."""

_PATIENCE_S = 60.0
_OFTEN = timedelta(seconds=1)
"""An endpoint that goes on taking everything is noted no more often: its row must not hold up its deliveries."""


@dataclass(frozen=True, slots=True)
class Record:
    """An attempt. Without ``wait_s`` it was the last one; without ``blame`` it says nothing of the endpoint."""

    due: Due
    response: Response
    wait_s: float | None
    blame: bool = True

    @property
    def status(self) -> str:
        if self.response.taken:
            return "succeeded"
        return "pending" if self.wait_s is not None else "failed"


@dataclass(slots=True)
class Note:
    """How an endpoint did in some attempts, in their order."""

    succeeded_at: datetime | None = None
    failed_at: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    gone: bool = False

    def add(self, response: Response) -> None:
        if response.taken:
            self.succeeded_at, self.failures, self.failing_since = response.at, 0, None
            return
        self.failed_at = response.at
        self.failures += 1
        self.failing_since = self.failing_since or response.at
        self.gone = self.gone or response.gone


class Recorder:
    """One a worker; each record is tried again for up to a minute while the database cannot be reached."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._records = Gatherer(self._write, is_one_items_fault=is_data_fault)
        self._noted: dict[LaneKey, datetime] = {}

    async def __call__(self, record: Record) -> None:
        """Write an attempt down."""
        await patiently(lambda: self._records(record), for_s=_PATIENCE_S)

    def forget(self, lanes: Iterable[LaneKey]) -> None:
        """Forget what is known of lanes that somebody else may have from now on."""
        for lane in lanes:
            self._noted.pop(lane, None)

    async def _write(self, records: list[Record]) -> Sequence[None]:
        await self._pool.execute(
            _SQL["finish"],
            [record.due.event.account for record in records],
            [record.due.id for record in records],
            [record.due.tries for record in records],
            [record.status for record in records],
            [record.wait_s for record in records],
            [record.response.at for record in records],
            [record.response.status for record in records],
            [record.response.body for record in records],
            [record.response.error for record in records],
            [record.response.duration_ms for record in records],
        )
        # After the commit: what happens to an endpoint here may end its deliveries, and must find these unlocked.
        if notes := self._news(notes_of(records)):
            await self._pool.execute(
                _SQL["note"],
                [account for account, _ in notes],
                [endpoint for _, endpoint in notes],
                [note.succeeded_at for note in notes.values()],
                [note.failed_at for note in notes.values()],
                [note.failures for note in notes.values()],
                [note.failing_since for note in notes.values()],
                [note.gone for note in notes.values()],
                FAILING_FOR.total_seconds(),
            )
        return [None] * len(records)

    def _news(self, notes: dict[LaneKey, Note]) -> dict[LaneKey, Note]:
        """Return what is worth writing: not that an endpoint which took something a moment ago took more."""
        found: dict[LaneKey, Note] = {}
        for lane, note in notes.items():
            if note.failed_at is not None or note.succeeded_at is None:
                self._noted.pop(lane, None)
            elif (last := self._noted.get(lane)) is not None and note.succeeded_at < last + _OFTEN:
                continue
            else:
                self._noted[lane] = note.succeeded_at
            found[lane] = note
        return found


def notes_of(records: Sequence[Record]) -> dict[LaneKey, Note]:
    """Return how each endpoint did in these attempts."""
    notes: dict[LaneKey, Note] = {}
    for record in sorted(records, key=lambda record: record.response.at):
        if record.blame:
            notes.setdefault(record.due.lane, Note()).add(record.response)
    return notes
