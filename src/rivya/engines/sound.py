"""Samples into a sound file."""

from __future__ import annotations

import wave
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from rivya.engines.base import Artifact

Samples = NDArray[np.float32]
"""Shape (channels, length), each between -1 and 1."""

MP3_RATES = (8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
"""What MPEG audio, layer III knows, in samples a second."""

_BLOCK = 1152 * 256


def write(folder: Path, samples: Samples, *, rate: int, format: str, bit_rate: int) -> Artifact:
    """Write ``audio.mp3`` or ``audio.wav`` (16 bits) into the folder. The same samples always give the same bytes."""
    blocks = (samples[:, start : start + _BLOCK] for start in range(0, samples.shape[1], _BLOCK))
    return write_blocks(folder, blocks, channels=samples.shape[0], rate=rate, format=format, bit_rate=bit_rate)


def write_blocks(
    folder: Path, blocks: Iterable[Samples], *, channels: int, rate: int, format: str, bit_rate: int
) -> Artifact:
    """As ``write``, of sound that comes piece by piece; no more than a piece of it is in memory."""
    whole = (np.round(np.clip(block, -1.0, 1.0) * 32767.0).astype("<i2") for block in blocks)
    if format == "wav":
        return Artifact(_write_wav(folder / "audio.wav", whole, channels, rate), "audio/wav")
    return Artifact(_write_mp3(folder / "audio.mp3", whole, channels, rate, bit_rate), "audio/mpeg")


def _write_wav(path: Path, blocks: Iterable[NDArray[np.int16]], channels: int, rate: int) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        for block in blocks:
            file.writeframesraw(block.T.tobytes())
    return path


def _write_mp3(path: Path, blocks: Iterable[NDArray[np.int16]], channels: int, rate: int, bit_rate: int) -> Path:
    layout = "mono" if channels == 1 else "stereo"
    opened: Any = av.open(str(path), "w", format="mp3")  # its types are half there
    with opened as container:
        stream = container.add_stream("libmp3lame", rate=rate)
        stream.layout = layout
        stream.bit_rate = bit_rate
        written = 0
        for block in blocks:
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), format="s16p", layout=layout)
            frame.sample_rate = rate
            frame.pts = written
            written += block.shape[1]
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
