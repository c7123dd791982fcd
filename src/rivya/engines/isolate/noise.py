"""How strong the steady noise is in each bin of the spectra of some seconds.

A voice is never in one bin all the time, noise is: so a low quantile of a bin's power over time is noise alone, and
for noise whose power is distributed exponentially, the mean follows from the quantile. After Stahl, Fischer and
Bippus, "Quantile based noise estimation for spectral subtraction and Wiener filtering", ICASSP 2000; lower here than
their median, for voices that hardly pause.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Powers: TypeAlias = NDArray[np.float32]
"""Shape (frames, bins)."""

_QUANTILE = 0.25
_EVERY = 2
"""Neighbouring frames overlap by three quarters and say much the same."""
_SILENT = 1e-9
"""Power a sample of a frame that is no noise but nothing, such as the padding of a file: 90 dB below full scale."""

_BESIDE = 12
_TONE = 8.0
"""A bin that always stands out by so much from those beside it holds a tone, not noise: it is not turned down."""
_LOWEST_VOICE_HZ = 80


def noise_of(powers: Sequence[Powers], rate: int) -> NDArray[np.float32]:
    """Return the mean power of the noise in each bin; zero where there is nothing but silence."""
    frames = np.concatenate(powers)
    bins = int(frames.shape[1])
    size = 2 * (bins - 1)
    # The power of a Hann-windowed frame is 3/8 of its samples'; half of the bins hold half of it (Parseval).
    heard = frames[frames.sum(axis=1) > _SILENT * 3 / 16 * size**2][::_EVERY]
    if not len(heard):
        return np.zeros(bins, np.float32)
    lasting = np.quantile(heard, _QUANTILE, axis=0) / -np.log(1 - _QUANTILE)
    beside = np.pad(lasting, _BESIDE, mode="reflect")
    usual = np.median(sliding_window_view(beside, 2 * _BESIDE + 1), axis=1)
    noise = np.minimum(lasting, _TONE * usual)
    # No voice is so low: whatever lasts there is hum and rumble.
    below = round(_LOWEST_VOICE_HZ * size / rate)
    noise[:below] = lasting[:below]
    return noise.astype(np.float32)
