"""The last step: exposure, bloom, curve, split toning, vignette and grain, from linear light to 8 bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rivya.engines.sketch.light import Light, array
from rivya.engines.sketch.noise import rng_for
from rivya.engines.sketch.raster import Field, blur, power


def develop(
    rgb: Field, light: Light, seed: int, *, bloom: float = 0.5, vignette: float = 0.26, grain: float = 0.012,
    contrast: float = 0.12, saturation: float = 0.94,
) -> NDArray[np.uint8]:  # fmt: skip
    """A finished picture, (h, w, 3) of 8 bits, from linear light."""
    h, w = rgb.shape[:2]
    unit = float(np.sqrt(h * w)) / 1000
    bright = np.maximum(rgb - 0.85, 0.0)
    rgb = rgb + bloom * (0.5 * blur(bright, 9 * unit) + 0.5 * blur(bright, 34 * unit))
    rgb = rgb * _vignette(h, w, vignette)
    shown = power(_shoulder(rgb), 1 / 2.2)
    shown = shown + contrast * shown * (1 - shown) * (2 * shown - 1) * 2
    luma = shown @ np.array([0.3, 0.59, 0.11], np.float32)
    shown = luma[..., None] + (shown - luma[..., None]) * saturation
    t = np.clip(luma, 0, 1)[..., None]
    shown = shown * (array(light.cool) * (1 - t) + array(light.warm) * t)
    if grain:
        speck = rng_for(seed, "grain").standard_normal((h, w), dtype=np.float32)
        shown = shown + (blur(speck, 0.6) * grain * (0.5 + 2.0 * t[..., 0] * (1 - t[..., 0])))[..., None]
    return (np.clip(shown, 0, 1) * 255 + 0.5).astype(np.uint8)


def _shoulder(x: Field) -> Field:
    """Leaves darks and middles alone and rolls highlights off to white, as film does."""
    knee = 0.55
    over = np.maximum(x - knee, 0.0)
    return (np.minimum(x, knee) + (1 - knee) * (1 - np.exp(-over / (1 - knee) * 0.9))).astype(np.float32)


def _vignette(h: int, w: int, amount: float) -> Field:
    y = np.linspace(-1, 1, h, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, w, dtype=np.float32)[None, :]
    r2 = (x * x + y * y) / 2
    return (1.0 - amount * r2**1.4)[..., None].astype(np.float32)
