"""rivya-sketch: pictures composed and lit by rule from a prompt's meaning.

Procedural: it is no diffusion model and no learned painter, and says so in its files.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from rivya.engines import pictures, references
from rivya.engines.base import Artifact, InvalidInput, Job, Progress
from rivya.engines.sketch import compose, grade, meaning, reference
from rivya.engines.sketch.embed import Embedder
from rivya.engines.sketch.layers import composite
from rivya.engines.sketch.raster import Field

SOFTWARE = "Rivya Sketch (procedural)"
PIXELS = 1024 * 1024
NARROWEST, WIDEST = 0.2, 5.0
"""Width to height of a picture."""
_MOST_SIDE = 2048
FORMATS = {
    "png": ("png", "image/png"),
    "jpeg": ("jpg", "image/jpeg"),
    "jpg": ("jpg", "image/jpeg"),
    "webp": ("webp", "image/webp"),
}


class SketchEngine:
    """Draws a prompt, or redraws a reference picture in the prompt's light."""

    def __init__(self, *, pixels: int = PIXELS) -> None:
        self._pixels = pixels
        self._embedder = Embedder()

    def run(self, job: Job, progress: Progress) -> list[Artifact]:
        """One picture. Raises InvalidInput for a ratio or format it does not know, or references it cannot use."""
        given = reference_of(job)
        ratio = ratio_of(str(job.params.get("aspect_ratio") or "auto"), given, 1.0, NARROWEST, WIDEST)
        extension, mime = file_format(str(job.params.get("output_format") or "png"))
        seed = seed_of(job)
        progress(5)
        picture = self.draw(job.prompt, given, *size_for(ratio, self._pixels), seed)
        progress(90)
        path = job.out_dir / f"sketch.{extension}"
        save(picture, path, job.prompt, seed)
        progress(100)
        return [Artifact(path, mime)]

    def draw(self, prompt: str, given: Field | None, width: int, height: int, seed: int) -> NDArray[np.uint8]:
        scene = meaning.read(prompt, seed=seed, embedder=self._embedder)
        if given is not None:
            painting = reference.repaint(scene, given, width, height)
        else:
            painting = compose.paint(scene, width, height)
        return grade.develop(composite(painting.layers), painting.light, scene.seed)


def reference_of(job: Job) -> Field | None:
    """The picture given with the job, sRGB from 0 to 1, if there is one. Raises InvalidInput."""
    given = references.at_most_one(job, "image")
    if given is None:
        return None
    return np.asarray(pictures.shrunk(given, side=_MOST_SIDE), np.float32) / np.float32(255.0)


def ratio_of(asked: str, given: Field | None, usual: float, narrowest: float, widest: float) -> float:
    """Width to height: as ``asked`` (``W:H``), or for ``auto`` that of the picture given, within the limits.

    Raises InvalidInput when what is asked is not of that form or outside the limits.
    """
    if asked == "auto":
        shape = usual if given is None else given.shape[1] / given.shape[0]
        return min(max(shape, narrowest), widest)
    try:
        w, h = (float(p) for p in asked.split(":"))
    except ValueError:
        raise InvalidInput(f"aspect_ratio: {asked!r} is neither auto nor of the form W:H") from None
    if not (w > 0 and h > 0 and narrowest <= w / h <= widest):
        raise InvalidInput(f"aspect_ratio: {asked!r} is not between {narrowest:g} and {widest:g} times as wide as high")
    return w / h


def size_for(ratio: float, pixels: int) -> tuple[int, int]:
    """Width and height of about ``pixels`` in all, each a multiple of 16."""
    width = max(16, round((pixels * ratio) ** 0.5 / 16) * 16)
    height = max(16, round((pixels / ratio) ** 0.5 / 16) * 16)
    return width, height


def file_format(name: str) -> tuple[str, str]:
    if name.lower() not in FORMATS:
        raise InvalidInput(f"output_format: {name!r} is not one of png, jpeg, webp")
    return FORMATS[name.lower()]


def seed_of(job: Job) -> int:
    """The seed asked for, else one that follows from the prompt and the references' bytes."""
    given = job.params.get("seed")
    if given is not None:
        if not isinstance(given, int):
            raise InvalidInput("seed: not a whole number")
        return given
    digest = hashlib.sha256(job.prompt.encode())
    for given_file in job.references:
        digest.update(hashlib.sha256(given_file.path.read_bytes()).digest())
    return int.from_bytes(digest.digest()[:6], "big")


def save(picture: NDArray[np.uint8], path: Path, prompt: str, seed: int) -> None:
    """Write ``picture`` in the format of ``path``; the file says what made it."""
    image = Image.fromarray(picture)
    if path.suffix == ".png":
        info = PngImagePlugin.PngInfo()
        info.add_text("Software", SOFTWARE)
        info.add_text("Seed", str(seed))
        image.save(path, pnginfo=info, compress_level=4)
    elif path.suffix == ".jpg":
        image.save(path, quality=92, subsampling=0, comment=SOFTWARE.encode())
    else:
        exif = Image.Exif()
        exif[0x0131] = SOFTWARE
        image.save(path, quality=92, method=2, exif=exif.tobytes())
