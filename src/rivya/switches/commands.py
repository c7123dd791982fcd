"""``rivya api``."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from rivya.accounts.audit import COMMAND_LINE
from rivya.admin import acts
from rivya.kit.clock import iso
from rivya.kit.db import Pool
from rivya.operator import DataDir, run
from rivya.switches import service
from rivya.switches.service import Switch

app = typer.Typer(help="The public API: disable, enable, status.", no_args_is_help=True)


@app.command()
def disable(
    reason: Annotated[str, typer.Option(help="Why; kept, and shown by status, never to callers.")],
    data_dir: DataDir = None,
) -> None:
    """Turn the public API off: calls are answered 503, tasks under way go on."""

    async def command(pool: Pool) -> Switch:
        return await acts.turn_public_api(pool, actor=COMMAND_LINE, on=False, reason=reason)

    typer.echo(_in_words(run(data_dir, command)))


@app.command()
def enable(data_dir: DataDir = None) -> None:
    """Turn the public API on again."""

    async def command(pool: Pool) -> Switch:
        return await acts.turn_public_api(pool, actor=COMMAND_LINE, on=True, reason="")

    typer.echo(_in_words(run(data_dir, command)))


@app.command()
def status(
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say whether the public API is on, since when and why."""
    switch = run(data_dir, service.public_api)
    if as_json:
        since = iso(switch.changed_at) if switch.changed_at is not None else None
        typer.echo(json.dumps({"enabled": switch.is_on, "reason": switch.reason, "changed_at": since}))
    else:
        typer.echo(_in_words(switch))


def _in_words(switch: Switch) -> str:
    words = f"The public API is {'on' if switch.is_on else 'off'}"
    if switch.changed_at is not None:
        words += f" since {iso(switch.changed_at)}"
    return words + (f": {switch.reason}" if switch.reason else ".")
