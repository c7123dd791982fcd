"""Which migrations make Rivya's database."""

from __future__ import annotations

from rivya.kit import migrate as kit_migrate
from rivya.queue import schema as queue_schema


async def migrate(dsn: str) -> list[kit_migrate.Migration]:
    """Bring the database to this version's shape; return the migrations that were applied."""
    return await kit_migrate.migrate(dsn, kit_migrate.load("rivya.migrations"), before=queue_schema.install)
