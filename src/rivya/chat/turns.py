"""Turns in the database: begun and ended in one call each, batched; kept alive while they run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import msgspec
import structlog

from rivya import metrics
from rivya.chat.answer import Answer
from rivya.chat.model import Ending, StoredImage, Turn, TurnId
from rivya.errors import IdempotencyConflict
from rivya.keys.caller import Caller, key_of, source_of
from rivya.kit.batch import Gatherer
from rivya.kit.clock import utc_now
from rivya.kit.db import CONNECTION_LOST, Pool, is_data_fault, load_queries, patiently
from rivya.kit.ids import AccountId

log = structlog.get_logger()

_SQL = load_queries("rivya.chat")
_encode = msgspec.json.encode
_PATIENCE_S = 10.0
_LEASE = timedelta(seconds=10)
_KEEP_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Beginning:
    """A checked and priced turn. ``expected`` counts the session's messages; None begins a session."""

    turn: Turn
    expected: int | None
    caller: Caller
    message_id: str
    content: str
    images: Sequence[StoredImage]
    title: str
    route: str
    idempotency_key: str | None
    fingerprint: bytes
    client_request_id: str | None


@dataclass(frozen=True, slots=True)
class _End:
    turn: Turn
    ending: Ending
    message_id: str | None
    response: bytes | None


@dataclass(slots=True)
class Kept:
    """A turn that this process has, and what was said in it so far."""

    turn: Turn
    said: Answer
    cut: Callable[[], object]
    """Called when the turn is to go no further: somebody else has ended it, or this process is to stop."""
    written: int = 0
    ending: bool = False
    """It is being ended here: that it runs no more is no news."""


class Turns:
    """One an API process."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._kept: dict[TurnId, Kept] = {}
        self._none_kept = asyncio.Event()
        self._none_kept.set()
        # One call at a time of each: fewer and larger ones cost a process that is busy a tenth less in all.
        self._begin = Gatherer(self._begin_many, max_batch=64, max_calls=1, is_one_items_fault=is_data_fault)
        self._end = Gatherer(self._end_many, max_batch=64, max_calls=1, is_one_items_fault=is_data_fault)

    async def begin(self, beginning: Beginning) -> asyncpg.Record:
        """Begin a turn; return chat_begin's ``outcome``, ``available`` credits and an earlier call's ``response``."""
        return await patiently(lambda: self._begin(beginning), for_s=_PATIENCE_S)

    async def end(self, turn: Turn, ending: Ending, *, message_id: str | None, response: bytes | None) -> bool:
        """End a turn; False if somebody else had ended it. Tried for a minute while the database is away."""
        item = _End(turn, ending, message_id, response)
        if (kept := self._kept.get(turn.id)) is not None:
            kept.ending = True
        mine = await patiently(lambda: self._end(item), for_s=60.0)
        if mine:
            _count(turn, ending)
        return mine

    async def replay(self, account: AccountId, route: str, key: str, fingerprint: bytes) -> bytes | None:
        """Return what this Idempotency-Key was answered before, None if nothing. Raises IdempotencyConflict."""
        row = await self._pool.fetchrow(_SQL["replay"], account, route, key)
        if row is None:
            return None
        if row["fingerprint"] != fingerprint:
            raise IdempotencyConflict
        if row["in_flight"]:
            raise in_flight()
        return row["response"]

    async def lapsed(self, *, most: int) -> list[asyncpg.Record]:
        """Return turns, of every account, whose process has died."""
        return await self._pool.fetch(_SQL["lapsed"], most)

    def keep(self, kept: Kept) -> None:
        """Keep a turn's lease, and what was said in it, until ``let_go``."""
        self._kept[kept.turn.id] = kept
        self._none_kept.clear()

    def let_go(self, turn: Turn) -> None:
        self._kept.pop(turn.id, None)
        if not self._kept:
            self._none_kept.set()

    async def all_ended(self) -> None:
        """Return when this process has no turn."""
        await self._none_kept.wait()

    def cut_all(self) -> None:
        """Cut every turn of this process short; each ends by itself then."""
        for kept in list(self._kept.values()):
            kept.cut()

    async def run(self) -> None:
        """Keep until cancelled."""
        while True:
            await asyncio.sleep(_KEEP_EVERY_S)
            try:
                await self._keep_all()
            except (*CONNECTION_LOST, TimeoutError) as error:
                log.warning("chat.database_unreachable", error=type(error).__name__)

    async def _keep_all(self) -> None:
        asked = sorted(self._kept.values(), key=lambda kept: (kept.turn.account, kept.turn.id))
        if not asked:
            return
        news = [self._news(kept) for kept in asked]
        rows = await self._pool.fetch(
            _SQL["keep"],
            [kept.turn.account for kept in asked],
            [kept.turn.id for kept in asked],
            *(list(column) for column in zip(*news, strict=True)),
            _LEASE,
        )
        alive = {row["id"] for row in rows}
        for kept in asked:
            if kept.turn.id not in alive and not kept.ending:
                log.warning("chat.turn_lost", turn=kept.turn.id)
                kept.cut()

    def _news(self, kept: Kept) -> tuple[str | None, str | None, int | None, int | None]:
        """Return content, thoughts and tokens used so far; None for what is not known, or not news."""
        said = kept.said
        if said.length == kept.written:
            return None, None, None, None
        kept.written = said.length
        if said.usage is None:
            return *said.texts(), None, None
        return *said.texts(), said.usage.input_tokens, said.usage.output_tokens

    async def _begin_many(self, items: list[Beginning]) -> Sequence[asyncpg.Record]:
        columns = zip(*(_beginning_row(item) for item in items), strict=True)
        return await self._pool.fetch(_SQL["begin"], *(list(column) for column in columns), _LEASE)

    async def _end_many(self, items: list[_End]) -> Sequence[bool]:
        columns = zip(*(_end_row(item) for item in items), strict=True)
        rows = await self._pool.fetch(_SQL["end"], *(list(column) for column in columns), utc_now())
        return [row["ended"] for row in rows]


def in_flight() -> IdempotencyConflict:
    """Return the error for a call whose first is still under way."""
    return IdempotencyConflict(
        "The first call with this Idempotency-Key is still under way. Send it again in a moment.", retry_after_s=1
    )


def _count(turn: Turn, ending: Ending) -> None:
    metrics.CHAT_TURNS.labels(turn.model, ending.status, ending.failure or "").inc()
    metrics.CHAT_TOKENS.labels(turn.model, "input").inc(ending.input_tokens)
    metrics.CHAT_TOKENS.labels(turn.model, "output").inc(ending.output_tokens)
    metrics.CREDITS.labels(turn.model).inc(ending.credits)


def _beginning_row(item: Beginning) -> tuple[object, ...]:
    turn = item.turn
    return (
        turn.account,
        turn.id,
        turn.session,
        item.expected,
        source_of(item.caller),
        key_of(item.caller),
        turn.model,
        _encode(turn.price).decode(),
        turn.reserved_credits,
        turn.streamed,
        turn.input_tokens,
        item.message_id,
        item.content,
        _encode(item.images).decode(),
        item.title,
        item.route,
        item.idempotency_key,
        item.fingerprint,
        item.client_request_id,
        turn.created_at,
        item.caller.limits.account_in_flight,
        item.caller.limits.key_in_flight,
    )


def _end_row(item: _End) -> tuple[object, ...]:
    ending = item.ending
    return (
        item.turn.account,
        item.turn.id,
        ending.status,
        ending.credits,
        ending.input_tokens,
        ending.output_tokens,
        ending.counted_by,
        ending.failure,
        item.message_id,
        ending.content,
        ending.thoughts or None,
        ending.finish_reason,
        item.response,
    )
