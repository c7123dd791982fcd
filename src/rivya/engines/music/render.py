"""From a score to samples: played by midirenderer on our soundfont, then made as loud as music is."""

from __future__ import annotations

import io
import math
import wave
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rivya.engines.music.midi import midi
from rivya.engines.music.score import Score
from rivya.engines.sound import Samples

RATE = 44_100
_LOUDNESS = 10 ** (-16 / 20)
_CEILING = 0.86
_MOST_LIMITING = 2.2
"""How far above the ceiling a peak may come before it is held down: more, and the limiter would be heard."""
_FADE_S = 1.2
_BLOCK = 64
_LOOK = 8
"""Blocks that the limiter looks ahead and back: 12 ms."""


def render(score: Score, soundfont: bytes, *, duration_s: float) -> Samples:
    """Return two channels of exactly this length, faded out at the end."""
    played = _resampled(*_played(score, soundfont))
    length = round(duration_s * RATE)
    fitted = np.zeros((2, length))
    kept = min(length, played.shape[1])
    fitted[:, :kept] = played[:, :kept]
    fade = min(length, int(_FADE_S * RATE))
    fitted[:, -fade:] *= np.cos(np.linspace(0, np.pi / 2, fade)) ** 2
    return _limited(_levelled(fitted)).astype(np.float32)


def _played(score: Score, soundfont: bytes) -> tuple[NDArray[np.float64], int]:
    """midirenderer's own rate is not ours to choose."""
    renderer: Any = import_module("midirenderer")
    with wave.open(io.BytesIO(renderer.render_wave_from(soundfont, midi(score)))) as file:
        whole = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
        return whole.T / 32768.0, file.getframerate()


def _resampled(played: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """Cut or extend the spectrum. Exact, since the piece begins and ends in silence."""
    # A whole number of samples at both rates, and a length that has no large prime factor, which would be slow.
    unit = rate // math.gcd(rate, RATE) * 1024
    length = -(-played.shape[1] // unit) * unit
    wanted = length * RATE // rate
    return np.fft.irfft(np.fft.rfft(played, length)[:, : wanted // 2 + 1], wanted) * (wanted / length)


def _levelled(played: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring the louder half of the piece to the loudness that streaming services ask for."""
    block = RATE // 5
    blocks = played[:, : played.shape[1] // block * block].reshape(2, -1, block)
    powers = np.sort((blocks**2).mean(axis=(0, 2)))
    loud = float(np.sqrt(powers[len(powers) // 2 :].mean()))
    peak = float(np.abs(played).max())
    if peak == 0:
        return played
    return played * min(_LOUDNESS / loud, _MOST_LIMITING * _CEILING / peak)


def _limited(played: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn the level down around peaks, smoothly and in time: no sample comes above the ceiling."""
    length = played.shape[1]
    count = -(-length // _BLOCK)
    peaks = np.zeros(count * _BLOCK)
    peaks[:length] = np.abs(played).max(axis=0)
    needed = np.minimum(1.0, _CEILING / np.maximum(peaks.reshape(count, _BLOCK).max(axis=1), 1e-9))
    window = 2 * _LOOK + 1
    framed = np.pad(needed, 2 * _LOOK, mode="edge")
    lowest = np.array([framed[start : start + window].min() for start in range(count + 2 * _LOOK)])
    smooth = np.convolve(lowest, np.ones(window) / window, mode="valid")
    gain = np.interp(np.arange(length, dtype=np.float64), (np.arange(count, dtype=np.float64) + 0.5) * _BLOCK, smooth)
    return np.clip(played * gain, -_CEILING, _CEILING)
