"""Pictures without a place: abstract waves, patterns, icons and portraits."""

from __future__ import annotations

import colorsys
from dataclasses import replace

import numpy as np

from rivya.engines.sketch import sprites
from rivya.engines.sketch.layers import Layer, View, covered, opaque
from rivya.engines.sketch.light import LIGHTS, Light, array, hexed
from rivya.engines.sketch.noise import Rng, rng_for, sample, smoothstep, texture
from rivya.engines.sketch.raster import Field, blur, disc, polygons
from rivya.engines.sketch.scene import Scene
from rivya.engines.sketch.stage import Stage
from rivya.engines.sketch.stand import paste

SETS = (
    ("1d2a5b", "4056c9", "c85fd0", "ff9a76", "ffe3b0"), ("0f2f3a", "14707a", "3fb8a0", "f2c46a", "f28a5a"),
    ("2a1440", "7a2f8a", "e0487a", "ff9a4a", "ffe07a"), ("12324a", "2f6fb0", "7ab8e0", "f0e6d0", "f2a07a"),
    ("20361f", "4f7a3a", "a8b84a", "f2dc8a", "e8804a"),
)  # fmt: skip
FLAT_LIGHT = replace(
    LIGHTS["day"], sun=(0.85, 0.83, 0.8), ambient=(0.62, 0.62, 0.66), haze_reach=1e6, direction=(-0.55, 0.65, 0.55),
    shadow=0.35, glow=0.0,
    warm=(1.0, 1.0, 1.0), cool=(1.0, 1.0, 1.0),
)  # fmt: skip


def colours(scene: Scene, rng: Rng) -> list[Field]:
    """Five colours from dark to light: of the hue asked for, or one of a few sets picked by the prompt."""
    if scene.palette in sprites.TINTS:
        hue, strength = sprites.TINTS[scene.palette]
        found: list[Field] = []
        for i, level in enumerate((0.16, 0.34, 0.52, 0.7, 0.88)):
            r, g, b = colorsys.hls_to_rgb(((hue + (i - 2) * 13) % 360) / 360, level, 0.75 * strength)
            found.append(array((r**2.2, g**2.2, b**2.2)))
        return found
    pick = int(abs(scene.words[0]) * 7919) if scene.words else int(rng.integers(99))
    return [array(hexed(c)) for c in SETS[pick % len(SETS)]]


def abstract(view: View, light: Light, scene: Scene) -> Stage:
    """Folded sheets of colour, each casting a soft shadow on the one behind."""
    rng = rng_for(scene.seed, "abstract")
    tones = colours(scene, rng)
    x, y = view.grids()
    nx, ny = x / view.width, y / view.height
    tex = texture(rng, 256, 2.2)
    glow = np.exp(-(((nx - 0.7) / 0.5) ** 2 + ((ny - 0.2) / 0.45) ** 2))[..., None]
    stack = [
        Layer("back", opaque((tones[4] * (0.75 + 0.35 * glow) * (1 - 0.25 * ny[..., None])).astype(np.float32)), 0.0)
    ]
    sun = np.zeros((view.height, view.width), np.float32)
    disc(sun, 0.69 * view.width, 0.27 * view.height, 0.11 * min(view.width, view.height))
    stack.append(
        Layer(
            "disc",
            covered(
                (tones[3] * (1.2 - 0.5 * ny[..., None]) * np.ones((1, view.width, 1), np.float32)).astype(np.float32),
                sun,
            ),
            0.1,
        )
    )
    count = 9
    for i in range(count):
        t = i / (count - 1)
        amp = 0.1 * (1 - 0.3 * t)
        edge = (
            0.3
            + 0.68 * t**1.1
            + amp * sample(tex, nx * 0.42 + 0.13 * i, np.full_like(nx, 0.09 * i))
            - 0.05 * np.sin(nx * 3 + i)
        )
        away = (ny - edge) * view.height
        alpha = np.clip(away + 0.5, 0, 1)
        k = (1 - t) * 3.6
        a, b = tones[int(k)], tones[min(int(k) + 1, 4)]
        base = a * (1 - (k % 1)) + b * (k % 1)
        face = (
            base
            * (1.18 - 0.5 * np.clip((ny - edge) * 3.4, 0, 1))[..., None]
            * (0.86 + 0.2 * sample(tex, nx * 0.3 + 0.2 * i, ny * 0.3))[..., None]
        )
        crest = np.exp(-np.maximum(away, 0) / (5 * view.unit))[..., None] * 0.16
        shade = np.exp(-np.maximum(-away, 0) / (26 * view.unit)) * 0.36 * (1 - alpha)
        sheet = covered((face + crest * tones[4]).astype(np.float32), alpha.astype(np.float32))
        sheet += covered(np.broadcast_to(tones[0] * 0.12, face.shape).astype(np.float32), shade.astype(np.float32))
        stack.append(Layer(f"sheet-{i}", sheet, 0.12 + 0.09 * i, "sway"))
    return Stage(FLAT_LIGHT, stack, "none")


def pattern(view: View, light: Light, scene: Scene) -> Stage:
    """A repeat of tiles: the subject if there is one, else geometry."""
    rng = rng_for(scene.seed, "pattern")
    tones = colours(scene, rng)
    size = view.width / round(max(view.width / (min(view.width, view.height) / 4.0), 2))
    base = np.broadcast_to(tones[4] * 0.92, (view.height, view.width, 3)).astype(np.float32).copy()
    canvas = opaque(base)
    nouns = [w.noun for w in scene.subjects]
    for j in range(-1, int(view.height / size) + 2):
        for i in range(-1, int(view.width / size) + 2):
            cx, cy = (i + 0.5 + (0.5 if j % 2 and nouns else 0.0)) * size, (j + 0.5) * size
            if nouns:
                noun = nouns[(i + 2 * j) % len(nouns)]
                one = sprites.lit(sprites.picture(noun, int(size * 0.56)), FLAT_LIGHT, grounded=False)
                if one.shape[1] > size * 0.8:
                    one = sprites.lit(sprites.picture(noun, int(size * 0.4)), FLAT_LIGHT, grounded=False)
                _drop(canvas, one, cx, cy, view)
                disc(canvas, cx + size * 0.5, cy, size * 0.035, (*map(float, tones[(i + j) % 3 + 1]), 1.0))
            else:
                _tile(canvas, cx, cy, size, [tones[k] for k in rng.permutation(5)], rng)
    return Stage(FLAT_LIGHT, [Layer("pattern", canvas, 0.2)], "none")


def _drop(canvas: Field, one: Field, cx: float, cy: float, view: View) -> None:
    shade = blur(np.pad(one[..., 3], 12), 4 * view.unit) * 0.3
    dark = np.zeros((*shade.shape, 4), np.float32)
    dark[..., 3] = shade
    left, top = cx - one.shape[1] / 2, cy - one.shape[0] / 2
    paste(canvas, dark, left - 12 + 5 * view.unit, top - 12 + 8 * view.unit)
    paste(canvas, one, left, top)


def _tile(canvas: Field, cx: float, cy: float, size: float, tones: list[Field], rng: Rng) -> None:
    h = size / 2 + 0.5
    square = np.array([(cx - h, cy - h), (cx + h, cy - h), (cx + h, cy + h), (cx - h, cy + h)])
    polygons(canvas, [square], (*map(float, tones[0]), 1.0))
    kind = int(rng.integers(4))
    corner = square[int(rng.integers(4))]
    if kind == 0:
        a = np.linspace(0, 2 * np.pi, 97)
        for r, tone in ((1.0, tones[1]), (0.66, tones[2]), (0.33, tones[3])):
            ring = np.clip(
                corner + np.stack([np.cos(a), np.sin(a)], axis=1) * size * r, (cx - h, cy - h), (cx + h, cy + h)
            )
            polygons(canvas, [ring], (*map(float, tone), 1.0))
    elif kind == 1:
        k = int(rng.integers(4))
        polygons(
            canvas, [np.array([square[k], square[(k + 1) % 4], square[(k + 2) % 4]])], (*map(float, tones[1]), 1.0)
        )
    elif kind == 2:
        disc(canvas, cx, cy, size * 0.36, (*map(float, tones[1]), 1.0))
        disc(canvas, cx, cy, size * 0.17, (*map(float, tones[2]), 1.0))
    else:
        for s in (-1, 1):
            polygons(
                canvas,
                [np.array([(cx, cy - h), (cx + s * h, cy), (cx, cy + h), (cx + s * h * 0.2, cy)])],
                (*map(float, tones[1 if s > 0 else 2]), 1.0),
            )


def icon(view: View, light: Light, scene: Scene) -> Stage:
    """A rounded tile with a soft gradient, made to carry one thing."""
    rng = rng_for(scene.seed, "icon")
    tones = colours(scene, rng)
    x, y = view.grids()
    size = 0.36 * min(view.width, view.height)
    cx, cy = view.width / 2, view.height / 2
    d = (np.abs((x - cx) / size) ** 5 + np.abs((y - cy) / size) ** 5) ** 0.2
    mask = np.clip((1 - d) * size + 0.5, 0, 1)
    back = (
        np.broadcast_to(array(hexed("eceaf1")), (view.height, view.width, 3))
        * (1.0 - 0.07 * (y / view.height))[..., None]
    )
    shade = blur(mask.astype(np.float32), 24 * view.unit)
    shade = np.roll(shade, int(22 * view.unit), 0) * 0.34
    t = np.clip(((x - cx) + (y - cy)) / (3.4 * size) + 0.5, 0, 1)[..., None]
    face = tones[3] * (1 - t) + tones[1] * t
    gloss = np.exp(-(((x - cx + size * 0.5) / size) ** 2 + ((y - cy + size * 0.8) / size) ** 2) * 1.6)[..., None] * 0.22
    rim = smoothstep(0.955, 1.0, d)[..., None] * 0.1 * (1 - t)
    tile = covered(
        np.broadcast_to(tones[0] * 0.3, face.shape).astype(np.float32), (shade * (1 - mask)).astype(np.float32)
    )
    tile += covered((face + gloss + rim).astype(np.float32), mask.astype(np.float32))
    return Stage(FLAT_LIGHT, [Layer("back", opaque(back.astype(np.float32)), 0.0), Layer("tile", tile, 0.3)], "none")


def portrait(view: View, light: Light, scene: Scene) -> Stage:
    """A soft backdrop with a light behind the sitter."""
    rng = rng_for(scene.seed, "portrait")
    tones = colours(scene, rng)
    x, y = view.grids()
    tex = texture(rng, 256, 2.0)
    halo = np.exp(-(((x / view.width - 0.5) / 0.42) ** 2 + ((y / view.height - 0.46) / 0.42) ** 2))[..., None]
    cloth = (1 + 0.09 * sample(tex, x / view.width * 0.8, y / view.height * 0.8))[..., None]
    rgb = (tones[1] * 0.55 * (1 - halo) + (tones[2] * 0.6 + tones[3] * 0.4) * halo) * cloth
    stage_light = replace(FLAT_LIGHT, direction=(-0.6, 0.5, 0.45), ambient=(0.5, 0.5, 0.56), sun=(1.0, 0.95, 0.86))
    return Stage(stage_light, [Layer("backdrop", opaque(rgb.astype(np.float32)), 0.05)], "none")
