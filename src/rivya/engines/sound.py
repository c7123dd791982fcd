"""Samples into a sound file."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from rivya.engines.base import Artifact

Samples = NDArray[np.float32]
"""Shape (channels, length), each between -1 and 1."""

_BLOCK = 1152 * 256


def write(folder: Path, samples: Samples, *, rate: int, format: str, bit_rate: int) -> Artifact:
    """Write ``audio.mp3`` or ``audio.wav`` (16 bits) into the folder. The same samples always give the same bytes."""
    whole = np.round(np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2")
    if format == "wav":
        return Artifact(_write_wav(folder / "audio.wav", whole, rate), "audio/wav")
    return Artifact(_write_mp3(folder / "audio.mp3", whole, rate, bit_rate), "audio/mpeg")


def _write_wav(path: Path, whole: NDArray[np.int16], rate: int) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(whole.shape[0])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(whole.T.tobytes())
    return path


def _write_mp3(path: Path, whole: NDArray[np.int16], rate: int, bit_rate: int) -> Path:
    layout = "mono" if whole.shape[0] == 1 else "stereo"
    opened: Any = av.open(str(path), "w", format="mp3")  # its types are half there
    with opened as container:
        stream = container.add_stream("libmp3lame", rate=rate)
        stream.layout = layout
        stream.bit_rate = bit_rate
        for start in range(0, whole.shape[1], _BLOCK):
            block = np.ascontiguousarray(whole[:, start : start + _BLOCK])
            frame = av.AudioFrame.from_ndarray(block, format="s16p", layout=layout)
            frame.sample_rate = rate
            frame.pts = start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
