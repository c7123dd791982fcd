"""What is played: parts of notes, in beats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    start: float
    length: float
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class Part:
    """One player. ``volume`` and ``reverb`` are 0 to 127, ``pan`` is -1 (left) to 1."""

    name: str
    program: int
    notes: Sequence[Note]
    volume: int = 90
    pan: float = 0.0
    reverb: int = 40
    drums: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    tempo: float
    beats: float
    parts: Sequence[Part]
