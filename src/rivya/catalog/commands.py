"""``rivya catalog``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from rivya.catalog.loader import BadCatalog, load
from rivya.operator import fail, settings_for

app = typer.Typer(help="The models of this installation.", no_args_is_help=True)


@app.command()
def check(
    folder: Annotated[
        Path | None, typer.Argument(help="A folder of model files; by default the one in RIVYA_CATALOG_DIR.")
    ] = None,
) -> None:
    """Say everything that is wrong with the model files, and end with exit code 1 if there is anything."""
    chosen = folder if folder is not None else settings_for(None).catalog_dir
    try:
        models = load(folder=chosen)
    except BadCatalog as error:
        for problem in error.problems:
            typer.echo(problem, err=True)
        fail(f"{len(error.problems)} {'problem' if len(error.problems) == 1 else 'problems'} in the model files")
    own = sum(1 for _ in chosen.glob("*.toml")) if chosen is not None else 0
    typer.echo(f"{len(models)} models, no problem; {own} files of your own.")


@app.command("list")
def list_command() -> None:
    """Show the models, their kinds and their prices."""
    models = load(folder=settings_for(None).catalog_dir)
    table = Table(Column("model", no_wrap=True), "name", "kind", "credits", "billing", box=None)
    for model in sorted(models.values(), key=lambda model: (model.category, model.id)):
        table.add_row(
            model.id,
            model.display_name,
            model.category,
            str(model.base_credits),
            model.billing_type,
        )
    Console().print(table)
