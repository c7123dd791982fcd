"""A reference picture set in motion: a slow move over it, with nearer parts moving more than far ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rivya.engines.motion.animate import OVERSCAN, Film, Sheet, ease, sheet_of
from rivya.engines.motion.bytes8 import bent, laid_over, moved
from rivya.engines.sketch.backdrops import weather
from rivya.engines.sketch.layers import Layer, View
from rivya.engines.sketch.light import light_for
from rivya.engines.sketch.noise import rng_for
from rivya.engines.sketch.raster import Field, blur
from rivya.engines.sketch.reference import cropped
from rivya.engines.sketch.scene import Scene


def picture_frames(
    picture: Field, scene: Scene, width: int, height: int, count: int, fps: int
) -> Iterator[NDArray[np.uint8]]:
    """``count`` RGB frames that travel over ``picture``; the prompt may add rain or snow."""
    wide, tall = int(width * OVERSCAN), int(height * OVERSCAN)
    base = cropped(picture, wide, tall)
    near = depth_guess(base)
    pixels = (np.clip(base, 0, 1) * 255 + 0.5).astype(np.uint8)
    way = 1.0 if rng_for(scene.seed, "camera").random() < 0.5 else -1.0
    falling = _falling(scene, wide, tall)
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(height, dtype=np.float32)[:, None]
    for i in range(count):
        e = ease(i / max(count - 1, 1))
        zoom = 1.0 + 0.1 * e
        at_x = (x - width / 2) / zoom + wide / 2
        at_y = (y - height / 2) / zoom + tall / 2 - 0.02 * tall * (e - 0.5)
        shown = near[np.clip(at_y, 0, tall - 1).astype(int), np.clip(at_x, 0, wide - 1).astype(int)]
        push = (e - 0.5) * shown
        at_x = at_x + way * push * 0.055 * width + 0 * y
        at_y = at_y - (at_y - tall / 2) * 0.06 * (e * shown) + 0 * x
        frame = bent(pixels, at_x.astype(np.float32), at_y.astype(np.float32))
        for sheet, film in falling:
            rgba, own, wrap = film.living(sheet, i / fps)
            if own is not None:
                frame = laid_over(frame, moved(rgba, own, width, height, wrap=wrap))
        yield frame


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


def _falling(scene: Scene, wide: int, tall: int) -> list[tuple[Sheet, Film]]:
    if scene.weather not in ("rain", "storm", "snow"):
        return []
    view = View(wide, tall, 0.5 * tall)
    light = light_for(scene.time, scene.weather)
    layers: list[Layer] = weather.draw(view, light, scene)
    empty = np.zeros((tall, wide, 3), np.uint8)
    film = Film([], view, scene, wide, tall, empty, empty)
    return [(sheet_of(layer, light, scene, i), film) for i, layer in enumerate(layers)]
