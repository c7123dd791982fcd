"""rivya-motion: short films by rule, from rivya-sketch's layers or from a picture. No learned video model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rivya.engines.base import Artifact, InvalidInput, Job, Progress
from rivya.engines.motion.animate import scene_frames
from rivya.engines.motion.encode import write_mp4
from rivya.engines.motion.still import picture_frames
from rivya.engines.sketch import meaning, ratio_of, reference_of, seed_of
from rivya.engines.sketch.embed import Embedder
from rivya.engines.sketch.raster import Field
from rivya.engines.sketch.scene import Scene

SHORT_SIDE = 512
SHORTEST_S, LONGEST_S = 1.0, 10.0
NARROWEST, WIDEST = 0.3, 3.2
"""Width to height of a film."""


class MotionEngine:
    """Moves a camera through a drawn scene, or over a reference picture, for a few seconds."""

    def __init__(self, *, short_side: int = SHORT_SIDE) -> None:
        self._short_side = short_side
        self._embedder = Embedder()

    def run(self, job: Job, progress: Progress) -> list[Artifact]:
        """One H.264 MP4. Raises InvalidInput for a param outside its limits, or references it cannot use."""
        given = reference_of(job)
        ratio = ratio_of(str(job.params.get("aspect_ratio") or "auto"), given, 16 / 9, NARROWEST, WIDEST)
        width, height = size_for(ratio, self._short_side)
        seconds = number(job, "duration", 4.0, SHORTEST_S, LONGEST_S)
        fps = round(number(job, "fps", 24.0, 8.0, 60.0))
        seed = seed_of(job)
        count = max(2, round(seconds * fps))
        progress(3)
        scene = meaning.read(job.prompt, seed=seed, embedder=self._embedder)
        frames = frames_of(scene, given, width, height, count, fps)
        path = job.out_dir / "motion.mp4"
        write_mp4(path, counted(frames, count, progress), width, height, fps)
        progress(100)
        return [Artifact(path, "video/mp4")]


def frames_of(
    scene: Scene, given: Field | None, width: int, height: int, count: int, fps: int
) -> Iterator[NDArray[np.uint8]]:
    if given is not None:
        return picture_frames(given, scene, width, height, count, fps)
    return scene_frames(scene, width, height, count, fps)


def size_for(ratio: float, short_side: int) -> tuple[int, int]:
    """Width and height with the shorter one about ``short_side``, multiples of 16."""
    scale = short_side / min(ratio, 1.0)
    return max(16, round(ratio * scale / 16) * 16), max(16, round(scale / 16) * 16)


def number(job: Job, name: str, default: float, low: float, high: float) -> float:
    """A param given as a number or as text. Raises InvalidInput when it is neither or out of range."""
    given = job.params.get(name)
    if given is None or given == "":
        return default
    try:
        value = float(str(given).removesuffix("s"))
    except ValueError:
        raise InvalidInput(f"{name}: {given!r} is not a number") from None
    if not low <= value <= high:
        raise InvalidInput(f"{name}: {value:g} is not between {low:g} and {high:g}")
    return value


def counted(frames: Iterator[NDArray[np.uint8]], count: int, progress: Progress) -> Iterator[NDArray[np.uint8]]:
    for i, frame in enumerate(frames):
        yield frame
        progress(5 + int(92 * (i + 1) / count))
