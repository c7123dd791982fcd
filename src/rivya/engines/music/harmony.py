"""Chords: which follow which, and how the voices move from one to the next. Pure."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Voicing = tuple[int, ...]

_PROGRESSIONS: Mapping[str, tuple[tuple[int, ...], ...]] = {
    "bright": ((0, 4, 5, 3), (0, 3, 4, 3), (0, 5, 3, 4), (0, 2, 3, 4), (3, 0, 4, 5)),
    "plain": ((0, 5, 1, 4), (0, 3, 0, 4), (0, 1, 3, 4), (5, 3, 0, 4)),
    "dark": ((0, 5, 2, 6), (0, 3, 5, 4), (0, 6, 5, 6), (0, 5, 3, 4), (0, 2, 6, 3)),
    "jazz": ((1, 4, 0, 5), (0, 5, 1, 4), (3, 6, 2, 5), (0, 3, 1, 4)),
}
"""Degrees of the scale, counted from 0: the roots of the chords."""

_MODAL: Mapping[str, tuple[tuple[int, ...], ...]] = {
    "lydian": ((0, 1, 0, 4), (0, 1, 4, 5)),
    "mixolydian": ((0, 6, 3, 0), (0, 3, 6, 0)),
    "dorian": ((0, 3, 0, 6), (0, 3, 6, 3)),
    "phrygian": ((0, 1, 0, 6), (0, 1, 6, 0)),
}
"""What makes these scales sound like themselves."""

_LOW, _HIGH = 52, 76
_WIDEST = 16


@dataclass(frozen=True, slots=True)
class Chord:
    """``root`` and ``tones`` are pitch classes (0 is C); the root is the first of the tones."""

    degree: int
    tones: tuple[int, ...]

    @property
    def root(self) -> int:
        return self.tones[0]


def progression(scale_name: str, brightness: float, *, jazz: bool, dice: random.Random) -> tuple[int, ...]:
    """Return four degrees that go round."""
    if scale_name in _MODAL and not jazz and dice.random() < 0.6:
        return dice.choice(_MODAL[scale_name])
    if jazz and brightness > -0.3:
        return dice.choice(_PROGRESSIONS["jazz"])
    kind = "bright" if brightness > 0.35 else "plain" if brightness > 0.0 else "dark"
    return dice.choice(_PROGRESSIONS[kind])


def chord(degree: int, tonic: int, scale: Sequence[int], *, seventh: bool) -> Chord:
    """Stack thirds of the scale on a degree of it."""
    steps = (0, 2, 4, 6) if seventh else (0, 2, 4)
    return Chord(degree, tuple((tonic + scale[(degree + step) % len(scale)]) % 12 for step in steps))


def lead_voices(chords: Sequence[Chord]) -> list[Voicing]:
    """Return each chord's notes, low to high, so that every voice moves as little as it can.

    Outer voices that move in parallel octaves or fifths, and gaps wider than an octave, are avoided where possible.
    """
    voicings: list[Voicing] = []
    for each in chords:
        before = voicings[-1] if voicings else None
        voicings.append(min(_voicings(each), key=lambda voicing: (_effort(before, voicing), voicing)))
    return voicings


def _voicings(each: Chord) -> list[Voicing]:
    places = [[note for note in range(_LOW, _HIGH + 1) if note % 12 == tone] for tone in each.tones]
    found = {tuple(sorted(notes)) for notes in itertools.product(*places)}
    return [notes for notes in found if notes[-1] - notes[0] <= _WIDEST]


def _effort(before: Voicing | None, after: Voicing) -> float:
    crowding = sum(3.0 for low, high in itertools.pairwise(after) if high - low < 2)
    gaps = sum(2.0 for low, high in itertools.pairwise(after) if high - low > 9)
    if before is None:
        return abs(sum(after) / len(after) - 64) + crowding + gaps
    paired = zip(before[-len(after) :], after[-len(before) :], strict=True)
    moved = sum(abs(later - earlier) for earlier, later in paired)
    drift = 0.3 * abs(sum(after) / len(after) - 64)
    return moved + drift + crowding + gaps + (6.0 if _parallel(before, after) else 0.0)


def _parallel(before: Voicing, after: Voicing) -> bool:
    """Return True if the outer voices move the same way from one fifth or octave to another."""
    outer = (before[-1] - before[0]) % 12, (after[-1] - after[0]) % 12
    moved = after[0] != before[0] and (after[0] > before[0]) == (after[-1] > before[-1])
    return moved and outer[0] == outer[1] and outer[0] in (0, 7)
