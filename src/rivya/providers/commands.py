"""``rivya providers``."""

from __future__ import annotations

from collections import defaultdict

import typer
from rich.console import Console
from rich.table import Column, Table

from rivya.engines.registry import ENGINES
from rivya.operator import DataDir, run, settings_for
from rivya.providers.routing import ProvidersFile, Route, Routing, load, name_of
from rivya.queue.served import announced

app = typer.Typer(help="Who answers for the models.", no_args_is_help=True)


@app.command()
def status(data_dir: DataDir = None) -> None:
    """Show each route, the workers that serve it now, and those that leave it alone because it kept failing."""
    settings = settings_for(data_dir)
    file = load(settings.providers_file, with_scripted=settings.scripted_models)
    routing = Routing(file.routes, allow_stand_ins=settings.allows_stand_ins, serves=lambda _: True)
    routes: dict[str, list[Route]] = defaultdict(list)
    for route in routing.all():
        routes[name_of(route)].append(route)
    workers = run(data_dir, announced)
    table = Table(Column("route", no_wrap=True), "models", "served by", "left alone by", box=None)
    for name, same in routes.items():
        serving = [f"{worker.host}:{worker.pid}" for worker in workers if name in worker.serves]
        leaving = [f"{worker.host}:{worker.pid}" for worker in workers if name in worker.shut]
        if _is_chat(file, same[0]):
            serving = ["each API process"]
        table.add_row(name, ", ".join(route.model for route in same), ", ".join(serving) or "-", ", ".join(leaving))
    Console().print(table)


def _is_chat(file: ProvidersFile, route: Route) -> bool:
    """Return True if the processes that serve HTTP answer on the route themselves; they announce nothing."""
    kind = file.providers[route.provider].kind
    entry = ENGINES.get(route.target)
    return kind == "openai" or (kind == "engines" and entry is not None and entry.kind == "chat")
