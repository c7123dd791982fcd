"""Ground with real relief: a height field seen in perspective, lit, hazed and cut into depth bands.

Heights are sampled on a grid of columns by distances that widens with perspective, so detail is spent where
it is seen. A column's visible surface is where its rows first rise above everything nearer, found by search.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rivya.engines.sketch.layers import View
from rivya.engines.sketch.light import Light, array
from rivya.engines.sketch.raster import Field, blur, remap, resize

HeightOf = Callable[[Field, Field], Field]
"""World x and z (in camera heights) to ground height."""
AlbedoOf = Callable[["Grid"], Field]
"""The colour of the ground itself, (slices, columns, 3)."""


@dataclass(slots=True)
class Grid:
    """The ground at each column and distance."""

    x: Field
    z: Field
    height: Field
    normal: Field
    slope: Field
    """1 on flat ground, towards 0 on cliffs."""


@dataclass(slots=True)
class Ground:
    """What is seen of the ground."""

    rgb: Field
    z: Field
    """Distance at each pixel; infinite in the sky."""
    alpha: Field
    water: Field
    """1 where the ground lies below water."""
    height_at: Callable[[float, float], float]

    def nearer(self, far: float) -> Field:
        """All ground nearer than ``far`` as premultiplied RGBA, so that layers laid over each other leave no seam."""
        alpha = self.alpha if np.isinf(far) else np.minimum(self.alpha, blur((self.z < far).astype(np.float32), 0.6))
        return np.concatenate([self.rgb * alpha[..., None], alpha[..., None]], axis=2).astype(np.float32)


def ground(
    view: View, light: Light, height_of: HeightOf, albedo_of: AlbedoOf, *, far: float = 70.0, water: bool = False,
    slices: int = 420, gloss: float = 0.0, shadow: float = 1.0,
) -> Ground:  # fmt: skip
    """See the ground through ``view`` under ``light``."""
    grid = _grid(view, height_of, far, slices)
    rgb = _shade(grid, albedo_of(grid), light, gloss, shadow)
    sea = (grid.height < 0).astype(np.float32) if water else np.zeros_like(grid.height)
    shown = np.maximum(grid.height, 0.0) if water else grid.height
    return _see(view, grid, shown, rgb, sea, height_of)


def _grid(view: View, height_of: HeightOf, far: float, slices: int) -> Grid:
    near = 0.72 * view.focal / (view.height - view.horizon)
    z = np.geomspace(near, far, slices).astype(np.float32)[:, None]
    columns = np.arange(view.width, dtype=np.float32)[None, :] - view.width / 2
    x = columns / view.focal * z
    z = np.broadcast_to(z, x.shape).astype(np.float32)
    h = height_of(x, z).astype(np.float32)
    dx = np.gradient(h, axis=1) / np.maximum(np.gradient(x, axis=1), 1e-6)
    dz = np.gradient(h, axis=0) / np.maximum(np.gradient(z, axis=0), 1e-6)
    normal = np.stack([-dx, np.ones_like(h), dz], axis=2)
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    return Grid(x, z, h, normal.astype(np.float32), normal[..., 1].astype(np.float32))


def _shade(grid: Grid, albedo: Field, light: Light, gloss: float, shadow: float) -> Field:
    towards = array(light.direction)
    towards = towards / np.linalg.norm(towards)
    lit = np.clip(grid.normal @ towards + 0.08, 0.0, 1.0)
    lit = lit * (1.0 - 0.8 * shadow * _cast(grid, towards))
    hollow = np.clip(1.0 + (grid.height - blur(grid.height, 14.0)) * 0.9 / (1 + grid.z * 0.06), 0.55, 1.25)
    sky = (0.6 + 0.4 * grid.normal[..., 1]) * hollow
    rgb = albedo * (lit[..., None] * array(light.sun) + sky[..., None] * array(light.ambient))
    if gloss:
        half = towards + np.array([0, 0, 1], np.float32)
        half /= np.linalg.norm(half)
        rgb = rgb + (np.clip(grid.normal @ half, 0, 1) ** 40)[..., None] * array(light.sun) * gloss
    lost = 1.0 - np.exp(-np.maximum(grid.z - 3.0, 0.0) / light.haze_reach)
    glow = np.exp(-((grid.x / grid.z - (light.sun_x - 0.5) * 0.9) ** 2) * 5.0) * (0.3 if light.visible else 0.08)
    haze = array(light.haze) + glow[..., None] * array(light.sun) * light.glow * 0.5
    return (rgb * (1 - lost[..., None]) + haze * lost[..., None]).astype(np.float32)


def _cast(grid: Grid, towards: Field) -> Field:
    """How much of the sun a nearer or taller part of the ground takes away, 0..1 (a short march)."""
    dark = np.zeros_like(grid.height)
    n, w = grid.height.shape
    step = np.array([1.2, 3.0, 6.0, 11.0, 18.0, 28.0], np.float32) * 0.12
    ratio = np.log(grid.z[-1, 0] / grid.z[0, 0]) / (n - 1)
    cols = np.arange(w, dtype=np.float32)[None, :]
    focal = cols.shape[1] / max(float(np.ptp(grid.x[0] / grid.z[0])), 1e-6)
    for s in step:
        reach = s * (0.4 + grid.z * 0.12)
        x, z = grid.x + towards[0] * reach, np.maximum(grid.z - towards[2] * reach, grid.z[0, 0])
        row = np.log(z / grid.z[0, 0]) / ratio
        col = x / z * focal + w / 2
        there = remap(grid.height, col.astype(np.float32), row.astype(np.float32))
        over = there - (grid.height + max(float(towards[1]), 0.12) * reach)
        dark = np.maximum(dark, np.clip(over / (0.12 * reach + 0.02), 0.0, 1.0))
    return blur(dark.astype(np.float32), 1.2)


def _see(view: View, grid: Grid, shown: Field, rgb: Field, sea: Field, height_of: HeightOf) -> Ground:
    n, w = shown.shape
    rows = view.horizon + view.focal * (1.0 - shown) / grid.z
    top = np.minimum.accumulate(rows, axis=0)
    tall = view.height * 2
    wanted = (np.arange(tall, dtype=np.float32) + 0.5) / 2
    found = np.empty((tall, w), np.int64)
    for c in range(w):
        found[:, c] = n - np.searchsorted(top[::-1, c], wanted, side="right")
    hit = found < n
    index = np.clip(found, 1, n - 1)
    cols: NDArray[np.int64] = np.broadcast_to(np.arange(w, dtype=np.int64), (tall, w))
    below, above = rows[index - 1, cols], rows[index, cols]
    t = np.clip((below - wanted[:, None]) / np.maximum(below - above, 1e-3), 0.0, 1.0)
    at_y, at_x = (index - 1 + t).astype(np.float32), cols.astype(np.float32)
    colour = resize(remap(rgb, at_x, at_y), w, view.height)
    depth = np.where(hit, remap(grid.z, at_x, at_y), np.inf)
    alpha = hit.astype(np.float32).reshape(view.height, 2, w).mean(axis=1)
    water = (remap(sea, at_x, at_y) * hit).reshape(view.height, 2, w).mean(axis=1)

    def height_at(x: float, z: float) -> float:
        return float(height_of(np.array([[x]], np.float32), np.array([[z]], np.float32))[0, 0])

    return Ground(colour, depth[::2].astype(np.float32), alpha.astype(np.float32), water.astype(np.float32), height_at)
