"""A reference picture set in motion: a slow move over it, with nearer parts moving more than far ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rivya.engines.motion.animate import Film, Sheet, ease, sheet_of
from rivya.engines.motion.bytes8 import bent, laid_over, moved
from rivya.engines.sketch.backdrops import weather
from rivya.engines.sketch.layers import Layer, View
from rivya.engines.sketch.light import light_for
from rivya.engines.sketch.noise import rng_for
from rivya.engines.sketch.raster import Field, blur, resize
from rivya.engines.sketch.reference import cropped
from rivya.engines.sketch.scene import Scene

_FINER = 1.14
"""How much finer than the film the picture is kept, for the moment when the camera is nearest."""
_ZOOM, _NEARER, _ASIDE, _UP = 0.14, 0.06, 0.018, 0.02
"""How far the camera goes: in, further in where something is near, aside, up; together never off the picture.

Little aside: an upright thing, of which only the foot is taken to be near, would lean.
"""


def picture_frames(
    picture: Field, scene: Scene, width: int, height: int, count: int, fps: int
) -> Iterator[NDArray[np.uint8]]:
    """``count`` RGB frames that begin with the whole ``picture`` and move into it; the prompt may add rain or snow."""
    wide, tall = int(width * _FINER), int(height * _FINER)
    base = cropped(picture, wide, tall)
    near = resize(depth_guess(base), width, height)
    pixels = (np.clip(base, 0, 1) * 255 + 0.5).astype(np.uint8)
    way = 1.0 if rng_for(scene.seed, "camera").random() < 0.5 else -1.0
    falling = _falling(scene, width, height)
    x = np.arange(width, dtype=np.float32)[None, :] + 0.5 - width / 2
    y = np.arange(height, dtype=np.float32)[:, None] + 0.5 - height / 2
    for i in range(count):
        e = ease(i / max(count - 1, 1))
        zoom = 1.0 + _ZOOM * e
        seen = (1.0 - _NEARER * e * near) / zoom
        at_x = x * seen + way * _ASIDE * width * e * near
        at_y = y * seen - _UP * height * e
        frame = bent(pixels, _in_picture(at_x, width, wide), _in_picture(at_y, height, tall))
        for sheet, film in falling:
            rgba, own, wrap = film.living(sheet, i / fps)
            if own is not None:
                frame = laid_over(frame, moved(rgba, own, width, height, wrap=wrap))
        yield frame


def _in_picture(at: Field, size: int, fine: int) -> Field:
    """From pixels off the film's middle to pixels of the finer picture."""
    return ((at + size / 2) * (fine / size) - 0.5).astype(np.float32)


def depth_guess(picture: Field) -> Field:
    """How near each part is likely to be, 0..1: lower, more detailed and more saturated parts are nearer."""
    h, w = picture.shape[:2]
    down = np.linspace(0, 1, h, dtype=np.float32)[:, None] * np.ones((1, w), np.float32)
    grey = picture.mean(axis=2).astype(np.float32)
    detail = blur(np.abs(grey - blur(grey, 0.01 * w)), 0.03 * w)
    colour = blur((picture.max(axis=2) - picture.min(axis=2)).astype(np.float32), 0.03 * w)
    middle = 1 - np.abs(np.linspace(-1, 1, w, dtype=np.float32))[None, :] ** 2
    guess = 0.5 * down + 0.9 * detail / (float(detail.max()) + 1e-6) * 0.3 + 0.2 * colour + 0.15 * middle
    guess = blur(guess.astype(np.float32), 0.02 * w)
    low, high = float(guess.min()), float(guess.max())
    return ((guess - low) / max(high - low, 1e-6)).astype(np.float32)


def _falling(scene: Scene, width: int, height: int) -> list[tuple[Sheet, Film]]:
    if scene.weather not in ("rain", "storm", "snow"):
        return []
    view = View(width, height, 0.5 * height)
    light = light_for(scene.time, scene.weather)
    layers: list[Layer] = weather.draw(view, light, scene)
    empty = np.zeros((height, width, 3), np.uint8)
    film = Film([], view, scene, width, height, empty, empty)
    return [(sheet_of(layer, light, scene, i), film) for i, layer in enumerate(layers)]
