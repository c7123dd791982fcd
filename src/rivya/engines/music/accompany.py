"""What chords and bass play in a bar, by pattern. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rivya.engines.music.harmony import Chord, Voicing
from rivya.engines.music.score import Note
from rivya.engines.music.styles import Bass, Chords

_LOWEST_BASS = 33


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar as the players see it. ``following`` is the chord after it."""

    start: float
    metre: int
    chord: Chord
    following: Chord
    voicing: Voicing
    intensity: float


def chords(pattern: Chords, bar: Bar, dice: random.Random) -> list[Note]:
    loud = round(48 + 40 * bar.intensity)
    return [
        Note(bar.start + start, length, pitch, _touched(loud + accent, dice))
        for start, length, pitch, accent in _CHORDS[pattern](bar, dice)
        if start < bar.metre
    ]


def bass(pattern: Bass, bar: Bar, dice: random.Random) -> list[Note]:
    loud = round(62 + 36 * bar.intensity)
    return [
        Note(bar.start + start, length, pitch, _touched(loud, dice))
        for start, length, pitch in _BASSES[pattern](bar, dice)
        if start < bar.metre
    ]


def pad(bar: Bar) -> list[Note]:
    loud = round(46 + 34 * bar.intensity)
    return [Note(bar.start, bar.metre * 0.99, pitch, loud) for pitch in bar.voicing]


Struck = tuple[float, float, int, int]
Plucked = tuple[float, float, int]


def _block(bar: Bar, starts: Sequence[float], length: float) -> list[Struck]:
    """Strike the chord at each of the starts; the first beat of the bar is the strongest."""
    return [(start, length, pitch, 6 if start == 0 else 0) for start in starts for pitch in bar.voicing]


def _hold(bar: Bar, _: random.Random) -> list[Struck]:
    return _block(bar, [0.0], bar.metre * 0.97)


def _broken(bar: Bar, _: random.Random) -> list[Struck]:
    """Up and down again in eighths; each note rings on under the next."""
    up = list(bar.voicing)
    order = [*up, up[-1] + 12 - (up[-1] - up[0]) % 12 if len(up) == 3 else up[-2], *reversed(up[1:])]
    step = 0.5 if bar.intensity > 0.3 else 1.0
    count = int(bar.metre / step)
    return [(i * step, step * 2.2, order[i % len(order)], 6 if i == 0 else -4 * (i % 2)) for i in range(count)]


def _stabs(bar: Bar, dice: random.Random) -> list[Struck]:
    starts = dice.choice(((0.5, 1.5, 2.5, 3.5), (0.0, 1.5, 2.5), (0.0, 0.75, 1.5, 2.75)))
    return _block(bar, starts, 0.32)


def _strum(bar: Bar, dice: random.Random) -> list[Struck]:
    """Down on the beats, up between them, string after string."""
    strokes = [(0.0, True), (1.0, True), (1.5, False), (2.5, False), (3.0, True)]
    if bar.intensity > 0.7:
        strokes.append((3.5, False))
    struck: list[Struck] = []
    for start, down in strokes:
        strings = bar.voicing if down else tuple(reversed(bar.voicing[1:]))
        struck += [(start + 0.025 * i, 0.9, pitch, 4 if down else -10) for i, pitch in enumerate(strings)]
    return struck


def _waltz(bar: Bar, _: random.Random) -> list[Struck]:
    return _block(bar, [1.0, 2.0], 0.6)


def _comp(bar: Bar, dice: random.Random) -> list[Struck]:
    """The short answers of a jazz pianist."""
    starts = dice.choice(((0.0, 1.5), (0.5, 2.0), (1.5, 3.5), (0.0, 2.5), (0.0, 1.5, 3.0)))
    return _block(bar, starts, dice.choice((0.4, 0.9)))


def _pulse(bar: Bar, _: random.Random) -> list[Struck]:
    return [
        (i / 2, 0.42, pitch, 8 if i % 4 == 0 else -6 * (i % 2)) for i in range(bar.metre * 2) for pitch in bar.voicing
    ]


def _low(tone: int) -> int:
    return _LOWEST_BASS + (tone - _LOWEST_BASS) % 12


def _fifth(bar: Bar) -> int:
    return _low(bar.chord.root) + (bar.chord.tones[2] - bar.chord.root) % 12


def _root(bar: Bar, _: random.Random) -> list[Plucked]:
    if bar.intensity > 0.6 and bar.metre == 4:
        return [(0.0, 2.4, _low(bar.chord.root)), (2.5, 1.4, _fifth(bar))]
    return [(0.0, bar.metre * 0.95, _low(bar.chord.root))]


def _eighths(bar: Bar, _: random.Random) -> list[Plucked]:
    step = 0.5 if bar.intensity > 0.5 else 1.0
    return [(i * step, step * 0.9, _low(bar.chord.root)) for i in range(int(bar.metre / step))]


def _walk(bar: Bar, dice: random.Random) -> list[Plucked]:
    """A quarter a beat: root, tones of the chord, and a half step away from the next root."""
    root, fifth = _low(bar.chord.root), _fifth(bar)
    third = root + (bar.chord.tones[1] - root) % 12
    following = _low(bar.following.root)
    near = following + (1 if following < fifth else -1)
    middle = dice.choice(((third, fifth), (fifth, third), (third, fifth + 2), (root + 12, fifth)))
    return [(0.0, 0.9, root), (1.0, 0.9, middle[0]), (2.0, 0.9, middle[1]), (bar.metre - 1.0, 0.9, near)]


def _octaves(bar: Bar, _: random.Random) -> list[Plucked]:
    root = _low(bar.chord.root)
    return [(i / 2, 0.42, root + 12 * (i % 2)) for i in range(bar.metre * 2)]


def _drone(bar: Bar, _: random.Random) -> list[Plucked]:
    return [(0.0, bar.metre * 1.0, _low(bar.chord.root))]


def _two(bar: Bar, _: random.Random) -> list[Plucked]:
    return [(0.0, 0.95, _low(bar.chord.root)), (2.0, 0.95, _fifth(bar))]


def _bounce(bar: Bar, dice: random.Random) -> list[Plucked]:
    root, fifth = _low(bar.chord.root), _fifth(bar)
    return dice.choice(
        (
            [(0.0, 0.7, root), (0.75, 0.2, root), (1.5, 0.45, fifth), (2.5, 0.45, root), (3.5, 0.4, root + 12)],
            [(0.0, 1.2, root), (1.5, 0.4, root), (2.75, 0.6, fifth), (3.5, 0.4, root)],
        )
    )


_CHORDS: dict[Chords, Callable[[Bar, random.Random], list[Struck]]] = {
    "hold": _hold,
    "broken": _broken,
    "stabs": _stabs,
    "strum": _strum,
    "waltz": _waltz,
    "comp": _comp,
    "pulse": _pulse,
}
_BASSES: dict[Bass, Callable[[Bar, random.Random], list[Plucked]]] = {
    "root": _root,
    "pulse": _eighths,
    "walk": _walk,
    "octaves": _octaves,
    "drone": _drone,
    "two": _two,
    "bounce": _bounce,
}


def _touched(loud: int, dice: random.Random) -> int:
    return min(127, max(1, loud + dice.randint(-4, 4)))
