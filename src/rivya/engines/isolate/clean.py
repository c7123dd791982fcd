"""Sound made cleaner as it streams by: cut into short spectra, each bin turned down by how much of it is noise.

A short-time Fourier transform with Hann windows and three quarters of overlap. The gain of a bin is Wiener's,
xi / (1 + xi), where xi, the ratio of voice to noise, is smoothed from frame to frame by the decision-directed rule of
Ephraim and Malah ("Speech enhancement using a minimum mean-square error short-time spectral amplitude estimator",
IEEE Trans. ASSP 32, 1984), with the Wiener gain as Scalart and Filho use it ("Speech enhancement based on a priori
signal to noise estimation", ICASSP 1996): what is left of the noise hisses softly instead of twinkling. The noise
itself is measured by ``noise.py``. Both channels get one gain, so that nothing moves between them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from rivya.engines.isolate.noise import Powers, noise_of
from rivya.engines.sound import Samples

_WINDOW_S = 0.04
_OVERLAP = 4
_SEGMENT_S = 2.0
_AROUND = 2
"""Segments before and after one in which its noise is measured: ten seconds in all, so that noise may change."""

_SMOOTHING = 0.98
_LEAST_GAIN = 10 ** (-20 / 20)
"""Noise is turned down by 20 dB, not to nothing: a trace of the room sounds more natural than holes in it."""
_NOTHING = 1e-12


@dataclass(frozen=True, slots=True)
class _Segment:
    spectra: NDArray[np.complex64]
    """Shape (channels, frames, bins)."""
    powers: Powers


class _Frames:
    """How a rate is cut: ``size`` samples a frame, the next one ``hop`` later, ``count`` of them a segment."""

    def __init__(self, rate: int, channels: int) -> None:
        self.channels = channels
        self.rate = rate
        self.size = 2 ** round(np.log2(rate * _WINDOW_S))
        self.hop = self.size // _OVERLAP
        self.count = round(_SEGMENT_S * rate / self.hop)
        self.length = self.count * self.hop
        self.lead = self.size - self.hop
        """Samples before the first: so many frames begin that the first sample is in as many as any other."""
        self.window = np.hanning(self.size + 1)[:-1].astype(np.float32)


def cleaned(blocks: Iterable[Samples], rate: int, channels: int) -> Iterator[Samples]:
    """Yield the sound of ``blocks`` with its steady noise turned down: as many samples as came in, in order.

    Holds some ten seconds of it. Silence stays silence to the bit.
    """
    frames = _Frames(rate, channels)
    heard = _Counted(blocks)
    skip, given = frames.lead, 0
    for part in _joined(_turned_down(_segments(_cut(heard, frames), frames), frames), frames):
        kept = part[:, skip:]
        skip = max(0, skip - part.shape[1])
        kept = kept[:, : heard.samples - given]
        given += kept.shape[1]
        if kept.shape[1]:
            yield kept


class _Counted:
    def __init__(self, blocks: Iterable[Samples]) -> None:
        self._blocks = blocks
        self.samples = 0

    def __iter__(self) -> Iterator[Samples]:
        for block in self._blocks:
            self.samples += block.shape[1]
            yield block


def _cut(blocks: Iterable[Samples], frames: _Frames) -> Iterator[Samples]:
    """Yield pieces of a segment's length each; after the end comes enough silence for the last frames."""
    waiting: list[Samples] = []
    length = 0
    for block in blocks:
        waiting.append(block)
        length += block.shape[1]
        while length >= frames.length:
            whole = np.concatenate(waiting, axis=1)
            yield whole[:, : frames.length]
            waiting = [whole[:, frames.length :]]
            length -= frames.length
    silence = np.zeros((frames.channels, 2 * frames.length), np.float32)
    rest = np.concatenate([*waiting, silence], axis=1)
    for start in range(0, length + frames.lead, frames.length):
        yield rest[:, start : start + frames.length]


def _segments(pieces: Iterable[Samples], frames: _Frames) -> Iterator[_Segment]:
    before = np.zeros((frames.channels, frames.lead), np.float32)
    for piece in pieces:
        samples = np.concatenate([before, piece], axis=1)
        before = samples[:, frames.length :]
        cut = sliding_window_view(samples, frames.size, axis=1)[:, :: frames.hop]
        spectra = np.fft.rfft(cut * frames.window, axis=2).astype(np.complex64)
        powers = (spectra.real**2 + spectra.imag**2).mean(axis=0)
        yield _Segment(spectra, powers)


def _turned_down(segments: Iterable[_Segment], frames: _Frames) -> Iterator[NDArray[np.complex64]]:
    """Yield each segment's spectra times their gains, once the segments after it are there."""
    gain = _Gain(frames.size // 2 + 1)
    near: deque[_Segment] = deque(maxlen=2 * _AROUND + 1)
    waiting: deque[_Segment] = deque()

    def next_one() -> NDArray[np.complex64]:
        segment = waiting.popleft()
        noise = noise_of([one.powers for one in near], frames.rate)
        return segment.spectra * gain(segment.powers, noise)

    for segment in segments:
        near.append(segment)
        waiting.append(segment)
        if len(waiting) > _AROUND:
            yield next_one()
    while waiting:
        yield next_one()


class _Gain:
    """The decision-directed Wiener gain; remembers the last frame."""

    def __init__(self, bins: int) -> None:
        self._voice = np.zeros(bins, np.float32)
        """The ratio of what was let through to the noise, in the last frame."""

    def __call__(self, powers: Powers, noise: NDArray[np.float32]) -> NDArray[np.float32]:
        ratios = powers / np.maximum(noise, _NOTHING)
        gains = np.empty_like(ratios)
        fresh = (1 - _SMOOTHING) * np.maximum(ratios - 1, 0)
        for number, ratio in enumerate(ratios):
            voice = _SMOOTHING * self._voice + fresh[number]
            gains[number] = voice / (1 + voice)
            self._voice = gains[number] ** 2 * ratio
        return np.maximum(gains, _LEAST_GAIN)


def _joined(spectra: Iterable[NDArray[np.complex64]], frames: _Frames) -> Iterator[Samples]:
    """Yield what the frames sound like together; they overlap, so each segment leaves a rest for the next one."""
    rest = np.zeros((frames.channels, frames.lead), np.float32)
    scale = np.float32(1 / (frames.window**2).reshape(_OVERLAP, frames.hop).sum(axis=0).mean())
    for part in spectra:
        pieces = np.fft.irfft(part, frames.size, axis=2) * (frames.window * scale)
        made = np.zeros((frames.channels, frames.length + frames.lead), np.float32)
        made[:, : frames.lead] = rest
        # Frames that are _OVERLAP apart do not touch: each such row is added in one go.
        for row in range(_OVERLAP):
            own = pieces[:, row::_OVERLAP].reshape(frames.channels, -1)
            made[:, row * frames.hop : row * frames.hop + own.shape[1]] += own
        rest = made[:, frames.length :].copy()
        yield made[:, : frames.length]
