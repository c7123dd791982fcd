"""Sounds made by calculation: the only instruments that belong to nobody else.

Held sounds follow Paul Nasca's PADsynth: every harmonic is a narrow band of noise in the spectrum, so that the
sound is alive, and one inverse transform gives a loop without a seam. Struck and plucked ones are sums of dying
partials; drums are swept tones and filtered noise.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rivya.engines.music.soundfont import RATE

Wave = NDArray[np.float32]
Formants = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_LOOP = 1 << 16
_TOP_HZ = 16_000.0
_FINE = 512
_THUMP = 8192


def hertz(key: float) -> float:
    return 440.0 * 2.0 ** ((key - 69) / 12)


def held(
    key: int, partials: NDArray[np.float64], *, cents: float, formants: Formants | None = None, player: int = 0
) -> Wave:
    """A loop with these harmonics, each ``cents`` wide: 3 is one steady player, 40 a section of strings.

    Two players play the same and are not the same: one at the left and one at the right make a wide sound.
    """
    rng = np.random.default_rng([key, player])
    base = hertz(key)
    grid = np.arange(_LOOP // 2 + 1) * RATE / _LOOP
    spectrum = np.zeros(len(grid))
    for number, level in enumerate(partials, start=1):
        centre = base * number
        if centre > _TOP_HZ:
            break
        width = max((2.0 ** (cents / 1200.0) - 1.0) * centre, 0.75 * RATE / _LOOP)
        near = slice(*np.searchsorted(grid, (centre - 5 * width, centre + 5 * width)))
        band = np.exp(-(((grid[near] - centre) / width) ** 2)) / np.sqrt(width)
        tone = level * (float(formants(np.array([centre]))[0]) if formants else 1.0)
        spectrum[near] += tone * band
    phases = np.exp(2j * np.pi * rng.random(len(grid)))
    return _peak(np.fft.irfft(spectrum * phases, _LOOP), 0.8)


def struck(
    key: int,
    ratios: NDArray[np.float64],
    levels: NDArray[np.float64],
    *,
    seconds: float,
    rings_s: float,
    damping: float,
    noise: float = 0.0,
) -> Wave:
    """A sum of partials that die away, the higher the sooner: ``rings_s`` is how long the first one rings."""
    rng = np.random.default_rng(1000 + key)
    length = int(seconds * RATE)
    heard = ratios * hertz(key) < _TOP_HZ
    ratios, levels = ratios[heard], levels[heard]
    dies = 6.9 / rings_s * (1.0 + damping * (ratios - 1.0))
    wave = _dying(ratios * hertz(key), levels, dies, rng.uniform(0, 0.6, len(ratios)), length)
    if noise:
        wave[:_THUMP] += noise * _noise(_THUMP, 0.0, 2500.0, key) * np.exp(np.arange(_THUMP) / RATE * -90.0)
    return _peak(_ended(wave * (1 - np.exp(np.arange(length) / RATE * -2500.0))), 0.85)


def plucked(key: int, *, place: float, seconds: float, rings_s: float, brightness: float) -> Wave:
    """A string plucked at ``place`` of its length: the harmonics that rest there are silent."""
    number = np.arange(1.0, 41.0)
    levels = np.abs(np.sin(np.pi * number * place)) / number**brightness
    ratios = number * np.sqrt(1 + 0.00004 * number**2)
    return struck(key, ratios, levels, seconds=seconds, rings_s=rings_s, damping=0.22, noise=0.05)


def modulated(key: int, *, ratio: float, depth: float, seconds: float, rings_s: float) -> Wave:
    """Two-operator frequency modulation whose brightness dies before its loudness: an electric piano."""
    time = np.arange(int(seconds * RATE)) / RATE
    base = 2 * np.pi * hertz(key) * time
    tine = np.sin(base * ratio) * depth * np.exp(-time * 7.0)
    body = np.sin(base + tine) + 0.35 * np.sin(2 * base) * np.exp(-time * 5.0)
    return _peak(_ended(body * np.exp(-6.9 / rings_s * time) * (1 - np.exp(-time * 1500.0))), 0.85)


def drum(*, start_hz: float, end_hz: float, falls_s: float, rings_s: float, click: float = 0.0) -> Wave:
    """A skin: a tone that falls as it dies."""
    time = np.arange(int(rings_s * 1.3 * RATE)) / RATE
    pitch = end_hz + (start_hz - end_hz) * np.exp(-time / falls_s)
    wave = np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * np.exp(-time * 6.9 / rings_s)
    return _peak(_ended(wave + click * _noise(len(time), 0.0, 4000.0, 7) * np.exp(-time * 300.0)), 0.95)


def hiss(*, low_hz: float, high_hz: float, rings_s: float, attack_s: float = 0.0005, seed: int = 1) -> Wave:
    """Noise of a band: snare wires, hats, shakers."""
    time = np.arange(int(rings_s * 1.2 * RATE)) / RATE
    wave = _noise(len(time), low_hz, high_hz, seed)
    return _peak(_ended(wave * np.exp(-time * 6.9 / rings_s) * (1 - np.exp(-time / attack_s))), 0.9)


def metal(*, rings_s: float, low_hz: float, seed: int) -> Wave:
    """A cymbal: many unrelated tones, and hiss."""
    rng = np.random.default_rng(seed)
    tones = rng.uniform(low_hz, 12_000.0, 36)
    dies = rng.uniform(3, 9, len(tones)) / rings_s
    wave = _dying(tones, np.ones(len(tones)), dies, rng.uniform(0, 6.28, len(tones)), int(rings_s * 1.1 * RATE))
    return mixed((_peak(wave, 0.5), 1.0), (hiss(low_hz=low_hz, high_hz=14_000, rings_s=rings_s, seed=seed), 0.6))


def mixed(*layers: tuple[Wave, float]) -> Wave:
    longest = max(len(wave) for wave, _ in layers)
    total = np.zeros(longest)
    for wave, level in layers:
        total[: len(wave)] += level * wave
    return _peak(_ended(total), 0.9)


def _dying(
    hertz: NDArray[np.float64],
    levels: NDArray[np.float64],
    dies: NDArray[np.float64],
    phases: NDArray[np.float64],
    length: int,
) -> NDArray[np.float64]:
    """Return the sum of sines that each die away by ``exp(-dies * t)``.

    A power of a complex number is a product of two: one of a coarse grid, one of a fine one. So the whole sum is one
    product of two matrices, fifty times as fast as one sine after the other.
    """
    step = (2j * np.pi * hertz - dies) / RATE
    coarse = np.exp(np.outer(np.arange(-(-length // _FINE)) * _FINE, step))
    fine = np.exp(np.outer(step, np.arange(_FINE))) * (levels * np.exp(1j * phases))[:, np.newaxis]
    return (coarse @ fine).imag.reshape(-1)[:length]


def _noise(length: int, low_hz: float, high_hz: float, seed: int) -> NDArray[np.float64]:
    whole = 1 << (length - 1).bit_length()
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(whole))
    grid = np.fft.rfftfreq(whole, 1 / RATE)
    band = 1 / (1 + (low_hz / np.maximum(grid, 1.0)) ** 4) / (1 + (grid / high_hz) ** 6)
    return np.fft.irfft(spectrum * band, whole)[:length]


def _ended(wave: NDArray[np.float64]) -> NDArray[np.float64]:
    """Without a click at the end."""
    tail = min(len(wave), 2000)
    wave[-tail:] *= np.linspace(1, 0, tail)
    return wave


def _peak(wave: NDArray[np.float64] | Wave, level: float) -> Wave:
    return np.asarray(wave * (level / max(float(np.abs(wave).max()), 1e-9)), np.float32)
