"""A reference sound off the disk, as samples, block by block: never the whole of it in memory."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import av
import numpy as np
from av.error import FFmpegError

from rivya.engines.base import InvalidInput, Reference
from rivya.engines.references import FIELD
from rivya.engines.sound import Samples

SLOWEST_HZ, FASTEST_HZ = 4000, 192_000

_READERS = {
    "audio/mpeg": "mp3",
    "audio/mp4": "mp4",
    "audio/aac": "aac",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
}
"""The one demuxer of FFmpeg that is let near a file of a type."""
_MOST_BROKEN = 0.05
"""The part of a recording that may be damaged, as the Files API has it too."""


class Recording:
    """An open sound file. ``channels`` is 1 or 2; ``seconds`` is what the file says, None if it says nothing."""

    def __init__(self, container: Any, stream: Any) -> None:
        self._container = container  # PyAV's types are half there
        self._stream = stream
        stream.codec_context.thread_type = "NONE"
        self.rate = int(stream.codec_context.sample_rate or 0)
        self.channels = 1 if stream.codec_context.channels == 1 else 2
        self.seconds = container.duration / av.time_base if container.duration else None

    def blocks(self, rate: int) -> Iterator[Samples]:
        """Yield what is heard at ``rate``, from the beginning; more than two channels are mixed into two.

        May be called once. Raises InvalidInput when the file holds no sound or is damaged.
        """
        heard = 0
        try:
            for part in self._resampled(rate):
                heard += part.samples
                # A file of floats may hold anything, and one infinity would last for ever in what follows.
                yield np.clip(np.nan_to_num(part.to_ndarray(), posinf=1.0, neginf=-1.0), -1.0, 1.0)
        except (FFmpegError, ValueError) as error:
            raise InvalidInput(f"{FIELD}: the sound cannot be read") from error
        if heard == 0:
            raise InvalidInput(f"{FIELD}: there is no sound in the file")

    def _resampled(self, rate: int) -> Iterator[Any]:
        layout = "mono" if self.channels == 1 else "stereo"
        resampler: Any = None
        form: object = None
        for frame in self._frames():
            # A stream may change its form on the way; a resampler may not.
            if (found := (frame.format.name, frame.layout.name, frame.sample_rate)) != form:
                if resampler is not None:
                    yield from resampler.resample(None)
                resampler, form = av.AudioResampler(format="fltp", layout=layout, rate=rate), found
            frame.pts = None
            yield from resampler.resample(frame)
        if resampler is not None:
            yield from resampler.resample(None)

    def _frames(self) -> Iterator[Any]:
        packets, broken = 0, 0
        for packet in self._container.demux(self._stream):
            packets += 1
            try:
                frames = packet.decode()
            except FFmpegError:
                broken += 1
            else:
                yield from frames
        if broken > 1 + _MOST_BROKEN * packets:
            raise InvalidInput(f"{FIELD}: the sound is damaged")


@contextmanager
def opened(given: Reference) -> Generator[Recording]:
    """Open a reference of kind audio. Raises InvalidInput when it cannot be."""
    if given.mime_type not in _READERS:
        raise InvalidInput(f"{FIELD}: a sound of the type {given.mime_type} cannot be read")
    try:
        # Only that file, and nothing that it may point to.
        options = {"protocol_whitelist": "file"}
        container = av.open(
            str(given.path),
            format=_READERS[given.mime_type],
            container_options=options,
            metadata_errors="replace",
        )
    except (FFmpegError, ValueError) as error:
        raise InvalidInput(f"{FIELD}: the sound cannot be read") from error
    with container:
        stream: Any = next(iter(container.streams.audio), None)
        if stream is None:
            raise InvalidInput(f"{FIELD}: there is no sound in the file")
        if stream.codec_context is None:
            raise InvalidInput(f"{FIELD}: the sound cannot be read")
        recording = Recording(container, stream)
        if not SLOWEST_HZ <= recording.rate <= FASTEST_HZ:
            raise InvalidInput(f"{FIELD}: the sound must have {SLOWEST_HZ} to {FASTEST_HZ} samples a second")
        yield recording
