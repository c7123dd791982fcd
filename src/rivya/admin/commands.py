"""``rivya audit``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated

import typer

from rivya.accounts import audit
from rivya.kit.clock import iso
from rivya.kit.db import Pool
from rivya.operator import DataDir, run


def show_audit(
    action: Annotated[str | None, typer.Option(help="Only actions that begin so, such as credits.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    data_dir: DataDir = None,
) -> None:
    """Show who did what, newest first: a JSON object a line."""

    async def command(pool: Pool) -> Sequence[audit.Note]:
        return await audit.newest(pool, action=action, most=limit)

    for note in run(data_dir, command):
        line = {
            "at": iso(note.created_at),
            "action": note.action,
            "actor": note.actor_email or note.actor,
            "account": note.account_email or note.account,
            "details": note.details,
        }
        typer.echo(json.dumps(line))
