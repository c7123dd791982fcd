"""Frames to H.264 in MP4, ready to play while it loads. The only place that calls PyAV."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from numpy.typing import NDArray

SOFTWARE = "Rivya Motion (procedural)"

_ENCODING = {
    "crf": "22",
    "preset": "veryfast",
    "flags": "+bitexact",
    # With it, x264 reads memory that nobody wrote to, and films of some sizes come out a little different each time.
    "mbtree": "0",
}


def write_mp4(path: Path, frames: Iterator[NDArray[np.uint8]], width: int, height: int, fps: int) -> None:
    """Write RGB frames. Same frames, same bytes: no clock goes into the file and the thread count is fixed."""
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    container = cast(Any, av).open(str(path), "w", format="mp4", options=options)
    with container:
        container.metadata["comment"] = SOFTWARE
        stream = container.add_stream("libx264", rate=fps, options=_ENCODING)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.thread_count = 2
        for picture in frames:
            frame = cast(Any, av).VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
