"""The command line. Thin: each command lives in its domain, and is imported only when it is called."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from rivya.kit.operator_error import OperatorError
from rivya.operator import DataDir, fail, in_reach, settings_for

app = typer.Typer(
    help="Rivya: a multimodal model API that you run yourself.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)


@app.command()
def up(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The port to serve on.")] = None,
    host: Annotated[str | None, typer.Option(help="The address to serve on.")] = None,
    api_processes: Annotated[int | None, typer.Option(min=1, help="How many processes serve HTTP.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Run all of Rivya on this machine, in the foreground, until Ctrl-C."""
    from rivya.up import run_up

    run_up(settings_for(data_dir, port=port, host=host, api_processes=api_processes))


@app.command()
def serve(
    fd: Annotated[int | None, typer.Option(hidden=True)] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The port to serve on.")] = None,
    host: Annotated[str | None, typer.Option(help="The address to serve on.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Serve HTTP from this process; needs RIVYA_DATABASE_URL."""
    from rivya.kit.telemetry import configure_logging
    from rivya.kit.tracing import configure_tracing
    from rivya.serve import serve as run

    settings = settings_for(data_dir, port=port, host=host)
    if settings.database_url is None:
        fail("set RIVYA_DATABASE_URL, or use `rivya up`, which starts a database")
    configure_logging(format=settings.log_format, level=settings.log_level)
    configure_tracing("rivya api")
    _stop_with_parent()
    run(settings, settings.database_url, fd=fd)


@app.command()
def worker(data_dir: DataDir = None) -> None:
    """Work on tasks in this process; needs RIVYA_DATABASE_URL."""
    import uvloop

    from rivya.kit.telemetry import configure_logging
    from rivya.kit.tracing import configure_tracing, stop_tracing
    from rivya.worker import work

    settings = settings_for(data_dir)
    if settings.database_url is None:
        fail("set RIVYA_DATABASE_URL, or use `rivya up`, which starts a database")
    configure_logging(format=settings.log_format, level=settings.log_level)
    configure_tracing("rivya worker")
    _stop_with_parent()
    try:
        uvloop.run(work(settings, settings.database_url))
    finally:
        stop_tracing()


@app.command()
def migrate(data_dir: DataDir = None) -> None:
    """Bring the database to this version's shape."""
    import asyncio

    from rivya.database import migrate as run

    settings = settings_for(data_dir)
    if settings.database_url is None:
        fail("set RIVYA_DATABASE_URL; the embedded database is migrated by `rivya up`")
    with in_reach():
        applied = asyncio.run(run(settings.database_url))
    for migration in applied:
        typer.echo(f"applied {migration.number:04d}_{migration.name}")
    typer.echo("The database is up to date.")


@app.command()
def demo() -> None:
    """Start Rivya, make one of everything through its API, check the books, and stop."""
    from rivya.demo.run import demo_command

    raise typer.Exit(demo_command())


@app.command()
def trace(
    of: Annotated[str, typer.Argument(metavar="ID", help="The id of a request (X-Request-Id) or of a task.")],
) -> None:
    """Say which trace is about a request or a task."""
    from rivya.kit.ids import is_id, number_of

    if not any(is_id(prefix, of) for prefix in ("req", "task", "evt")):
        fail("an id looks like req_... or task_..., and has 26 characters after that")
    typer.echo(f"{number_of(of):032x}")


def _stop_with_parent() -> None:
    if (fd := os.environ.get("RIVYA_PARENT_FD")) is not None:
        from rivya.kit.parent import stop_with_parent

        stop_with_parent(int(fd))


def _add_groups() -> None:
    from rivya.accounts.commands import app as accounts
    from rivya.admin.commands import show_audit
    from rivya.catalog.commands import app as catalog
    from rivya.engines.commands import app as engines
    from rivya.keys.commands import app as keys
    from rivya.providers.commands import app as providers
    from rivya.switches.commands import app as api
    from rivya.wallet.commands import app as credits
    from rivya.webhooks.commands import app as webhooks

    app.add_typer(accounts, name="accounts")
    app.add_typer(keys, name="keys")
    app.add_typer(credits, name="credits")
    app.add_typer(engines, name="engines")
    app.add_typer(catalog, name="catalog")
    app.add_typer(providers, name="providers")
    app.add_typer(api, name="api")
    app.add_typer(webhooks, name="webhooks")
    app.command("audit")(show_audit)


def main() -> None:
    """Run the command line. What only the operator can put right is said in one line, exit 1."""
    _add_groups()
    try:
        app()
    except OperatorError as error:
        sys.exit(f"rivya: {error}")
