"""From a prompt to what is to be played: key, scale, tempo, mood, metre, instruments and form. Pure.

The rules read words. They are easy to follow and to correct, and they are right about the words they know.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from rivya.engines.music.orchestra import Voice
from rivya.engines.music.styles import MOOD_WORDS, STYLE_WORDS, STYLES, TEMPO_WORDS, VOICE_WORDS, Style

Key = TypeVar("Key")

SCALES: Mapping[str, tuple[int, ...]] = {
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "major": (0, 2, 4, 5, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
}
"""From the brightest to the darkest."""

_TAIL_S = 1.6
"""Kept after the last bar for the sound to die away."""
_NOTES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_KEY_WORDS = re.compile(
    r"\b(?:in|key of)\s+([a-g])(?:\s*|-)(#|sharp|b|flat)?\s*(major|minor|dorian|lydian|phrygian|mixolydian)\b"
)
_BPM_WORDS = re.compile(r"\b(\d{2,3})\s*bpm\b")
_SLOWEST, _FASTEST = 48, 184


@dataclass(frozen=True, slots=True)
class Section:
    """Some bars of one kind. ``intensity`` is 0 to 1; ``theme`` says whose melody it has, none if empty."""

    name: str
    bars: int
    intensity: float
    theme: str


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    style_name: str
    style: Style
    tonic: int
    """0 is C."""
    scale_name: str
    tempo: float
    metre: int
    brightness: float
    energy: float
    lead: Voice
    chords: Voice
    bass: Voice
    pad: Voice | None
    drums: bool
    sections: tuple[Section, ...]

    @property
    def scale(self) -> tuple[int, ...]:
        return SCALES[self.scale_name]

    @property
    def bars(self) -> int:
        return sum(section.bars for section in self.sections)


def plan(prompt: str, *, duration_s: float, seed: int | None) -> Plan:
    """Return what to play. The same arguments always give the same plan; without a seed the prompt gives it."""
    words = " ".join(prompt.lower().split())
    if seed is None:
        seed = int.from_bytes(hashlib.sha256(words.encode()).digest()[:4], "big")
    dice = dice_of(seed, "plan")
    style_name = _first(STYLE_WORDS, words) or dice.choice(("pop", "classical", "lofi", "folk", "piano"))
    style = STYLES[style_name]
    brightness, energy = _mood(words, style)
    metre = 3 if re.search(r"\bwaltz|\b3/4\b", words) else style.metre
    wanted = _tempo(words, style, energy, dice)
    sections, tempo = _form(duration_s, wanted, metre, energy)
    tonic, scale_name = _key(words, brightness, dice)
    named = [voice for voice, pattern in VOICE_WORDS.items() if _found(pattern, words)]
    lead = _pick(style.lead, named, dice)
    return Plan(
        seed=seed,
        style_name=style_name,
        style=style,
        tonic=tonic,
        scale_name=scale_name,
        tempo=tempo,
        metre=metre,
        brightness=brightness,
        energy=energy,
        lead=lead,
        chords=_pick(style.chords, [voice for voice in named if voice is not lead], dice),
        bass=dice.choice(style.bass),
        pad=style.pad or next((voice for voice in (Voice.CHOIR, Voice.STRINGS, Voice.PAD) if voice in named), None),
        drums=style.drum_pattern != "none" and not _no_drums(words),
        sections=sections,
    )


def dice_of(seed: int, *what: object) -> random.Random:
    """Return dice for one purpose, so that a change in one part of a piece leaves the others as they were."""
    return random.Random(f"{seed} {what}")  # noqa: S311 - music, not secrets


def _mood(words: str, style: Style) -> tuple[float, float]:
    moves = [move for pattern, move in MOOD_WORDS.items() if _found(pattern, words)]
    if not moves:
        return style.brightness, style.energy
    bright = sum(move[0] for move in moves) / len(moves)
    energy = sum(move[1] for move in moves) / len(moves)
    return _within(0.5 * style.brightness + 0.7 * bright), _within(0.5 * style.energy + 0.6 * energy)


def _tempo(words: str, style: Style, energy: float, dice: random.Random) -> float:
    if (found := _BPM_WORDS.search(words)) is not None:
        return min(max(float(found[1]), _SLOWEST), _FASTEST)
    low, high = style.tempo
    tempo = low + (high - low) * min(max(0.5 + 0.4 * (energy - style.energy) + dice.uniform(-0.2, 0.2), 0.0), 1.0)
    for pattern, factor in TEMPO_WORDS.items():
        if _found(pattern, words):
            tempo *= factor
    return min(max(tempo, _SLOWEST), _FASTEST)


def _key(words: str, brightness: float, dice: random.Random) -> tuple[int, str]:
    if (found := _KEY_WORDS.search(words)) is not None:
        step = {"#": 1, "sharp": 1, "b": -1, "flat": -1}.get(found[2] or "", 0)
        return (_NOTES[found[1]] + step) % 12, found[3]
    tonic = dice.choice((0, 2, 3, 4, 5, 7, 9, 10))
    if brightness > 0.35:
        return tonic, dice.choice(("major", "major", "major", "lydian"))
    if brightness > 0.0:
        return tonic, dice.choice(("major", "mixolydian", "dorian"))
    if brightness > -0.5:
        return tonic, dice.choice(("minor", "dorian", "minor"))
    return tonic, dice.choice(("minor", "harmonic minor", "phrygian"))


def _form(duration_s: float, tempo: float, metre: int, energy: float) -> tuple[tuple[Section, ...], float]:
    """Return sections that fill the time exactly, and the tempo, a few parts in a hundred from the wanted one."""
    playing_s = max(duration_s - _TAIL_S, duration_s * 0.7)
    bars = max(2, round(playing_s * tempo / 60 / metre))
    exact = bars * metre * 60 / playing_s
    return tuple(_sections(bars, 0.12 * energy)), exact


def _sections(bars: int, lift: float) -> list[Section]:
    """Divide the bars: a beginning, a theme, its answer, the theme again and higher, an end."""
    if bars <= 4:
        return [Section("theme", bars, 0.7 + lift, "a")]
    intro = end = 4 if bars >= 28 else 2
    left = bars - intro - end
    first = min(left, 4 if left < 20 else 8)
    climax = max(min(first, left - first), left - first - 8)
    wanted = [
        Section("intro", intro, 0.35 + lift, ""),
        Section("theme", first, 0.65 + lift, "a"),
        Section("answer", left - first - climax, 0.6 + lift, "b"),
        Section("climax", climax, 0.9 + lift, "a"),
        Section("end", end, 0.45 + lift, "a"),
    ]
    return [section for section in wanted if section.bars > 0]


def _pick(choices: tuple[Voice, ...], named: list[Voice], dice: random.Random) -> Voice:
    """Return the instrument that the prompt names, or else one of the style's."""
    both = [voice for voice in named if voice in choices]
    return (both or named or [dice.choice(choices)])[0]


def _first(patterns: Mapping[Key, str], words: str) -> Key | None:
    """Return the key whose pattern is found first in the words."""
    places = {key: found.start() for key, pattern in patterns.items() if (found := _search(pattern, words))}
    return min(places, key=lambda key: places[key]) if places else None


def _found(pattern: str, words: str) -> bool:
    return _search(pattern, words) is not None


def _search(pattern: str, words: str) -> re.Match[str] | None:
    return re.search(rf"\b(?:{pattern})(?!\w)", words)


def _no_drums(words: str) -> bool:
    return re.search(r"\b(?:no|without)(?: any)? (?:drums?|percussion|beats?)\b|\bdrumless\b", words) is not None


def _within(value: float) -> float:
    return min(max(value, -1.0), 1.0)
