"""The queue's own tables, made by pgqueuer's own statements."""

from __future__ import annotations

from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from pgqueuer.domain.settings import DBSettings, Durability

from rivya.kit.db import Connection


def queue_settings() -> DBSettings:
    """Jobs survive a crash; the log of them, which is for statistics only, need not (and costs no WAL)."""
    return DBSettings(durability=Durability.balanced)


async def install(connection: Connection) -> None:
    """Make the queue's tables where they are missing."""
    if await connection.fetchval("select to_regclass('pgqueuer') is not null"):
        return
    builder = QueryBuilderEnvironment(settings=queue_settings())
    async with connection.transaction():
        await connection.execute(builder.build_install_query())
        await connection.execute(builder.build_optimize_autovacuum_query())
