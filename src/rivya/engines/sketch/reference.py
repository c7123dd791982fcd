"""Redrawing a reference picture: flattened to painted planes, then given the prompt's light, weather and subjects."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rivya.engines.sketch import place, sprites, stand
from rivya.engines.sketch.backdrops import weather
from rivya.engines.sketch.compose import Painting
from rivya.engines.sketch.layers import Box, Layer, View, clear, opaque
from rivya.engines.sketch.light import Light, array, light_for, mix
from rivya.engines.sketch.noise import rng_for, sample, smoothstep, texture
from rivya.engines.sketch.raster import Field, bilateral, blur, power, remap, resize
from rivya.engines.sketch.scene import Scene
from rivya.engines.sketch.stage import Stage
from rivya.engines.sketch.terrain import Ground


def repaint(scene: Scene, picture: Field, width: int, height: int) -> Painting:
    """The reference ``picture`` (sRGB, 0..1) as layers under the light that the prompt asks for."""
    view = View(width, height, _horizon(picture) * height)
    named = scene.time != "day" or scene.weather != "clear"
    light = light_for(scene.time, scene.weather)
    light = replace(light, haze=mix(light.haze, _mean(picture), 0.5), visible=False)
    base = brushed(cropped(picture, width, height), view, scene.seed)
    base = power(base, 2.2)
    if named:
        base = relit(base, view, light)
    stack = [Layer("picture", opaque(base), 0.1)]
    flat = np.full((height, width), 3.0, np.float32)
    ground = Ground(base, flat, np.ones_like(flat), np.zeros_like(flat), lambda _x, _z: 0.0)
    stage = Stage(light, stack, "floor", ground, foot=0.62)
    boxes: list[Box] = []
    asked = replace(scene, kind="garden")
    for spot in place.spots(view, asked, stage):
        canvas = clear(view)
        sprite = sprites.lit(
            sprites.tinted(sprites.picture(spot.wish.noun, max(8, round(spot.height))), spot.wish.tint), light, spot.z
        )
        left = spot.x - sprite.shape[1] / 2
        if spot.mode == "ground":
            stand.shadow(canvas, view, light, sprite, left, spot.foot, spot.z)
            stand.contact(canvas, sprite, left, spot.foot, (0.02, 0.02, 0.03))
        stand.paste(canvas, sprite, left, spot.foot - sprite.shape[0])
        stack.append(Layer(f"subject:{spot.wish.noun}", canvas, 0.5, "float" if spot.mode == "air" else "still"))
        boxes.append(Box(spot.wish.noun, left, spot.foot - sprite.shape[0], left + sprite.shape[1], spot.foot))
    stack += weather.draw(view, light, scene)
    return Painting(stack, light, boxes, view)


def cropped(picture: Field, width: int, height: int) -> Field:
    """The middle of ``picture`` at another shape and size."""
    h, w = picture.shape[:2]
    scale = max(width / w, height / h)
    # Cut first, then resize: a picture a thousand times as wide as high would else become a huge one.
    tall, wide = max(1, round(height / scale)), max(1, round(width / scale))
    y, x = (h - tall) // 2, (w - wide) // 2
    return np.clip(resize(picture[y : y + tall, x : x + wide], width, height, smooth=True), 0, 1)


def brushed(picture: Field, view: View, seed: int) -> Field:
    """Edges kept, detail gathered into strokes that follow the picture's own lines."""
    flat = picture
    for _ in range(2):
        flat = bilateral(flat, 9, 0.12, 5.0)
    grey = blur(flat.mean(axis=2).astype(np.float32), 3 * view.unit)
    gy, gx = np.gradient(grey)
    angle = blur(np.stack([gx * gx - gy * gy, 2 * gx * gy], axis=2).astype(np.float32), 6 * view.unit)
    theta = 0.5 * np.arctan2(angle[..., 1], angle[..., 0]) + np.pi / 2
    x, y = view.grids()
    dx, dy = np.cos(theta), np.sin(theta)
    total, step = flat.copy(), 1.6 * max(view.unit, 0.5)
    for k in (-3, -2, -1, 1, 2, 3):
        total += remap(flat, (x + k * step * dx).astype(np.float32), (y + k * step * dy).astype(np.float32))
    painted = total / 7
    tex = texture(rng_for(seed, "canvas"), 256, 0.9, 4)
    along = sample(tex, (x * dx + y * dy) / 700 / view.unit, (y * dx - x * dy) / 110 / view.unit)
    relief = 1 + 0.035 * along[..., None]
    detail = picture - blur(picture, 1.5 * view.unit)
    return np.clip((painted + 0.35 * detail) * relief, 0, 1).astype(np.float32)


def relit(base: Field, view: View, light: Light) -> Field:
    """Day turned to another hour or weather: key and fill in its colours, glow where the sun would be."""
    x, y = view.grids()
    luma = (base @ np.array([0.3, 0.59, 0.11], np.float32))[..., None]
    up = np.clip(1 - y / max(view.horizon, 1.0), 0, 1)[..., None]
    key = array(light.sun) * 0.45 + array(light.ambient) * 0.75 + 0.04
    sky = array(light.zenith) * up + array(light.horizon) * (1 - up)
    tinted = (base * 0.75 + luma * 0.25) * key
    bright = smoothstep(0.3, 0.85, luma) * smoothstep(0.0, 0.35, up)
    tinted = tinted * (1 - 0.55 * bright) + sky * (0.45 + 0.55 * luma) * 0.55 * bright
    near = np.hypot((x - light.sun_x * view.width) / view.width, (y - view.horizon * (1 - light.sun_y)) / view.height)
    return (tinted + np.exp(-near * 4.5)[..., None] * array(light.sun) * light.glow * 0.22).astype(np.float32)


def _horizon(picture: Field) -> float:
    """The row, as a part of the height, below which the picture is darkest against what is above it."""
    small = resize(picture, 16, 48).mean(axis=(1, 2))
    best = max(range(14, 34), key=lambda i: float(small[:i].mean() - small[i:].mean()))
    return best / 48


def _mean(picture: Field) -> tuple[float, float, float]:
    r, g, b = (power(picture, 2.2)).mean(axis=(0, 1))
    return float(r), float(g), float(b)
