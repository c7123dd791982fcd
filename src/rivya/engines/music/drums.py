"""Drum patterns, a sixteenth a character: ``X`` loud, ``x`` plain, ``o`` faint, ``.`` silent. Pure."""

from __future__ import annotations

import random
from collections.abc import Mapping

from rivya.engines.music.orchestra import (
    CLAP,
    CLOSED_HAT,
    CRASH,
    HIGH_TOM,
    KICK,
    LOW_TOM,
    MID_TOM,
    OPEN_HAT,
    RIDE,
    RIM,
    SHAKER,
    SNARE,
)
from rivya.engines.music.score import Note

_LOUDNESS = {"X": 112, "x": 90, "o": 52}
_BUSY_FROM = 0.55
"""The intensity from which kick and snare play; below it only what keeps the time."""
_TIMEKEEPERS = {CLOSED_HAT, OPEN_HAT, RIDE, SHAKER}

PATTERNS: Mapping[str, tuple[dict[int, str], ...]] = {
    "rock": (
        {KICK: "X.......x.x.....", SNARE: "....X.......X...", CLOSED_HAT: "X.x.X.x.X.x.X.x."},
        {KICK: "X..x....x.x.....", SNARE: "....X.......X..o",
         CLOSED_HAT: "X.x.X.x.X.x.x...", OPEN_HAT: "..............x."},
    ),
    "pop": (
        {KICK: "X.....x.X.......", SNARE: "....X.......X...",
         CLOSED_HAT: "x.x.x.x.x.x.x.x.", SHAKER: "oxoxoxoxoxoxoxox"},
        {KICK: "X.....x.X..x....", SNARE: "....X.......X...",
         CLOSED_HAT: "x.x.x.x.x.x.x.xo", SHAKER: "oxoxoxoxoxoxoxox"},
    ),
    "four": (
        {KICK: "X...X...X...X...", CLAP: "....x.......x...",
         OPEN_HAT: "..x...x...x...x.", CLOSED_HAT: "x..xx..xx..xx..x"},
        {KICK: "X...X...X...X.x.", CLAP: "....x.......x..o", OPEN_HAT: "..x...x...x...x.", SHAKER: "xoxoxoxoxoxoxoxo"},
    ),
    "swing": (
        {RIDE: "x...x.x.x...x.x.", CLOSED_HAT: "....x.......x...", KICK: "o.......o.......", SNARE: "..........o....."},
        {RIDE: "x...x.x.x...x.x.", CLOSED_HAT: "....x.......x...", KICK: "o.....o.........", SNARE: "......o.......o."},
    ),
    "hop": (
        {KICK: "X.....x..xx.....", SNARE: "....X.......X...", CLOSED_HAT: "x.x.x.xox.x.x.x."},
        {KICK: "X.........x..x..", SNARE: "....X.......X..o", CLOSED_HAT: "x.x.xox.x.x.x.xo"},
    ),
    "halftime": (
        {KICK: "X.....x.........", SNARE: "........X.......", CLOSED_HAT: "x.x.x.x.x.x.xxxx"},
        {KICK: "X..x......x.....", SNARE: "........X.......",
         CLOSED_HAT: "x.xxx.x.x.x.x.x.", OPEN_HAT: "..............x."},
    ),
    "march": (
        {KICK: "X.......X.......", LOW_TOM: "X...x...X..xx...", SNARE: "x.oox.oox.oox.xx"},
        {KICK: "X.......X...x...", LOW_TOM: "X..xx...X..xx.x.", SNARE: "x.oox.oox.ooxxxx"},
    ),
    "latin": (
        {KICK: "X..x..x.X..x..x.", RIM: "x..x..x...x.x...", SHAKER: "xoxoxoxoxoxoxoxo", MID_TOM: "............x.x."},
        {KICK: "X..x..x.X..x..x.", RIM: "..x.x...x..x..x.", SHAKER: "xoxoxoxoxoxoxoxo", HIGH_TOM: "......x.......x."},
    ),
    "soft": (
        {KICK: "x.......x.......", RIM: "....x.......x...", SHAKER: "x.o.x.o.x.o.x.o."},
        {KICK: "x.....o.x.......", RIM: "....x.......x.o.", SHAKER: "x.o.x.o.x.o.xoo."},
    ),
    "waltz": (
        {KICK: "x...........", RIM: "....o...o...", RIDE: "x...x...x.x."},
        {KICK: "x...........", RIM: "....o...o.o.", RIDE: "x...x...x..."},
    ),
}  # fmt: skip

_FILLS: Mapping[int, tuple[dict[int, str], ...]] = {
    4: (
        {SNARE: "........x.xxxxxX", KICK: "X...x..........."},
        {HIGH_TOM: "........xx......", MID_TOM: "..........xx....",
         LOW_TOM: "............xxX.", KICK: "X...X..........."},
    ),
    3: ({SNARE: "......x.xxxX", KICK: "X..........."},),
}  # fmt: skip


def bar(pattern: str, start: float, *, metre: int, intensity: float, number: int, dice: random.Random) -> list[Note]:
    """Return one bar of a pattern; every other bar is its variation."""
    lines = PATTERNS[pattern][number % 2]
    if intensity < _BUSY_FROM:
        lines = {drum: line for drum, line in lines.items() if drum in _TIMEKEEPERS}
    return _notes(lines, start, metre, intensity, dice)


def fill(start: float, *, metre: int, intensity: float, dice: random.Random) -> list[Note]:
    """Return the bar that leads into the next section."""
    return _notes(dice.choice(_FILLS[metre]), start, metre, intensity, dice)


def crash(start: float, intensity: float) -> Note:
    return Note(start, 2.0, CRASH, round(60 + 45 * min(intensity, 1.0)))


def _notes(lines: Mapping[int, str], start: float, metre: int, intensity: float, dice: random.Random) -> list[Note]:
    """A line that was written for four beats is cut for three."""
    softer = 0.7 + 0.3 * min(intensity, 1.0)
    return [
        Note(start + step / 4, 0.24, drum, min(127, max(1, round(_LOUDNESS[mark] * softer) + dice.randint(-5, 5))))
        for drum, line in lines.items()
        for step, mark in enumerate(line[: metre * 4])
        if mark in _LOUDNESS
    ]
