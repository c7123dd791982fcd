"""``rivya accounts``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from rivya.accounts import service as accounts
from rivya.accounts.audit import COMMAND_LINE
from rivya.admin import acts, reading
from rivya.kit.clock import iso
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
    operator: Annotated[bool, typer.Option("--operator", help="It may see and do all that is under /admin.")] = False,
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make an account with its wallet."""

    async def command(pool: Pool) -> accounts.NewAccount:
        return await accounts.create(pool, email=email, credits=credits, password=password, operator=operator)

    made = run(data_dir, command)
    if as_json:
        typer.echo(json.dumps({"id": made.id, "email": made.email, "password": made.password, "credits": credits}))
        return
    typer.echo(f"Account {made.id} for {made.email}, with {credits} credits.")
    if made.password:
        typer.echo(f"Password, shown this once: {made.password}")


@app.command("list")
def list_accounts(
    search: Annotated[str, typer.Argument(help="Part of an address or a name, or a whole id.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    data_dir: DataDir = None,
) -> None:
    """Show the newest accounts with their credits."""

    async def command(pool: Pool) -> list[reading.AccountLine]:
        return await reading.accounts(pool, search=search, most=limit)

    table = Table("account", "e-mail", "made", Column("available", justify="right"), "state", box=None)
    for line in run(data_dir, command):
        state = "deleted" if line.deleted_at else "disabled" if line.disabled_at else ""
        table.add_row(line.id, line.email, iso(line.created_at), f"{line.available}", state)
    Console(width=None if Console().is_terminal else 140).print(table)


@app.command()
def disable(
    email: str, reason: Annotated[str, typer.Option(help="Why; kept in the audit log.")], data_dir: DataDir = None
) -> None:
    """Shut an account out: its keys and its browsers are refused."""
    _set_disabled(email, reason, data_dir, disabled=True)


@app.command()
def enable(
    email: str, reason: Annotated[str, typer.Option(help="Why; kept in the audit log.")], data_dir: DataDir = None
) -> None:
    """Let an account in again."""
    _set_disabled(email, reason, data_dir, disabled=False)


def _set_disabled(email: str, reason: str, data_dir: Path | None, *, disabled: bool) -> None:
    async def command(pool: Pool) -> None:
        account = await accounts.find(pool, email=email)
        await acts.set_disabled(pool, actor=COMMAND_LINE, account=account, disabled=disabled, reason=reason)

    run(data_dir, command)
    typer.echo(f"{email} is {'disabled' if disabled else 'enabled'}.")
