"""A melody out of one short motif: stated, moved to fit the next chord, varied, and brought home. Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from rivya.engines.music.harmony import Chord
from rivya.engines.music.score import Note

_RHYTHMS: dict[int, dict[str, tuple[tuple[float, ...], ...]]] = {
    4: {
        "calm": ((2, 2), (3, 1), (1.5, 0.5, 2), (1, 1, 2), (2, 1, 1)),
        "even": ((1, 1, 1, 1), (1.5, 0.5, 1, 1), (1, 0.5, 0.5, 2), (0.5, 0.5, 1, 2), (1, 1, 0.5, 0.5, 1)),
        "busy": (
            (0.5, 0.5, 0.5, 0.5, 1, 1), (0.75, 0.75, 0.5, 1, 1), (0.5, 1, 0.5, 0.5, 0.5, 1),
            (0.75, 0.75, 0.5, 0.75, 0.75, 0.5), (0.5, 0.5, 1, 0.5, 0.5, 1),
        ),
    },
    3: {
        "calm": ((3,), (2, 1), (1.5, 1.5)),
        "even": ((1, 1, 1), (2, 1), (1.5, 0.5, 1), (1, 0.5, 0.5, 1)),
        "busy": ((0.5, 0.5, 1, 1), (1, 0.5, 0.5, 0.5, 0.5), (0.5, 0.5, 0.5, 0.5, 1)),
    },
}  # fmt: skip
"""Lengths that fill a bar, by its beats."""

_SHAPES = ((0, 1, 2, 1, 0, -1), (0, 2, 1, 0, -1, 0), (0, -1, -2, -1, 1, 0), (0, 1, -1, 2, 0, 1), (0, 0, 2, 1, 3, 2))
"""Steps of the scale, away from where the bar begins."""


@dataclass(frozen=True, slots=True)
class Motif:
    lengths: tuple[float, ...]
    steps: tuple[int, ...]


def motif(metre: int, energy: float, dice: random.Random) -> Motif:
    kind = "calm" if energy < -0.35 else "even" if energy < 0.35 else "busy"
    lengths = dice.choice(_RHYTHMS[metre][kind])
    shape = dice.choice(_SHAPES)
    turned = tuple(-step for step in shape) if dice.random() < 0.3 else shape
    return Motif(lengths, turned[: len(lengths)])


def sing(
    subject: Motif,
    chords: Sequence[Chord],
    *,
    tonic: int,
    scale: Sequence[int],
    centre: int,
    metre: int,
    dice: random.Random,
) -> list[Note]:
    """Return a melody of one bar for each chord, around the note ``centre``.

    Of each four bars the first two state the motif and move it, the third develops it, and the fourth comes to rest
    on a note of its chord.
    """
    ladder = [note for note in range(centre - 14, centre + 15) if (note - tonic) % 12 in scale]
    notes: list[Note] = []
    here = centre
    for bar, chord in enumerate(chords):
        place = bar % 4
        if place == 3 or bar == len(chords) - 1:
            lengths, steps = _cadence(subject, metre)
        elif place == 2:
            lengths, steps = _developed(subject, dice)
        else:
            lengths, steps = subject.lengths, subject.steps
        start = _nearest([note for note in ladder if note % 12 in chord.tones], 0.6 * here + 0.4 * centre)
        at = float(bar * metre)
        for number, (length, step) in enumerate(zip(lengths, steps, strict=True)):
            index = min(max(ladder.index(start) + step, 0), len(ladder) - 1)
            here = ladder[index]
            if _strong(at - bar * metre, metre) or number == len(lengths) - 1:
                here = _nearest([note for note in ladder if note % 12 in chord.tones], here)
            accent = 8 if number == 0 else 0
            notes.append(Note(at, length * 0.94, here, 78 + accent + dice.randint(-5, 5)))
            at += length
    return notes


def _developed(subject: Motif, dice: random.Random) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Turn the motif upside down, or backwards, or begin it higher."""
    way = dice.randrange(3)
    if way == 0:
        return subject.lengths, tuple(-step for step in subject.steps)
    if way == 1:
        return tuple(reversed(subject.lengths)), subject.steps
    return subject.lengths, tuple(step + 2 for step in subject.steps)


def _cadence(subject: Motif, metre: int) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Begin as the motif does and end on a long note."""
    first = subject.lengths[0] if subject.lengths[0] <= metre / 2 else metre / 2
    return (first, metre - first), (1, 0)


def _strong(beat: float, metre: int) -> bool:
    return beat == 0 or (metre == 4 and beat == 2)


def _nearest(notes: Sequence[int], to: float) -> int:
    return min(notes, key=lambda note: (abs(note - to), note))
