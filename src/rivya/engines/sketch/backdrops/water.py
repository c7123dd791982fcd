"""Water: what lies behind it mirrored row by row, bent by waves, with depth's own colour and the sun's path."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rivya.engines.sketch.backdrops.sky import sun_at
from rivya.engines.sketch.layers import Layer, View, covered
from rivya.engines.sketch.light import Light, array, hexed
from rivya.engines.sketch.noise import Rng, interp, sample, smoothstep, texture
from rivya.engines.sketch.raster import Field, blur, remap

DEEP = {"sea": "0d4766", "lake": "123f4a", "river": "1d4a48", "beach": "118a9c", "island": "128a9e"}


def surface(
    view: View, light: Light, behind: Field, rng: Rng, *, kind: str = "sea", rough: float = 1.0,
    mask: Field | None = None, shore: Field | None = None, height: Field | None = None,
) -> Layer:  # fmt: skip
    """Water below the horizon, or inside ``mask`` with its far edge at the rows ``shore``."""
    x, y = view.grids()
    edge = np.full((1, view.width), view.horizon, np.float32) if shore is None else shore[None, :]
    below = np.maximum(y - view.horizon, 0.6)
    z = np.minimum(view.focal / below, 120.0)
    wx = (x - view.width / 2) / view.focal * z
    tex = texture(rng, 512, 1.55, 3)
    swell = sample(tex, wx * 0.05 + 0.2, np.broadcast_to(z * 0.16, wx.shape))
    chop = sample(tex, wx * 0.22, np.broadcast_to(z * 0.75 + 0.3, wx.shape)) * np.exp(-z / 16.0)
    fine = sample(tex, wx * 0.8 + 0.5, np.broadcast_to(z * 2.2, wx.shape)) * np.exp(-z / 5.0)
    slope = (0.5 * swell + 0.6 * chop + 0.35 * fine) * rough
    reach = (y - edge) * (0.32 + 0.1 * rough) + 2.0 * view.unit
    row = 2 * edge - y - np.abs(slope) * reach * 0.75 + 2.0
    col = x + slope * 5.0 * rough * view.unit + 0 * y
    mirror = remap(
        blur(behind, 0.6 * view.unit + 0.3, 2.0 * rough * view.unit + 0.4),
        col.astype(np.float32),
        np.clip(row, 0, None).astype(np.float32),
    )
    t = np.clip((y - view.horizon) / max(view.height - view.horizon, 1.0), 0, 1)
    fresnel = np.clip(0.94 - 0.62 * t**0.7 - 0.26 * slope * (0.35 + t), 0.1, 0.96)[..., None]
    glow = array(light.sun) * 0.55 + array(light.ambient) * 0.75
    deep = array(hexed(DEEP.get(kind, DEEP["sea"]))) * glow
    crest = np.clip(slope * 0.5, -0.3, 0.9)[..., None] * array(light.ambient) * deep * 1.2
    rgb = mirror * fresnel + (deep + crest) * (1 - fresnel)
    if kind in ("beach", "island"):
        shallow = (
            np.exp(-np.maximum(-height, 0) / 0.05)[..., None]
            if height is not None
            else smoothstep(0.15, 0.8, t)[..., None]
        )
        rgb = rgb * (1 - 0.6 * shallow) + array(hexed("7fd6cf")) * glow * 0.75 * shallow * 0.6
    rgb = rgb + _glitter(view, light, slope, rng)
    if rough > 1.4:
        foam = smoothstep(1.5, 2.3, (0.6 * swell + chop + 0.5 * fine) * (0.6 + 0.4 * t))[..., None] * 0.75
        rgb = rgb * (1 - foam) + (array(light.ambient) + array(light.sun) * 0.5) * 0.85 * foam
    cover = (y >= view.horizon).astype(np.float32) * np.ones_like(x) if mask is None else mask
    return Layer("water", covered(rgb.astype(np.float32), cover.astype(np.float32)), 0.35, "ripple")


def _glitter(view: View, light: Light, slope: Field, rng: Rng) -> Field:
    """The sun's or moon's broken path towards us."""
    if not light.visible:
        bright = smoothstep(1.35, 2.2, slope)[..., None]
        return bright * (array(light.sun) * 0.18 + array(light.ambient) * 0.06)
    sx, _ = sun_at(view, light)
    x, y = view.grids()
    t = np.clip((y - view.horizon) / max(view.height - view.horizon, 1.0), 0, 1)
    width = view.width * (0.03 + 0.13 * t)
    path = np.exp(-(((x - sx) / width) ** 2))
    sparks = smoothstep(0.0, 1.5, slope + 0.95 * path - 0.35) * path
    return (sparks * (0.9 - 0.35 * t) * (0.8 if light.moon else 1.0))[..., None] * array(light.sun) * 1.35


def shoreline(mask: Field, view: View) -> Field:
    """The far edge of the water in each column, smoothed; the horizon where there is none."""
    wet: NDArray[np.bool_] = np.asarray(mask > 0.5)
    columns = np.flatnonzero(wet.any(axis=0))
    if columns.size == 0:
        return np.full(int(mask.shape[1]), view.horizon, np.float32)
    first = np.asarray(wet.argmax(axis=0), np.float64)[columns]
    filled = interp(np.arange(int(mask.shape[1]), dtype=np.float64), columns.astype(np.float64), first)
    return blur(filled[None, :], 10 * view.unit, 0.01)[0]
