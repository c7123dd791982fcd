"""The things rivya-sketch can draw: how large they are, where they belong and what people call them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

VENDOR = Path(__file__).parent / "vendor"


@dataclass(frozen=True, slots=True)
class Noun:
    id: str
    height_m: float
    kind: str
    """animal, head, bust, face, person, vehicle, building, mountain, plant, sea plant, boat, float, fish, air,
    food or thing."""
    names: tuple[str, ...]


@cache
def nouns() -> dict[str, Noun]:
    """Every noun by id, from ``vendor/nouns.tsv``."""
    found: dict[str, Noun] = {}
    for line in (VENDOR / "nouns.tsv").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        name, height, kind, others = line.split("\t")
        names = (name.replace("-", " "), *(o for o in others.split(",") if o))
        found[name] = Noun(name, float(height), kind, names)
    return found


@cache
def labels() -> tuple[str, ...]:
    """Every name, in the order in which ``vendor/nouns.npy`` holds their vectors."""
    return tuple(sorted(by_name()))


@cache
def by_name() -> dict[str, str]:
    """Name to noun id; a noun's own id wins over another noun's other name."""
    found: dict[str, str] = {}
    for noun in nouns().values():
        for name in noun.names[1:]:
            found.setdefault(name, noun.id)
    for noun in nouns().values():
        found[noun.names[0]] = noun.id
    return found
