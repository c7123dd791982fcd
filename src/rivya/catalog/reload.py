"""The catalog of a running process: model files of the operator's folder are read again when they change."""

from __future__ import annotations

import asyncio
from collections.abc import ItemsView, Iterator, Mapping, ValuesView
from pathlib import Path

import structlog

from rivya.catalog.loader import BadCatalog, load
from rivya.catalog.model import Model

log = structlog.get_logger()

_LOOK_EVERY_S = 2.0

_Seen = frozenset[tuple[str, int, int, int]]


class Catalog:
    """Holds the models that hold now. ``models`` may be kept: it always shows them as they stand."""

    def __init__(self, *, folder: Path | None = None, with_scripted: bool = False) -> None:
        """Read all model files. Raises BadCatalog."""
        self._folder = folder
        self._with_scripted = with_scripted
        self._seen = _look(folder)
        self._live = _Live(load(folder=folder, with_scripted=with_scripted))

    @property
    def models(self) -> Mapping[str, Model]:
        return self._live

    async def watch(self, *, every_s: float = _LOOK_EVERY_S) -> None:
        """Follow the operator's folder, if there is one, until cancelled."""
        while True:
            await asyncio.sleep(every_s if self._folder is not None else 3600)
            await asyncio.to_thread(self.refresh)

    def refresh(self) -> bool:
        """Read the files again if any has changed; return True if the models are new ones.

        All of the new models take the place of all of the old ones at one moment. When a file cannot be used the old
        ones stay, and the log says why, once for each change.
        """
        seen = _look(self._folder)
        if seen == self._seen:
            return False
        self._seen = seen
        try:
            models = load(folder=self._folder, with_scripted=self._with_scripted)
        except BadCatalog as error:
            log.error("catalog.not_reloaded", folder=str(self._folder), problems=error.problems)
            return False
        before, self._live.current = self._live.current, models
        log.info(
            "catalog.reloaded",
            added=sorted(models.keys() - before.keys()),
            removed=sorted(before.keys() - models.keys()),
            changed=sorted(id for id in models.keys() & before.keys() if models[id] != before[id]),
        )
        return True


class _Live(Mapping[str, Model]):
    """The current models behind an unchanging object. A view that was taken stays as it was."""

    def __init__(self, current: Mapping[str, Model]) -> None:
        self.current = current

    def __getitem__(self, key: str) -> Model:
        return self.current[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.current)

    def __len__(self) -> int:
        return len(self.current)

    def values(self) -> ValuesView[Model]:
        return self.current.values()

    def items(self) -> ItemsView[str, Model]:
        return self.current.items()


def _look(folder: Path | None) -> _Seen:
    """Return what tells one state of a folder's model files from another without reading them."""
    if folder is None:
        return frozenset()
    found: set[tuple[str, int, int, int]] = set()
    try:
        for file in folder.glob("*.toml"):
            stat = file.stat()
            found.add((file.name, stat.st_ino, stat.st_size, stat.st_mtime_ns))
    except OSError:  # a file went while we looked: what is left tells that something changed
        found.add(("", 0, 0, 0))
    return frozenset(found)
