"""``rivya credits``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from rivya.accounts import service as accounts
from rivya.accounts.audit import COMMAND_LINE
from rivya.admin import acts
from rivya.kit.clock import iso
from rivya.kit.db import Pool
from rivya.kit.ids import new_id
from rivya.operator import DataDir, run
from rivya.wallet import service as wallet
from rivya.wallet.invariants import Violation, rules, verify
from rivya.wallet.model import Balance, Grant, StatementLine

app = typer.Typer(help="Credits: grant, statement, verify.", no_args_is_help=True)


@app.command()
def grant(
    email: str,
    credits: Annotated[int, typer.Argument(min=1)],
    reason: Annotated[str, typer.Option(help="Why; kept with the grant.")],
    expires_in_days: Annotated[int | None, typer.Option(min=1, help="Days until they lapse; never by default.")] = None,
    id: Annotated[str | None, typer.Option(help="An id of yours: the same id never grants twice.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Grant credits to an account."""

    async def command(pool: Pool) -> Grant:
        return await acts.grant(
            pool,
            actor=COMMAND_LINE,
            account=await accounts.find(pool, email=email),
            credits=credits,
            reason=reason,
            id=id or new_id("grant"),
            days=expires_in_days,
        )

    made = run(data_dir, command)
    if made.outcome == "exists":
        typer.echo(f"This grant was made before; {made.available} credits are available.")
    else:
        typer.echo(f"Granted {made.credits} credits; {made.available} are available.")


@app.command()
def statement(
    email: str,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many of the newest events.")] = 50,
    data_dir: DataDir = None,
) -> None:
    """Show an account's credits and what happened to them."""

    async def command(pool: Pool) -> tuple[Balance, list[StatementLine]]:
        account = await accounts.find(pool, email=email)
        return await wallet.balance(pool, account=account), await wallet.statement(pool, account=account, limit=limit)

    balance, lines = run(data_dir, command)
    table = Table("when", "event", "for", "available", "spent", box=None)
    for line in lines:
        table.add_row(iso(line.at), line.event, line.business_id, f"{line.available_change:+d}", str(line.spent or ""))
    console = Console(width=None if Console().is_terminal else 120)
    console.print(table)
    typer.echo(f"{balance.available} credits available, {balance.reserved} reserved.")


@app.command("verify")
def verify_command(data_dir: DataDir = None) -> None:
    """Check every invariant of the money; exit 0 only if all hold."""

    async def command(pool: Pool) -> list[Violation]:
        return await verify(pool)

    violations = run(data_dir, command)
    for violation in violations:
        typer.echo(f"{violation.rule}: {violation.account_id}: {violation.detail}", err=True)
    if violations:
        typer.echo("ledger drifted", err=True)
        raise typer.Exit(1)
    typer.echo(f"ledger verified ({len(rules())} rules)")
