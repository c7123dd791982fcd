"""Imports go one way, down this table, and never in a circle."""

from __future__ import annotations

import ast
import graphlib
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.house_rules.source import PACKAGE, files

LAYERS = [
    {"kit", "migrations"},
    {"errors", "settings", "metrics"},
    {"wallet", "keys", "catalog", "files", "engines", "queue.schema", "operation", "methods"},
    {"accounts", "notifications", "providers", "http", "database"},
    {"etag"},
    {"generations", "chat", "installation", "operator", "switches"},
    {"webhooks"},
    {"admin"},
    {"queue", "openapi"},
    {"web", "routes", "commands"},
    {"app", "worker", "supervisor", "protocol"},
    {"serve", "up", "demo"},
    {"cli"},
    {"__main__"},
]
"""From the bottom up. A room may import itself and what is below it; a longer name goes before a shorter one."""

DOORS = {"routes", "commands"}
"""Each room's own way in, from HTTP and from the command line: these stand above all rooms."""

FREE_TO_ALL = {"rivya"}
"""The package itself, which only knows its version."""

HEIGHTS = {room: height for height, layer in enumerate(LAYERS) for room in layer}


@dataclass(frozen=True)
class Place:
    room: str
    height: int


def place_of(module: str) -> Place | None:
    """Return where a module belongs (``rivya.wallet.model``: in ``wallet``); None if it is in no layer."""
    parts = module.split(".")[1:]
    if len(parts) == 2 and parts[1] in DOORS and parts[0] in HEIGHTS:
        return Place(".".join(parts), HEIGHTS[parts[1]])
    for length in range(len(parts), 0, -1):
        if (room := ".".join(parts[:length])) in HEIGHTS:
            return Place(room, HEIGHTS[room])
    return None


def name_of(path: Path) -> str:
    parts = ["rivya", *path.relative_to(PACKAGE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules() -> dict[str, str]:
    """Return the source of each of the package's modules by name."""
    return {name_of(path): path.read_text("utf-8") for path in files(".py")}


def imports(name: str, source: str, known: set[str]) -> set[str]:
    """Return the modules of the package that a module imports, wherever in it the import stands."""
    is_package = any(other.startswith(f"{name}.") for other in known)
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = name.split(".")[: len(name.split(".")) - node.level + is_package]
                base = ".".join([*parents, *([node.module] if node.module else [])])
            for alias in node.names:
                deeper = f"{base}.{alias.name}"
                found.add(deeper if deeper in known else base)
    return {other for other in found if other.split(".")[0] == "rivya" and other != name}


def wrong_imports(sources: dict[str, str]) -> list[str]:
    """Return each import that goes up, or across to a room of the same layer."""
    wrong: list[str] = []
    for name, source in sources.items():
        for other in sorted(imports(name, source, set(sources)) - FREE_TO_ALL):
            here, there = place_of(name), place_of(other)
            allowed = here and there and (here.room == there.room or there.height < here.height)
            if not allowed:
                wrong.append(f"{name} imports {other}")
    return wrong


def circle(sources: dict[str, str]) -> list[str]:
    """Return the modules of one circle of imports; empty if there is none."""
    graph = {name: imports(name, source, set(sources)) for name, source in sources.items()}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


def test_every_module_has_a_layer() -> None:
    assert [name for name in modules() if place_of(name) is None and name not in FREE_TO_ALL] == []


def test_imports_go_down() -> None:
    assert wrong_imports(modules()) == []


def test_no_imports_go_round_in_a_circle() -> None:
    assert circle(modules()) == []


GOOD = {
    "rivya": "__version__ = '1'",
    "rivya.kit.ids": "import os",
    "rivya.kit.db": "from rivya.kit import ids",
    "rivya.errors": "",
    "rivya.wallet.model": "from rivya.errors import NotFound",
    "rivya.wallet.service": "import asyncpg\nfrom rivya.wallet.model import Balance\nfrom rivya import __version__",
    "rivya.queue.schema": "from rivya.kit.db import Pool",
    "rivya.generations.accept": "from rivya.wallet import service",
    "rivya.generations.routes": "from rivya.generations.accept import accept",
    "rivya.queue.janitors.lapse": "from rivya.wallet import service\nfrom rivya.generations import accept",
    "rivya.wallet.commands": "from rivya.wallet import service\nfrom rivya.errors import NotFound",
    "rivya.app": "def build():\n    from rivya.generations import routes",
}


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("rivya.kit.ids", "from rivya.wallet import service"),
        ("rivya.kit.ids", "import rivya.wallet.model"),
        ("rivya.kit.ids", "from rivya.errors import NotFound"),
        ("rivya.kit.ids", "def now():\n    from rivya.wallet.model import Balance"),
        ("rivya.kit.ids", "if TYPE_CHECKING:\n    from rivya.wallet.model import Balance"),
        ("rivya.kit.ids", "from ..wallet import model"),
        ("rivya.kit.ids", "from rivya import errors"),
        ("rivya.errors", "from rivya.wallet import model"),
        ("rivya.wallet.model", "from rivya.queue import schema"),
        ("rivya.wallet.model", "from rivya.generations.accept import accept"),
        ("rivya.queue.schema", "from rivya.queue.janitors import lapse"),
        ("rivya.wallet.service", "from rivya.wallet import commands"),
        ("rivya.wallet.commands", "from rivya.generations import routes"),
        ("rivya.generations.accept", "from rivya.app import build"),
        ("rivya.generations.accept", "from rivya.attic import ghost"),
    ],
)
def test_an_import_that_goes_up_or_across_is_found(module: str, line: str) -> None:
    assert wrong_imports(GOOD) == []
    (found,) = wrong_imports({**GOOD, module: line})
    assert found.startswith(f"{module} imports rivya.")


def test_a_circle_within_one_room_is_found() -> None:
    assert circle(GOOD) == []
    assert set(circle(GOOD | {"rivya.wallet.model": "from . import service"})) == {
        "rivya.wallet.model",
        "rivya.wallet.service",
    }


def test_a_relative_import_in_a_package_starts_from_the_package() -> None:
    known = {"rivya.kit", "rivya.kit.ids", "rivya.kit.db"}
    assert imports("rivya.kit", "from . import ids", known) == {"rivya.kit.ids"}
    assert imports("rivya.kit.db", "from .ids import new_id", known) == {"rivya.kit.ids"}
