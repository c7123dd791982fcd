"""What a prompt means, as data: everything the drawing code needs and nothing it has to guess."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Wish:
    """A subject asked for."""

    noun: str
    count: int = 1
    scale: float = 1.0
    tint: str | None = None
    air: bool = False
    """It flies, whatever its kind usually does."""


@dataclass(frozen=True, slots=True)
class Scene:
    kind: str
    """The backdrop, one of ``KINDS``."""
    time: str = "day"
    weather: str = "clear"
    season: str = "summer"
    subjects: tuple[Wish, ...] = ()
    palette: str | None = None
    extras: frozenset[str] = field(default_factory=frozenset[str])
    seed: int = 0
    close: bool = False
    """The subject fills the frame."""
    words: tuple[float, ...] = ()
    """A few numbers of the prompt's embedding, for choices that have no word."""


KINDS = (
    "meadow", "mountains", "forest", "jungle", "desert", "canyon", "sea", "lake", "river", "beach", "island", "city",
    "street", "village",
    "snow", "sky", "space", "moon", "mars", "underwater", "room", "table", "studio", "portrait", "abstract",
    "pattern", "icon", "garden", "field", "road",
)  # fmt: skip
