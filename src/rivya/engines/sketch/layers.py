"""The picture as a stack of transparent layers, each at its own depth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from rivya.engines.sketch.raster import Field

Motion = Literal["still", "drift", "ripple", "twinkle", "rain", "snow", "bob", "drive", "float", "sway"]


@dataclass(slots=True)
class Layer:
    name: str
    rgba: Field
    """Linear light, premultiplied, as large as the frame."""
    depth: float
    """How much it moves with the camera: 0 is the sky, 1 is what stands right before us."""
    motion: Motion = "still"


@dataclass(frozen=True, slots=True)
class Box:
    """Where a subject is drawn, in pixels of the frame."""

    noun: str
    left: float
    top: float
    right: float
    bottom: float


@dataclass(slots=True)
class View:
    """A camera one unit above the ground, looking level."""

    width: int
    height: int
    horizon: float
    """Row of the horizon in pixels."""
    focal: float = 0.0
    boxes: list[Box] = field(default_factory=list[Box])

    def __post_init__(self) -> None:
        self.focal = self.focal or 0.95 * max(self.width, self.height)

    @property
    def unit(self) -> float:
        """Pixels that a detail of 1/1000 of the frame takes, so drawings look alike at any size."""
        return float(np.sqrt(self.width * self.height)) / 1000.0

    def row_to_z(self, row: float) -> float:
        """Distance of flat ground seen at ``row``."""
        return self.focal / max(row - self.horizon, 1e-3)

    def grids(self) -> tuple[Field, Field]:
        """Pixel positions x (1, w) and y (h, 1)."""
        x = np.arange(self.width, dtype=np.float32)[None, :]
        y = np.arange(self.height, dtype=np.float32)[:, None]
        return x, y


def opaque(rgb: Field) -> Field:
    """RGB as a layer without holes."""
    return np.concatenate([rgb, np.ones((*rgb.shape[:2], 1), np.float32)], axis=2).astype(np.float32)


def covered(rgb: Field, alpha: Field) -> Field:
    """RGB seen through ``alpha``."""
    return np.concatenate([rgb * alpha[..., None], alpha[..., None]], axis=2).astype(np.float32)


def over(top: Field, below: Field) -> Field:
    """Lay premultiplied ``top`` on ``below``; ``below`` may be RGB or RGBA."""
    n = below.shape[2]
    return (top[..., :n] + below * (1.0 - top[..., 3:4])).astype(np.float32)


def composite(stack: Sequence[Layer]) -> Field:
    """The stack seen from the front: RGB, linear light."""
    h, w = stack[0].rgba.shape[:2]
    out = np.zeros((h, w, 3), np.float32)
    for layer in stack:
        alpha = layer.rgba[..., 3:4]
        out *= 1.0 - alpha
        out += layer.rgba[..., :3]
    return out


def clear(view: View) -> Field:
    return np.zeros((view.height, view.width, 4), np.float32)
