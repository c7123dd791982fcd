"""Small media files, made on the spot."""

from __future__ import annotations

import io
import struct
import tempfile
import zlib
from pathlib import Path

import av
import numpy as np
from PIL import Image

MEBIBYTE = 1024 * 1024


def picture(format: str = "PNG", size: tuple[int, int] = (8, 6), colour: str = "red") -> bytes:
    content = io.BytesIO()
    Image.new("RGB", size, colour).save(content, format)
    return content.getvalue()


def noise(side: int) -> bytes:
    """Return a PNG that does not compress: about three bytes a pixel."""
    content = io.BytesIO()
    pixels = np.random.default_rng(1).integers(0, 255, (side, side, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(content, "PNG", compress_level=0)
    return content.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """Return a tiny PNG whose header names a large picture; its data are a few rows of nothing."""

    def block(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + block(b"IHDR", header)
        + block(b"IDAT", zlib.compress(b"\0" * 1000))
        + block(b"IEND", b"")
    )


def video(
    format: str = "mp4",
    *,
    seconds: float = 1.0,
    codec: str = "libx264",
    sound: str | None = None,
    options: dict[str, str] | None = None,
) -> bytes:
    # A file of its own: to put the index first, FFmpeg reads again what it has written.
    with (
        tempfile.NamedTemporaryFile() as file,
        av.open(file.name, "w", format=format, options=options or {}) as container,
    ):
        stream = container.add_stream(codec, rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        speech = container.add_stream(sound, rate=48000) if sound else None
        random = np.random.default_rng(1)
        for _ in range(int(seconds * 24)):
            pixels = random.integers(0, 255, (48, 64, 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
        if speech is not None:
            _sing(container, speech, seconds)
        container.close()
        return Path(file.name).read_bytes()


def sound(format: str = "mp3", *, codec: str = "libmp3lame", seconds: float = 1.0) -> bytes:
    content = io.BytesIO()
    with av.open(content, "w", format=format) as container:
        stream = container.add_stream(codec, rate=48000)
        stream.layout = "stereo"
        _sing(container, stream, seconds)
    return content.getvalue()


def with_padding(mp4: bytes, size: int) -> bytes:
    """Return an MP4 as it was, made to be exactly so large: what is in a box named ``free`` is for nobody."""
    padding = size - len(mp4)
    return mp4 + struct.pack(">I", padding) + b"free" + bytes(padding - 8)


def with_frames_at(mp4: bytes, ticks: int) -> bytes:
    """Return an MP4 whose sample table says that each frame lasts so many ticks of its clock."""
    at = mp4.index(b"stts") + 4 + 4 + 4 + 4
    return mp4[:at] + struct.pack(">I", ticks) + mp4[at + 4 :]


def _sing(container: av.container.OutputContainer, stream: av.AudioStream, seconds: float) -> None:
    samples = stream.codec_context.frame_size or 1024
    wave = (np.sin(np.arange(samples) * 0.05) * 0.3).astype("float32")[None].repeat(2, 0)
    for number in range(round(seconds * 48000 / samples)):
        frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = 48000, number * samples
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
