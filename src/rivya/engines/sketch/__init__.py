"""rivya-sketch: pictures composed and lit by rule from a prompt's meaning.

Procedural: it is no diffusion model and no learned painter, and says so in its files.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from rivya.engines.base import Artifact, InvalidInput, Job, Progress, Reference
from rivya.engines.sketch import compose, grade, meaning, reference
from rivya.engines.sketch.embed import Embedder
from rivya.engines.sketch.layers import composite
from rivya.engines.sketch.raster import Field

SOFTWARE = "Rivya Sketch (procedural)"
PIXELS = 1024 * 1024
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
        """One picture. Raises InvalidInput for an aspect ratio or format it does not know."""
        width, height = size_for(str(job.params.get("aspect_ratio") or "1:1"), self._pixels)
        extension, mime = file_format(str(job.params.get("output_format") or "png"))
        seed = seed_of(job)
        progress(5)
        picture = self.draw(job, width, height, seed)
        progress(90)
        path = job.out_dir / f"sketch.{extension}"
        save(picture, path, job.prompt, seed)
        progress(100)
        return [Artifact(path, mime)]

    def draw(self, job: Job, width: int, height: int, seed: int) -> NDArray[np.uint8]:
        scene = meaning.read(job.prompt, seed=seed, embedder=self._embedder)
        pictures = [r for r in job.references if r.kind == "image"]
        if pictures:
            painting = reference.repaint(scene, read_reference(pictures[0]), width, height)
        else:
            painting = compose.paint(scene, width, height)
        return grade.develop(composite(painting.layers), painting.light, scene.seed)


def read_reference(given: Reference) -> Field:
    """The picture of a reference, no larger than needed. Raises InvalidInput when it cannot be read."""
    try:
        with Image.open(given.path) as image:
            image.draft("RGB", (2048, 2048))
            image.thumbnail((2048, 2048))
            return np.asarray(image.convert("RGB"), np.float32) / np.float32(255.0)
    except (OSError, ValueError, Image.DecompressionBombError):
        raise InvalidInput("references: the image cannot be read") from None


def size_for(ratio: str, pixels: int) -> tuple[int, int]:
    """Width and height of about ``pixels`` in all, each a multiple of 16. Raises InvalidInput."""
    parts = ratio.split(":")
    try:
        w, h = (float(p) for p in parts)
    except ValueError:
        raise InvalidInput(f"aspect_ratio: {ratio!r} is not of the form W:H") from None
    if not (w > 0 and h > 0 and 0.2 <= w / h <= 5):
        raise InvalidInput(f"aspect_ratio: {ratio!r} is outside 1:5 to 5:1")
    width = max(16, round((pixels * w / h) ** 0.5 / 16) * 16)
    height = max(16, round((pixels * h / w) ** 0.5 / 16) * 16)
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
