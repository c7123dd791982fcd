"""What a caller can do with generations: create, read, cancel."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import cast, get_args

import msgspec

from rivya.catalog.model import MediaKind, Model
from rivya.catalog.price import total
from rivya.catalog.reference_rules import check_reference_file
from rivya.catalog.references import NEEDS_DURATION_TOKEN
from rivya.catalog.validate import REFERENCES
from rivya.errors import ModelNotAvailable, NotFound, ValidationFailed
from rivya.files.references import Reference, References
from rivya.generations.accept import Accepter, Answer, Submission, fingerprint
from rivya.generations.cancels import cancel_waiting, request_cancel
from rivya.generations.changes import Changes
from rivya.generations.check import REFERENCES_PATH, Checked, Filters, check
from rivya.generations.model import StoredInput, TaskState, state_of
from rivya.generations.schemas import CreateGeneration, EstimateObject, estimate_object
from rivya.keys.caller import Caller, source_of
from rivya.kit.batch import Gatherer
from rivya.kit.db import Pool, is_data_fault, load_queries
from rivya.kit.ids import AccountId, TaskId, is_id
from rivya.kit.notify import NotifyHub
from rivya.kit.pages import Page
from rivya.providers.routing import Routing, entrypoint

_SQL = load_queries("rivya.generations")
_encode = msgspec.json.encode


class Generations:
    """The public verbs. One an API process."""

    def __init__(
        self,
        pool: Pool,
        hub: NotifyHub,
        *,
        models: Mapping[str, Model],
        routing: Routing,
        references: References,
    ) -> None:
        self._pool = pool
        self._models = models
        self._routing = routing
        self._references = references
        self._accept = Accepter(pool)
        self._read = Gatherer(self._read_many, max_batch=128, max_calls=2, is_one_items_fault=is_data_fault)
        self.changes = Changes(hub, lambda account, task: self.read(account=account, task=task))

    async def create(self, request: CreateGeneration, *, caller: Caller, idempotency_key: str | None) -> Answer:
        """Check, price and accept a task.

        The same Idempotency-Key and body gets the first answer again, whatever has changed since. Raises
        ValidationFailed, ModelNotAvailable, InsufficientCredits or IdempotencyConflict; nothing was changed then.
        """
        print_ = fingerprint(request)
        # References may be far away: what was answered before is not fetched for again.
        if REFERENCES in request.params and (answer := await self._replay(caller, idempotency_key, print_)):
            return answer
        try:
            submission = await self._submission(request, caller, idempotency_key, print_)
        except (ValidationFailed, ModelNotAvailable):
            # A model may have gone since the first call: what was answered then still holds.
            if answer := await self._replay(caller, idempotency_key, print_):
                return answer
            raise
        return await self._accept(submission)

    async def read(self, *, account: AccountId, task: TaskId) -> TaskState:
        """Return a task of this account. Raises NotFound."""
        found = await self._read((account, task)) if is_id("task", task) else None
        if found is None:
            raise NotFound
        return found

    async def list(self, *, account: AccountId, page: Page, filters: Filters) -> Sequence[TaskState]:
        """Return the rows of a page of the account's tasks, newest first."""
        rows = await self._pool.fetch(
            _SQL["list"],
            account,
            page.after,
            filters.status,
            filters.model,
            filters.client_request_id,
            page.rows,
        )
        return [state_of(row) for row in rows]

    async def estimate(self, request: CreateGeneration, *, account: AccountId) -> EstimateObject:
        """Return what ``create`` would reserve for this request. Spends nothing, and needs no provider.

        Pictures from elsewhere are not fetched: they do not change a price. Raises ValidationFailed.
        """
        checked = check(self._models, request)
        references = await self._resolved(checked, account, kinds=NEEDS_DURATION_TOKEN)
        return estimate_object(checked.model.id, checked.factors(references))

    async def cancel(self, *, account: AccountId, task: TaskId) -> TaskState:
        """Cancel a task: at once while no provider has it in hand, else by asking the worker that has it.

        Returns the task as it stands; one that has ended is returned unchanged. Raises NotFound.
        """
        if not is_id("task", task):
            raise NotFound
        if not await cancel_waiting(self._pool, account=account, task=task):
            await request_cancel(self._pool, account=account, task=task)
        return await self.read(account=account, task=task)

    async def _replay(self, caller: Caller, idempotency_key: str | None, print_: bytes) -> Answer | None:
        return await self._accept.replay(caller, idempotency_key, print_) if idempotency_key else None

    async def _submission(
        self, request: CreateGeneration, caller: Caller, idempotency_key: str | None, print_: bytes
    ) -> Submission:
        checked = check(self._models, request)
        model = checked.model
        if model.studio_only and source_of(caller) != "studio":
            raise ModelNotAvailable(f"{model.id} can only be used in the Studio.")
        routes = self._routing.of(model.id)
        if not routes:
            raise ModelNotAvailable(f"{model.id} cannot be called on this installation right now.")
        references = await self._resolved(checked, caller.account)
        return Submission(
            caller=caller,
            model=model,
            prompt=checked.prompt,
            params=checked.params,
            inputs=[StoredInput(one.kind, one.key, one.mime_type) for one in references],
            client_request_id=checked.client_request_id,
            credits=total(checked.factors(references)),
            entrypoint=entrypoint(routes[0]),
            idempotency_key=idempotency_key,
            fingerprint=print_,
        )

    async def _resolved(
        self, checked: Checked, account: AccountId, *, kinds: Collection[str] = get_args(MediaKind)
    ) -> list[Reference]:
        """Return the references of these kinds, each checked against the model."""
        model, rules = checked.model, checked.model.reference_media
        if rules is None:
            return []
        asked = [(number, item) for number, item in enumerate(checked.references) if item.kind in kinds]
        found = await asyncio.gather(
            *(
                self._references.resolve(
                    account,
                    item.url,
                    item.kind,
                    item.duration_token,
                    limit=rules.limit(cast(MediaKind, item.kind)),
                    path=f"{REFERENCES_PATH}[{number}]",
                )
                for number, item in asked
            )
        )
        for (number, _), one in zip(asked, found, strict=True):
            check_reference_file(
                model, cast(MediaKind, one.kind), mime_type=one.mime_type, size_bytes=one.size_bytes, number=number
            )
        return found

    async def _read_many(self, asked: list[tuple[AccountId, TaskId]]) -> Sequence[TaskState | None]:
        accounts, tasks = [account for account, _ in asked], [task for _, task in asked]
        rows = await self._pool.fetch(_SQL["read_states"], accounts, tasks)
        found = {(row["account_id"], row["id"]): state_of(row) for row in rows}
        return [found.get(one) for one in asked]
