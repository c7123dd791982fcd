"""Take a task in: everything is checked before, and then one database call does all of it or nothing.

Calls that arrive while another is in flight travel together (kit/batch.py), each with its own outcome.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import msgspec

from rivya.catalog.model import Model
from rivya.errors import IdempotencyConflict, NotFound, PublicError
from rivya.generations.model import StoredInput, TaskState
from rivya.generations.schemas import CreateGeneration, task_object
from rivya.generations.states import QUEUED
from rivya.keys.caller import Caller, Source, key_of, source_of
from rivya.keys.limits import limit_reached
from rivya.kit.batch import Gatherer
from rivya.kit.clock import utc_now
from rivya.kit.db import Pool, is_data_fault, load_queries, patiently
from rivya.kit.ids import TaskId, new_id
from rivya.kit.tracing import set_on_current
from rivya.wallet.service import short_of_credits

_SQL = load_queries("rivya.generations")
_ROUTES: Mapping[Source, str] = {"api": "POST /api/v1/generations", "studio": "POST /studio/generations"}
"""The two doors. An Idempotency-Key holds for one of them."""
_PATIENCE_S = 10.0
_encode = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Submission:
    """A checked and priced request."""

    caller: Caller
    model: Model
    prompt: str
    params: dict[str, object]
    inputs: Sequence[StoredInput]
    client_request_id: str | None
    credits: int
    entrypoint: str
    idempotency_key: str | None
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """The body to answer with; ``replayed`` when it is that of an earlier call."""

    body: bytes
    replayed: bool


@dataclass(frozen=True, slots=True)
class _Item:
    submission: Submission
    task: TaskState
    body: bytes


def fingerprint(request: CreateGeneration) -> bytes:
    """Return what tells one request body from another, whatever its spacing and the order of its keys."""
    return hashlib.sha256(msgspec.json.encode(request, order="sorted")).digest()


class Accepter:
    """Accepts tasks. A call that returned has its task and its reservation on disk, both or neither."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._gather = Gatherer(self._send, max_batch=64, max_calls=2, is_one_items_fault=is_data_fault)

    async def __call__(self, submission: Submission) -> Answer:
        """Accept one task, or answer as the first call under its Idempotency-Key was answered.

        Raises IdempotencyConflict, InsufficientCredits or SpendLimitReached (402), or RateLimited when as much is in
        flight as may be; nothing was changed then.
        """
        item = _item(submission)
        # A connection lost on the way leaves open whether the commit happened. The task's id makes asking again
        # safe, so we ask until we know, rather than answer 500 to a task that may exist.
        row = await patiently(lambda: self._gather(item), for_s=_PATIENCE_S)
        match row["outcome"]:
            case "accepted":
                set_on_current(rivya__task=item.task.id, rivya__model=item.task.model)
                return Answer(item.body, replayed=False)
            case "replay":
                return Answer(row["response"], replayed=True)
            case outcome:
                raise _refused(outcome, submission, row["available"])

    async def replay(self, caller: Caller, key: str, fingerprint: bytes) -> Answer | None:
        """Return what this Idempotency-Key was answered before, None if nothing. Raises IdempotencyConflict."""
        row = await self._pool.fetchrow(_SQL["replay"], caller.account, _ROUTES[source_of(caller)], key)
        if row is None:
            return None
        if row["fingerprint"] != fingerprint:
            raise IdempotencyConflict
        return Answer(row["response"], replayed=True)

    async def _send(self, items: list[_Item]) -> Sequence[asyncpg.Record]:
        columns = zip(*(_row(item) for item in items), strict=True)
        return await self._pool.fetch(_SQL["accept"], *(list(column) for column in columns))


def _refused(outcome: str, submission: Submission, available: int) -> PublicError:
    match outcome:
        case "conflict":
            return IdempotencyConflict()
        case "no_wallet":
            return NotFound("There is no such account.")
        case "account_full" | "key_full" | "spend_limit":
            limits = submission.caller.limits
            return limit_reached(outcome, limits, credits=submission.credits, credits_left=available)
        case _:
            return short_of_credits(submission.credits, available)


def _item(submission: Submission) -> _Item:
    now = utc_now()
    task = TaskState(
        id=TaskId(new_id("task")),
        status=QUEUED,
        model=submission.model.id,
        client_request_id=submission.client_request_id,
        reserved_credits=submission.credits,
        created_at=now,
        updated_at=now,
    )
    return _Item(submission, task, _encode.encode(task_object(task, lambda key: key)))


def _row(item: _Item) -> tuple[object, ...]:
    submission, task = item.submission, item.task
    caller, source = submission.caller, source_of(submission.caller)
    return (
        caller.account,
        task.id,
        key_of(caller),
        source,
        task.model,
        submission.prompt,
        _encode.encode(submission.params).decode(),
        _encode.encode(submission.inputs).decode(),
        task.client_request_id,
        task.reserved_credits,
        task.created_at,
        task.created_at + timedelta(seconds=submission.model.deadline_s),
        submission.entrypoint,
        _ROUTES[source],
        submission.idempotency_key,
        submission.fingerprint,
        item.body,
        caller.limits.account_in_flight,
        caller.limits.key_in_flight,
    )
