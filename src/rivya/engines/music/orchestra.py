"""The instruments: each a preset of our own soundfont, made when the engine loads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from rivya.engines.music import waves
from rivya.engines.music.soundfont import DRUM_BANK, Envelope, Preset, Sample, Zone, soundfont
from rivya.engines.music.waves import Formants, Wave


class Voice(IntEnum):
    """An instrument, by its General MIDI program."""

    PIANO = 0
    ELECTRIC_PIANO = 4
    MUSIC_BOX = 10
    VIBRAPHONE = 11
    MARIMBA = 12
    ORGAN = 19
    GUITAR = 24
    STEEL_GUITAR = 25
    UPRIGHT_BASS = 32
    BASS_GUITAR = 33
    SYNTH_BASS = 38
    HARP = 46
    STRINGS = 48
    CHOIR = 52
    BRASS = 61
    CLARINET = 71
    FLUTE = 73
    LEAD = 81
    PAD = 89


ACOUSTIC_KIT, ELECTRONIC_KIT = 0, 25

KICK, RIM, SNARE, CLAP, CLOSED_HAT, LOW_TOM, OPEN_HAT, MID_TOM, CRASH, HIGH_TOM, RIDE, SHAKER = (
    36, 37, 38, 39, 42, 45, 46, 47, 49, 50, 51, 70
)  # fmt: skip


def orchestra() -> bytes:
    """Return the soundfont with every instrument and both drum kits: about 40 MB, always the same."""
    return soundfont("Rivya", [*_struck(), *_plucked(), *_held(), *_kits()])


def _struck() -> list[Preset]:
    number = np.arange(1.0, 25.0)
    strings = number * np.sqrt(1 + 0.0004 * number**2)
    hammered = np.abs(np.sin(np.pi * number / 7.3)) / number**1.25

    def piano(key: int) -> Wave:
        softer = np.exp(-number * max(key - 48, 0) / 180)
        rings_s = 7.0 * 2 ** (-(key - 60) / 18)
        return waves.struck(key, strings, hammered * softer, seconds=3.6, rings_s=rings_s, damping=0.16, noise=0.12)

    def bars(ratios: list[float], levels: list[float], rings_s: float, damping: float) -> Callable[[int], Wave]:
        return lambda key: waves.struck(
            key, np.array(ratios), np.array(levels), seconds=2.6, rings_s=rings_s, damping=damping, noise=0.05
        )

    def electric(key: int) -> Wave:
        return waves.modulated(key, ratio=14.0, depth=0.5, seconds=3.0, rings_s=5.0)

    return [
        _preset(Voice.PIANO, piano, range(30, 103, 6), Envelope(release_s=0.25)),
        _preset(Voice.ELECTRIC_PIANO, electric, range(36, 91, 9), Envelope(release_s=0.3)),
        _preset(
            Voice.MUSIC_BOX,
            bars([1, 2.01, 5.4, 8.9], [1, 0.3, 0.25, 0.1], 3.0, 0.5),
            range(54, 103, 8),
            Envelope(release_s=0.9),
        ),
        _preset(
            Voice.VIBRAPHONE, bars([1, 4.0, 9.9], [1, 0.22, 0.06], 5.0, 0.6), range(48, 97, 8), Envelope(release_s=0.7)
        ),
        _preset(
            Voice.MARIMBA, bars([1, 3.93, 9.2], [1, 0.3, 0.1], 1.0, 0.8), range(42, 97, 9), Envelope(release_s=0.3)
        ),
    ]


def _plucked() -> list[Preset]:
    def string(place: float, rings_s: float, brightness: float) -> Callable[[int], Wave]:
        return lambda key: waves.plucked(
            key, place=place, seconds=2.8, rings_s=rings_s * 2 ** (-(key - 60) / 20), brightness=brightness
        )

    return [
        _preset(Voice.GUITAR, string(0.27, 3.5, 1.7), range(38, 87, 6), Envelope(release_s=0.2)),
        _preset(Voice.STEEL_GUITAR, string(0.17, 4.5, 1.25), range(38, 87, 6), Envelope(release_s=0.2)),
        _preset(Voice.HARP, string(0.4, 4.0, 1.9), range(36, 97, 6), Envelope(release_s=0.8)),
        _preset(Voice.UPRIGHT_BASS, string(0.35, 1.5, 2.0), range(26, 63, 6), Envelope(release_s=0.12)),
        _preset(Voice.BASS_GUITAR, string(0.22, 2.5, 1.6), range(26, 63, 6), Envelope(release_s=0.1)),
    ]


def _held() -> list[Preset]:
    number = np.arange(1.0, 65.0)
    saw, soft = 1 / number, 1 / number**1.9
    odd = np.where(number % 2 == 1, 1 / number**1.15, 0.06 / number)
    flute = np.array([1.0, 0.45, 0.18, 0.07, 0.03, 0.015])
    drawbars = np.array([0.8, 1.0, 0.45, 0.6, 0.0, 0.3, 0.0, 0.35])
    low, high = range(36, 91, 6), range(48, 97, 6)

    def one(partials: NDArray[np.float64], cents: float, formants: Formants | None = None) -> Callable[[int], Wave]:
        return lambda key: waves.held(key, partials, cents=cents, formants=formants)

    def other(partials: NDArray[np.float64], cents: float, formants: Formants | None = None) -> Callable[[int], Wave]:
        return lambda key: waves.held(key, partials, cents=cents, formants=formants, player=1)

    def both(voice: Voice, made: tuple[NDArray[np.float64], float, Formants | None], envelope: Envelope) -> Preset:
        """Two sections, left and right."""
        left, right = (_preset(voice, play(*made), low, envelope, 4.0) for play in (one, other))
        zones = [replace(zone, pan=pan) for side, pan in ((left, -0.7), (right, 0.7)) for zone in side.zones]
        return replace(left, zones=zones)

    return [
        _preset(Voice.ORGAN, one(drawbars, 2), low, Envelope(0.01, release_s=0.12), 4),
        both(Voice.STRINGS, (1 / number**1.35, 34, _body), Envelope(0.16, release_s=0.5)),
        both(Voice.CHOIR, (saw, 30, _vowel), Envelope(0.22, release_s=0.6)),
        _preset(Voice.BRASS, one(1 / number**1.1, 9, _bell), low, Envelope(0.05, 0.3, 2, 0.2), 0, 4500),
        _preset(Voice.CLARINET, one(odd, 3), high, Envelope(0.04, release_s=0.15), 4, 5000),
        _preset(Voice.FLUTE, one(flute, 6), high, Envelope(0.06, release_s=0.18), 2),
        _preset(Voice.LEAD, one(saw, 7), high, Envelope(0.008, 0.3, 2, 0.15), 0, 6000),
        both(Voice.PAD, (soft, 45, None), Envelope(0.5, release_s=1.2)),
        _preset(Voice.SYNTH_BASS, one(saw, 3), range(24, 61, 6), Envelope(0.004, 0.25, 3, 0.08), 0, 1200),
    ]


def _body(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """The wood of a string section: no boom, some air around 2.5 kHz."""
    return (hz / (hz + 180.0)) * (1 + 0.5 * np.exp(-(((hz - 2500) / 900) ** 2))) / (1 + (hz / 7000) ** 2)


def _vowel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """A sung "ah"."""
    peaks = ((700, 1.0, 130), (1150, 0.6, 160), (2600, 0.2, 300), (3300, 0.1, 350))
    return sum((level * np.exp(-(((hz - at) / width) ** 2)) for at, level, width in peaks), np.full(hz.shape, 0.04))


def _bell(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    return (1 + 0.8 * np.exp(-(((hz - 1200) / 500) ** 2))) / (1 + (hz / 3500) ** 2)


def _preset(
    voice: Voice,
    sound: Callable[[int], Wave],
    roots: Sequence[int],
    envelope: Envelope,
    quieter_db: float = 0.0,
    cutoff_hz: float | None = None,
) -> Preset:
    """Sample the sound at each root and stretch it over the keys around."""
    loops = voice in _LOOPING
    zones: list[Zone] = []
    for number, root in enumerate(roots):
        low = 0 if number == 0 else (roots[number - 1] + root) // 2 + 1
        high = 127 if number == len(roots) - 1 else (root + roots[number + 1]) // 2
        zones.append(Zone(Sample(sound(root), root, loops), low, high, envelope, quieter_db, cutoff_hz=cutoff_hz))
    return Preset(voice.name.lower(), int(voice), zones)


_LOOPING = {
    Voice.ORGAN, Voice.STRINGS, Voice.CHOIR, Voice.BRASS, Voice.CLARINET, Voice.FLUTE, Voice.LEAD, Voice.PAD,
    Voice.SYNTH_BASS,
}  # fmt: skip


def _kits() -> list[Preset]:
    snare = waves.mixed(
        (waves.drum(start_hz=290, end_hz=185, falls_s=0.03, rings_s=0.2), 0.6),
        (waves.hiss(low_hz=1200, high_hz=9000, rings_s=0.28), 0.8),
    )
    clap = waves.hiss(low_hz=900, high_hz=4500, rings_s=0.22, attack_s=0.006, seed=3)
    shared: list[tuple[int, Wave, float, float]] = [
        (RIM, waves.drum(start_hz=1900, end_hz=1650, falls_s=0.01, rings_s=0.06, click=0.4), 6, 0.2),
        (CLAP, clap, 4, 0.1),
        (CLOSED_HAT, waves.hiss(low_hz=7000, high_hz=15_000, rings_s=0.07, seed=4), 11, 0.3),
        (OPEN_HAT, waves.hiss(low_hz=6500, high_hz=15_000, rings_s=0.45, seed=5), 12, 0.3),
        (LOW_TOM, waves.drum(start_hz=150, end_hz=85, falls_s=0.09, rings_s=0.5, click=0.2), 3, -0.4),
        (MID_TOM, waves.drum(start_hz=200, end_hz=120, falls_s=0.08, rings_s=0.45, click=0.2), 3, 0.0),
        (HIGH_TOM, waves.drum(start_hz=260, end_hz=165, falls_s=0.07, rings_s=0.4, click=0.2), 3, 0.4),
        (CRASH, waves.metal(rings_s=2.2, low_hz=3000, seed=6), 8, -0.4),
        (RIDE, waves.metal(rings_s=1.1, low_hz=3800, seed=7), 13, 0.45),
        (SHAKER, waves.hiss(low_hz=5000, high_hz=12_000, rings_s=0.12, attack_s=0.02, seed=8), 11, -0.35),
    ]
    acoustic = [
        (KICK, waves.drum(start_hz=150, end_hz=52, falls_s=0.03, rings_s=0.32, click=0.35), 0, 0.0),
        (SNARE, snare, 3, -0.05),
    ]
    electronic = [
        (KICK, waves.drum(start_hz=190, end_hz=44, falls_s=0.05, rings_s=0.55, click=0.15), 0, 0.0),
        (SNARE, waves.mixed((snare, 0.5), (clap, 0.7)), 3, 0.0),
    ]
    return [
        _kit("acoustic kit", ACOUSTIC_KIT, [*acoustic, *shared]),
        _kit("electronic kit", ELECTRONIC_KIT, [*electronic, *shared]),
    ]


def _kit(name: str, program: int, sounds: Sequence[tuple[int, Wave, float, float]]) -> Preset:
    held = Envelope(release_s=2.0)  # a drum rings as long as it rings
    zones = [Zone(Sample(wave, key), key, key, held, quieter_db, pan) for key, wave, quieter_db, pan in sounds]
    return Preset(name, program, zones, DRUM_BANK)
