"""``rivya accounts``."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from rivya.accounts import service as accounts
from rivya.kit.db import Pool
from rivya.operator import DataDir, run

app = typer.Typer(help="Accounts.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Accounts."""


@app.command()
def create(
    email: str,
    credits: Annotated[int, typer.Option(min=0, help="Credits to grant at once.")] = 0,
    password: Annotated[bool, typer.Option("--password", help="Make a password to sign in with.")] = False,
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make an account with its wallet."""

    async def command(pool: Pool) -> accounts.NewAccount:
        return await accounts.create(pool, email=email, credits=credits, password=password)

    made = run(data_dir, command)
    if as_json:
        typer.echo(json.dumps({"id": made.id, "email": made.email, "password": made.password, "credits": credits}))
        return
    typer.echo(f"Account {made.id} for {made.email}, with {credits} credits.")
    if made.password:
        typer.echo(f"Password, shown this once: {made.password}")
