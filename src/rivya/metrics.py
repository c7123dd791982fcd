"""What each process counts of its own work, for Prometheus. What the database knows is read from there: admin/figures.

Labels come from our routes, catalog and providers, never from what a caller sends, so that their number is bounded.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import (
    MultiProcessCollector,
    mark_process_dead,  # pyright: ignore[reportUnknownVariableType]
)
from prometheus_client.registry import Collector

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_MOST_READS = 5
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

HTTP_REQUESTS = Counter("rivya_http_requests_total", "HTTP requests that were answered.", ("method", "route", "status"))
HTTP_SECONDS = Histogram(
    "rivya_http_request_seconds", "How long a request took until its answer began.", ("route",), buckets=_SECONDS
)
HTTP_OPEN = Gauge("rivya_http_requests_open", "HTTP requests under way, streams included.", multiprocess_mode="livesum")
CHAT_TURNS = Counter(
    "rivya_chat_turns_total",
    "Chat turns that ended: completed, stopped or failed, and why, if not by themselves.",
    ("model", "status", "reason"),
)
CHAT_FIRST_TOKEN_SECONDS = Histogram(
    "rivya_chat_first_token_seconds",
    "How long a chat turn took from when its credits were set aside to its first piece.",
    ("model",),
    buckets=_SECONDS,
)
CHAT_TOKENS = Counter("rivya_chat_tokens_total", "Tokens of chat turns, as settled.", ("model", "direction"))
CHAT_FAULTS = Counter(
    "rivya_chat_upstream_faults_total", "Times that a chat provider failed, and how.", ("provider", "reason")
)
TASKS = Counter(
    "rivya_tasks_total",
    "Tasks that a worker ended: succeeded or failed, and why.",
    ("model", "provider", "status", "reason"),
)
CREDITS = Counter("rivya_credits_spent_total", "Credits that were settled, by model.", ("model",))
PROVIDER_ANSWERS = Counter(
    "rivya_provider_answers_total",
    "What providers answered to a submission: accepted, done, refused, failed or unknown.",
    ("provider", "answer"),
)
PROVIDER_SECONDS = Histogram(
    "rivya_provider_submit_seconds", "How long a submission to a provider took.", ("provider",), buckets=_SECONDS
)
TASK_CHECKS = Counter("rivya_task_checks_total", "Looks at a task at its provider.", ("provider",))
DELIVERIES = Counter(
    "rivya_webhook_attempts_total", "Attempts to deliver a webhook: taken, refused or unreachable.", ("outcome",)
)
DELIVERY_SECONDS = Histogram(
    "rivya_webhook_attempt_seconds", "How long an attempt to deliver a webhook took.", buckets=_SECONDS
)
SWEPT = Counter("rivya_janitor_swept_total", "What janitors put right.", ("janitor",))


def count_request(method: str, template: str, status: int, seconds: float) -> None:
    """Count a request whose answer began after so long; without a template there was nothing to call."""
    route = template or "none"
    HTTP_REQUESTS.labels(method if method in _METHODS else "other", route, status).inc()
    HTTP_SECONDS.labels(route).observe(seconds)


def share(folder: Path) -> dict[str, str]:
    """Empty a folder in which processes count together; return what their environment must hold for that."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.db"):
        file.unlink()
    return {_FOLDER: str(folder.absolute())}


def died(pid: int, folder: Path, *, forget: bool) -> None:
    """Drop what only a living process has; with ``forget`` all that it counted: who never lives long leaves no heap."""
    mark_process_dead(pid, str(folder))
    if forget:
        for file in folder.glob(f"*_{pid}.db"):
            file.unlink(missing_ok=True)


def exposition(figures: Sequence[Metric], *, accept: str) -> tuple[bytes, str]:
    """Return these figures, and what this process counts or, where several count together, all of them; and its type.

    In the text format of Prometheus, or in OpenMetrics for who accepts it. Reads files: for a thread of its own.
    """
    encode, content_type = choose_encoder(accept)
    return encode(_All(figures)), content_type


def counted_here() -> list[Metric]:
    """Return what this process alone counts, and what Python tells of it."""
    return list(REGISTRY.collect())


class _All(Collector):
    def __init__(self, figures: Sequence[Metric]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        yield from self._figures
        yield from self._counted()

    def _counted(self) -> list[Metric]:
        if _FOLDER not in os.environ:
            return counted_here()
        for _ in range(_MOST_READS):
            with suppress(FileNotFoundError):  # a process has died meanwhile, and what it counted was forgotten
                return list(cast("Iterable[Metric]", MultiProcessCollector(None).collect()))
        return []
