"""Putting a subject into the picture: its shadow, its contact with the ground, its reflection."""

from __future__ import annotations

import numpy as np

from rivya.engines.sketch.layers import View
from rivya.engines.sketch.light import Colour, Light, array, times
from rivya.engines.sketch.noise import Rng, line_noise, sample, texture
from rivya.engines.sketch.raster import Field, blur, line, remap, warp


def paste(canvas: Field, sprite: Field, left: float, top: float) -> None:
    """Lay a premultiplied sprite on ``canvas``, in place; what falls outside is dropped."""
    x, y = round(left), round(top)
    h, w = sprite.shape[:2]
    x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + w, canvas.shape[1]), min(y + h, canvas.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    part = sprite[y0 - y : y1 - y, x0 - x : x1 - x]
    room = canvas[y0:y1, x0:x1]
    room *= 1.0 - part[..., 3:4]
    room += part


def shadow(
    canvas: Field, view: View, light: Light, sprite: Field, left: float, foot: float, z: float, *, strength: float = 1.0
) -> None:
    """The shadow that ``sprite`` casts on flat ground, in place, longer as the sun is lower."""
    h = sprite.shape[0]
    lx, ly, lz = light.direction
    kx = float(np.clip(-lx / max(ly, 0.2), -1.7, 1.7))
    ky = float(np.clip(-lz / max(ly, 0.2) / max(z, 1.5), -0.5, 0.6))
    ky = ky if abs(ky) > 0.05 else (0.07 if lz <= 0.2 else -0.07)
    matrix = np.array([[1.0, -kx, left + kx * h], [0.0, -ky, foot + ky * h - 0.02 * h * np.sign(ky)]])
    cast = warp(sprite[..., 3], matrix, canvas.shape[1], canvas.shape[0])
    cast = 0.6 * blur(cast, 0.008 * h + 0.5) + 0.4 * blur(cast, 0.035 * h + 1)
    y = np.arange(canvas.shape[0], dtype=np.float32)[:, None]
    cast = cast * np.exp(-np.abs(y - foot) / max(1.1 * abs(ky) * h, 2.0) * 0.8)
    _darken(canvas, cast * light.shadow * strength, times(light.ambient, 0.04))


def contact(canvas: Field, sprite: Field, left: float, foot: float, colour: Colour, strength: float = 0.75) -> None:
    """The dark line where a thing touches the ground, drawn from what the sprite has down there."""
    h, w = sprite.shape[:2]
    touching = sprite[int(h * 0.94) :, :, 3].max(axis=0)
    pad = int(0.12 * w) + 4
    row = np.pad(touching, pad)[None, :]
    tall = max(int(0.14 * h), 6)
    strip = np.zeros((tall, row.shape[1]), np.float32)
    strip[int(tall * 0.5) - 1 : int(tall * 0.5) + 1] = row
    soft = 2.6 * blur(strip, 0.02 * w + 1, 0.011 * h + 0.8) + 2.2 * blur(strip, 0.055 * w + 1, 0.022 * h + 1)
    soft = np.clip(soft, 0, 1) * strength
    patch = np.concatenate([soft[..., None] * array(colour), soft[..., None]], axis=2).astype(np.float32)
    paste(canvas, patch, left - pad, foot - tall * 0.5)


def _darken(canvas: Field, alpha: Field, colour: Colour) -> None:
    a = np.clip(alpha, 0, 1)[..., None]
    canvas *= 1.0 - a
    canvas[..., :3] += a * array(colour)
    canvas[..., 3:4] += a


def reflection(
    canvas: Field,
    view: View,
    sprite: Field,
    left: float,
    foot: float,
    rng: Rng,
    *,
    strength: float,
    ripple: float,
    tint: Colour,
) -> None:
    """The sprite upside down below its foot, broken by ripples and fading with depth."""
    h, w = sprite.shape[:2]
    tall = min(int(h * 0.9), max(int(canvas.shape[0] - foot), 1))
    if tall < 2:
        return
    pad = int(0.1 * w) + 2
    below = np.pad(sprite[::-1][:tall], ((0, 0), (pad, pad), (0, 0)))
    y = np.arange(tall, dtype=np.float32)[:, None]
    x = np.arange(below.shape[1], dtype=np.float32)[None, :]
    tex = texture(rng, 128, 1.4, 3)
    deep = 1 + y / max(view.height - view.horizon, 1) * 3
    wave = sample(tex, x / view.width * 1.2 / deep + 0 * y, y / view.height * 9.0 / deep + 0 * x)
    shift = ripple * view.unit * (2.0 + 10.0 * y / max(view.height, 1) * 4) * wave
    shown = remap(below, (x + shift).astype(np.float32), (y + 0.8 * shift + 0 * x).astype(np.float32), clear=True)
    shown = blur(shown, 0.4 + ripple * 0.7 * view.unit, 0.6 + 1.6 * ripple * view.unit)
    fade = strength * np.exp(-y / (0.8 * h))[..., None]
    shown = shown * fade
    shown[..., :3] *= array(tint)
    paste(canvas, shown.astype(np.float32), left - pad, foot)


def tufts(
    canvas: Field, rng: Rng, left: float, right: float, foot: float, tall: float, colour: Field, density: float = 1.0
) -> None:
    """Blades of grass before the foot of a subject, in the colour of the ground there."""
    count = int(np.clip((right - left) / max(tall, 1.0) * 5.0 * density, 6, 260))
    xs = rng.uniform(left, right, count)
    depth = np.sort(rng.random(count))
    for x, d in zip(xs, depth, strict=True):
        size = tall * (0.5 + 0.8 * rng.random()) * (0.6 + 0.4 * d)
        lean = rng.normal(0, 0.35) * size
        base = foot + (d - 0.35) * tall * 0.5
        shade = float(0.55 + 0.75 * rng.random())
        c = colour * shade
        points = np.array([(x, base), (x + lean * 0.35, base - size * 0.6), (x + lean, base - size)])
        line(canvas, points, (float(c[0]), float(c[1]), float(c[2]), 1.0), max(1, round(tall * 0.07)))


def drift(canvas: Field, rng: Rng, left: float, right: float, foot: float, tall: float, colour: Field) -> None:
    """A low bank of snow or sand against the foot of a subject."""
    x0, x1 = max(int(left), 0), min(int(right), canvas.shape[1])
    if x1 - x0 < 4:
        return
    width = x1 - x0
    edge = np.sin(np.linspace(0, np.pi, width)) ** 0.6
    top = foot - tall * edge * (0.45 + 0.18 * line_noise(rng, width, 1.6, 2))
    y = np.arange(canvas.shape[0], dtype=np.float32)[:, None]
    inside = np.clip(y - top[None, :], 0, 1) * np.clip((foot + tall * 0.8 - y) / (tall * 0.8), 0, 1)
    inside = blur(inside.astype(np.float32), max(0.06 * tall, 0.5)) * np.minimum(edge * 2.2, 1)[None, :]
    room = canvas[:, x0:x1]
    room *= 1 - inside[..., None]
    light = np.clip(1.08 - 0.2 * (y - top[None, :]) / max(tall, 1), 0.85, 1.08)
    room[..., :3] += inside[..., None] * colour * light[..., None]
    room[..., 3] += inside
