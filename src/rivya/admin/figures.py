"""How an installation stands, from the database: the figures that an operator is woken for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import asyncpg
import msgspec
import structlog
from prometheus_client import Metric
from prometheus_client.metrics_core import GaugeMetricFamily

from rivya import __version__
from rivya.kit.db import CONNECTION_LOST, Pool, load_queries

log = structlog.get_logger()

_SQL = load_queries("rivya.admin", "figures.sql")
_WITHIN_S = 5.0

FROM_DATABASE: Mapping[str, str] = {
    "rivya_tasks_open": "Tasks that have not ended.",
    "rivya_tasks_oldest_seconds": "The age of the oldest task that has not ended.",
    "rivya_tasks_overdue": "Tasks that should have ended a minute ago or earlier.",
    "rivya_queue_jobs": "Jobs in the queue.",
    "rivya_workers": "Workers that have been heard of within their lease.",
    "rivya_route_left_alone": "Workers that leave this route alone because it kept failing.",
    "rivya_chat_turns_open": "Chat turns under way.",
    "rivya_chat_turns_lapsed": "Chat turns whose process was silent for a minute and that nobody has ended.",
    "rivya_reservations_open": "Reservations that have not ended.",
    "rivya_reservations_oldest_seconds": "The age of the oldest reservation that has not ended.",
    "rivya_credits_reserved": "Credits that open reservations hold.",
    "rivya_webhooks_pending": "Webhook deliveries that have not ended.",
    "rivya_webhooks_overdue_seconds": "How long the delivery that is due the longest has been due.",
    "rivya_letters_waiting": "Letters that are to be sent.",
    "rivya_ledger_violations": "Violations that the newest check of the money found (20 at most are kept).",
    "rivya_ledger_checked_timestamp_seconds": "When the money was last checked.",
    "rivya_database_connections": "Connections of Rivya's processes to the database.",
}
_UP = "rivya_database_up"
_VERSION = "rivya_build_info"
ALWAYS = {_UP: "Whether the database answers within five seconds.", _VERSION: "The version of Rivya that answers: 1."}


async def figures(pool: Pool, *, lease_s: float) -> list[Metric]:
    """Return every figure; only those of ``ALWAYS`` while the database does not answer."""
    try:
        async with asyncio.timeout(_WITHIN_S):
            rows = await pool.fetch(_SQL["figures"], lease_s)
    except (*CONNECTION_LOST, TimeoutError) as error:
        log.warning("figures.database_unreachable", error=type(error).__name__)
        return _always(up=False)
    return [*_always(up=True), *_families(rows)]


def _always(*, up: bool) -> list[Metric]:
    version = GaugeMetricFamily(_VERSION, ALWAYS[_VERSION], labels=("version",))
    version.add_metric((__version__,), 1)
    return [GaugeMetricFamily(_UP, ALWAYS[_UP], float(up)), version]


def _families(rows: list[asyncpg.Record]) -> list[Metric]:
    found: dict[str, GaugeMetricFamily] = {}
    for row in rows:
        name = row["name"]
        labels = msgspec.json.decode(row["labels"], type=dict[str, str])
        family = found.setdefault(name, GaugeMetricFamily(name, FROM_DATABASE[name], labels=tuple(labels)))
        family.add_metric(tuple(labels.values()), float(row["value"]))
    return list(found.values())
