"""What a caller can do with chat: have a turn answered, whole or as it is made."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import msgspec
import structlog

from rivya import metrics
from rivya.catalog.model import Model
from rivya.chat.answer import Answer, Hear, Way, answer, ended, have_counted
from rivya.chat.images import Images
from rivya.chat.model import Ending, Failure, Finish, Turn
from rivya.chat.prepare import Prepared, Preparer, busy
from rivya.chat.refusals import failed, refusal
from rivya.chat.schemas import CreateCompletion, completion_body
from rivya.chat.sessions import Sessions
from rivya.chat.turns import Kept, Turns
from rivya.errors import (
    RateLimited,
    UpstreamUnavailable,
)
from rivya.keys.caller import Caller, source_of
from rivya.kit.db import Pool
from rivya.kit.ids import new_id
from rivya.kit.tracing import set_on_current
from rivya.providers.chat import ChatFailed, ChatProvider, Delta
from rivya.providers.routing import Routing
from rivya.providers.tokenizers import Tokenizers

log = structlog.get_logger()

Made = TypeVar("Made")

_MOST_TRIES = 3
_LAST_ANSWERS_S = 5.0
_encode = msgspec.json.encode


@dataclass(frozen=True, slots=True)
class Begun:
    """A turn whose credits are set aside."""

    prepared: Prepared
    ways: Sequence[Way]
    deadline_s: float
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once somebody answers it."""

    @property
    def turn(self) -> Turn:
        return self.prepared.beginning.turn


@dataclass(frozen=True, slots=True)
class Replayed:
    """The first answer under this Idempotency-Key."""

    body: bytes


class Chat:
    """The public verbs of turns. One an API process."""

    def __init__(
        self,
        pool: Pool,
        *,
        models: Mapping[str, Model],
        routing: Routing,
        providers: Mapping[str, ChatProvider],
        images: Images,
        tokenizers: Tokenizers,
    ) -> None:
        self.turns = Turns(pool)
        self.sessions = Sessions(pool)
        self._providers = providers
        self._images = images
        self._tokenizers = tokenizers
        self._preparer = Preparer(
            models=models, routing=routing, providers=providers, sessions=self.sessions, images=images
        )
        self._stopping = False
        self._answering: set[asyncio.Task[bytes]] = set()
        self._settling: set[asyncio.Task[tuple[bytes | None, Ending]]] = set()

    async def begin(
        self, request: CreateCompletion, *, caller: Caller, idempotency_key: str | None, streamed: bool
    ) -> Begun | Replayed:
        """Check a turn, set its worst case aside and write the user's message down.

        The same Idempotency-Key and body gets the first answer again. Raises what the request deserves; nothing was
        changed then.
        """
        if self._stopping:
            raise RateLimited("This service is about to restart. Try again in a moment.", retry_after_s=1)
        route = _route(caller, streamed=streamed)
        print_ = hashlib.sha256(_encode(request, order="sorted")).digest()
        if idempotency_key and (body := await self.turns.replay(caller.account, route, idempotency_key, print_)):
            return Replayed(body)
        asked = await self._preparer.check(
            request,
            caller=caller,
            route=route,
            idempotency_key=idempotency_key,
            fingerprint=print_,
            streamed=streamed,
        )
        for _ in range(_MOST_TRIES):
            prepared = await self._preparer.prepare(asked)
            row = await self.turns.begin(prepared.beginning)
            match row["outcome"]:
                case "begun":
                    return Begun(prepared, asked.ways, asked.model.deadline_s)
                case "replay":
                    return Replayed(row["response"])
                case "changed":
                    continue  # another turn ended between our look and our call
                case _:
                    raise refusal(prepared, row)
        raise busy()

    async def estimate(self, request: CreateCompletion, *, caller: Caller) -> int:
        """Return the credits that a turn would set aside now. Changes nothing. Raises what ``begin`` would."""
        asked = await self._preparer.check(
            request,
            caller=caller,
            route=_route(caller, streamed=True),
            idempotency_key=None,
            fingerprint=b"",
            streamed=True,
        )
        return (await self._preparer.prepare(asked)).beginning.turn.reserved_credits

    async def complete(self, begun: Begun) -> bytes:
        """Return the whole answer. It is made and kept also when the caller goes away meanwhile.

        Raises UpstreamUnavailable or ValidationFailed; the turn cost nothing then.
        """

        async def deaf(_: Sequence[Delta]) -> None: ...

        answering = asyncio.create_task(self.answer(begun, deaf))
        self._answering.add(answering)
        answering.add_done_callback(_forgotten(self._answering))
        return await asyncio.shield(answering)

    async def answer(self, begun: Begun, hear: Hear) -> bytes:
        """Have the turn answered and end it; return the completion.

        Whatever happens the turn ends, with what was said in its session and what was used settled. Cancelling stops
        the model first. Raises UpstreamUnavailable or ValidationFailed when it ended otherwise than it should.
        """
        begun.answered.set()
        said, turn = Answer(), begun.turn
        asking = asyncio.create_task(self._ask(begun, said, hear))
        self.turns.keep(Kept(turn, said, asking.cancel))
        finish: Finish | None = None
        failure: Failure | None = None
        left: asyncio.CancelledError | None = None
        try:
            await asking
        except asyncio.CancelledError as error:
            left = error if _is_cancelled() else None  # else it was cut short
            finish, failure = "cancelled" if left is not None else "error", "lost"
        except ChatFailed as error:
            finish, failure = "error", error.reason
        except Exception:
            log.exception("chat.unexpected", turn=turn.id)
            finish, failure = "error", "unavailable"
        body, ending = await asyncio.shield(self._settling_of(turn, said, finish, failure, after=asking))
        if left is not None:
            raise left
        if failure is not None or ending.status == "failed":
            raise failed(ending.failure)
        if body is None:
            raise UpstreamUnavailable("The turn was ended before its answer was: its session holds what was kept.")
        return body

    def give_up(self, begun: Begun) -> None:
        """End a turn that nobody has begun to answer, and will: its reader left meanwhile. It costs nothing."""
        if not begun.answered.is_set():
            begun.answered.set()
            self._settling_of(begun.turn, Answer(), "cancelled", "lost")

    async def stop(self) -> None:
        """Begin no more turns, wait a moment for those under way, then cut them short; all have ended on return.

        Whoever reads one that was cut is told so at its end, and pays what was made.
        """
        self._stopping = True
        try:
            async with asyncio.timeout(_LAST_ANSWERS_S):
                await self.turns.all_ended()
        except TimeoutError:
            self.turns.cut_all()
            await self.turns.all_ended()
        await asyncio.gather(*self._settling, return_exceptions=True)  # each has logged what went wrong

    async def close(self) -> None:
        """Stop, and let go of the providers."""
        await self.stop()
        for provider in self._providers.values():
            await provider.close()

    async def _ask(self, begun: Begun, said: Answer, hear: Hear) -> None:
        prepared = begun.prepared
        try:
            async with asyncio.timeout(begun.deadline_s):
                messages = await self._images.shown(prepared.question.messages, prepared.images)
                await answer(replace(prepared.question, messages=messages), begun.ways, said, hear)
        except TimeoutError:
            raise ChatFailed("timeout", f"not done in {begun.deadline_s} s") from None

    def _settling_of(
        self,
        turn: Turn,
        said: Answer,
        finish: Finish | None,
        failure: Failure | None,
        *,
        after: asyncio.Task[None] | None = None,
    ) -> asyncio.Task[tuple[bytes | None, Ending]]:
        """Settle, once nothing more is said, in a task of its own: whoever waits for it may be cancelled, and again."""

        async def settle() -> tuple[bytes | None, Ending]:
            if after is not None and not after.done():
                await asyncio.wait([after])
            return await self._settle(turn, said, finish, failure)

        settling = asyncio.create_task(settle())
        self._settling.add(settling)
        settling.add_done_callback(_forgotten(self._settling))
        return settling

    async def _settle(
        self, turn: Turn, said: Answer, finish: Finish | None, failure: Failure | None
    ) -> tuple[bytes | None, Ending]:
        """Return the completion and how the turn ended; no completion if somebody else had ended it, or it failed."""
        await have_counted(turn, said, self._tokenizers)
        ending = ended(turn, said, finish=finish, failure=failure)
        set_on_current(
            rivya__turn=turn.id,
            rivya__model=turn.model,
            rivya__status=ending.status,
            rivya__failure=ending.failure,
            rivya__input_tokens=ending.input_tokens,
            rivya__output_tokens=ending.output_tokens,
            rivya__credits=ending.credits,
        )
        message_id = new_id("msg") if ending.status != "failed" else None
        body = completion_body(turn, ending, message_id)
        try:
            mine = await self.turns.end(turn, ending, message_id=message_id, response=body)
        finally:
            self.turns.let_go(turn)
        if said.first_piece_s is not None:
            metrics.CHAT_FIRST_TOKEN_SECONDS.labels(turn.model).observe(said.first_piece_s)
        log.info(
            "chat.turn_ended" if mine else "chat.turn_ended_elsewhere",
            turn=turn.id,
            status=ending.status,
            failure=ending.failure,
            credits=ending.credits,
        )
        return body if mine else None, ending


def _route(caller: Caller, *, streamed: bool) -> str:
    if source_of(caller) == "studio":
        return "POST /studio/chat"
    return f"POST /api/v1/chat/completions{'/stream' if streamed else ''}"


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _forgotten(tasks: set[asyncio.Task[Made]]) -> Callable[[asyncio.Task[Made]], None]:
    def done(task: asyncio.Task[Made]) -> None:
        tasks.discard(task)
        if not task.cancelled():
            task.exception()  # who waited has been told; nobody else is to be

    return done
