"""The end of a task: its media checked and stored, then one transaction for state, credits and event."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog

from rivya import metrics
from rivya.catalog.model import Model
from rivya.files.probe import Media, NotMedia, probe
from rivya.files.store import ObjectStore
from rivya.generations.failure import task_error
from rivya.generations.health import Health
from rivya.generations.model import StoredMedia, StoredResult
from rivya.generations.steps import Held, Steps
from rivya.kit.tracing import set_on_current, span
from rivya.providers.outcome import Failed, Output, Reason, Refused

log = structlog.get_logger()

_STORE_TRIES = 4


class Settler:
    """Ends tasks. Whatever happens here, a task ends once and its credits move once."""

    def __init__(
        self, steps: Steps, store: ObjectStore, health: Health, *, models: Mapping[str, Model], max_bytes: int
    ) -> None:
        self._steps = steps
        self._health = health
        self._store = store
        self._models = models
        self._max_bytes = max_bytes

    async def succeed(self, task: Held, outputs: Sequence[Output]) -> None:
        """Store the outputs and settle; the task fails, with its credits back, if one is not what it should be."""
        with span("task.keep", rivya__provider=task.provider, rivya__outputs=len(outputs)):
            await self._succeed(task, outputs)

    async def _succeed(self, task: Held, outputs: Sequence[Output]) -> None:
        try:
            media = [await self._keep(task, number, output) for number, output in enumerate(outputs)]
        except NotMedia as error:
            await self._reject(task, repr(error))
            return
        except OSError as error:
            log.warning("task.output_not_kept", task=task.id, provider=task.provider, error=repr(error))
            await self.fail(task, Failed("upstream_error"))
            return
        if not media:
            await self._reject(task, "no output")
            return
        self._health.works(task)
        ended = await self._steps.succeed(task, StoredResult(media), credits=task.reserved_credits)
        await asyncio.to_thread(_remove, outputs)
        if ended:
            metrics.TASKS.labels(task.model, task.provider, "succeeded", "").inc()
            metrics.CREDITS.labels(task.model).inc(task.reserved_credits)
        log.info("task.succeeded" if ended else "task.late_result", task=task.id, provider=task.provider)

    async def fail(self, task: Held, outcome: Failed | Refused) -> None:
        """End the task without a result; its credits go back."""
        await self._fail(task, outcome.reason, outcome.public_message, outcome.detail)

    async def _reject(self, task: Held, detail: str) -> None:
        log.warning("task.bad_output", task=task.id, provider=task.provider, error=detail)
        failed = Failed("upstream_error")
        self._health.note(task, failed)
        await self.fail(task, failed)

    async def _fail(self, task: Held, reason: Reason, public_message: str | None, detail: str) -> None:
        set_on_current(rivya__failure=reason)
        error = task_error(reason, public_message)
        ended = await self._steps.fail(task.account, task.id, attempt=task.attempt, error=error, outcome=reason)
        if ended:
            metrics.TASKS.labels(task.model, task.provider, "failed", reason).inc()
        log.info(
            "task.failed" if ended else "task.late_failure",
            task=task.id,
            provider=task.provider,
            reason=reason,
            detail=detail,
        )

    async def _keep(self, task: Held, number: int, output: Output) -> StoredMedia:
        if isinstance(output.content, bytes):
            with tempfile.NamedTemporaryFile(prefix="rivya-output-") as file:
                file.write(output.content)
                file.flush()
                return await self._keep_file(task, number, Path(file.name))
        return await self._keep_file(task, number, output.content)

    async def _keep_file(self, task: Held, number: int, path: Path) -> StoredMedia:
        media = await asyncio.to_thread(self._checked, path, task.model)
        key = f"results/{task.account}/{task.id}/{task.attempt}-{number}.{media.extension}"
        await self._put(key, path)
        return StoredMedia(key, media.mime_type, media.size_bytes, media.width, media.height, media.duration_s)

    def _checked(self, path: Path, model: str) -> Media:
        if path.stat().st_size > self._max_bytes:
            raise NotMedia(f"larger than {self._max_bytes} bytes")
        media = probe(path)
        known = self._models.get(model)  # it may have left the catalog meanwhile
        if known is not None and media.kind != known.category:
            raise NotMedia(f"{media.mime_type}, not {known.category}")
        return media

    async def _put(self, key: str, path: Path) -> None:
        # The work is done and paid for upstream: a passing fault of the store must not throw it away.
        for number in range(1, _STORE_TRIES):
            try:
                await self._store.put(key, path)
                return
            except OSError as error:
                log.warning("store.put_failed", key=key, tries=number, error=repr(error))
                await asyncio.sleep(0.5 * 2**number)
        await self._store.put(key, path)


def _remove(outputs: Sequence[Output]) -> None:
    """Remove what is stored elsewhere now, or was for a task that had ended."""
    for output in outputs:
        if isinstance(output.content, Path):
            output.content.unlink(missing_ok=True)
