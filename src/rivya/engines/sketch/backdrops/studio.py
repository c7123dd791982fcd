"""A photographer's studio: seamless paper, one soft key light, a plinth."""

from __future__ import annotations

import colorsys
from dataclasses import replace

import numpy as np

from rivya.engines.sketch.layers import Layer, View, clear, covered, opaque
from rivya.engines.sketch.light import LIGHTS, Colour, Light, array, hexed, mix
from rivya.engines.sketch.noise import Rng, rng_for, sample, smoothstep, texture
from rivya.engines.sketch.raster import Field, blur, ellipse, polygons
from rivya.engines.sketch.scene import Scene
from rivya.engines.sketch.sprites import TINTS
from rivya.engines.sketch.stage import Stage
from rivya.engines.sketch.terrain import Ground

PAPERS = ("e3cdb8", "c9d3c4", "e6c4bc", "c6cfdd", "dcd6cc", "d9c6d6", "e9d5a8")
STUDIO_LIGHT = replace(
    LIGHTS["day"], sun=(0.98, 0.95, 0.9), ambient=(0.5, 0.5, 0.53), haze_reach=1e6, direction=(-0.6, 0.62, 0.5),
    shadow=0.34, glow=0.0, warm=(1.02, 1.0, 0.98), cool=(0.98, 0.99, 1.03),
)  # fmt: skip


def paper_colour(scene: Scene, rng: Rng) -> Colour:
    """The colour asked for, softened, or one of a few quiet ones."""
    if scene.palette in ("white", "silver", "grey", "gray"):
        return hexed("e9e8e6" if scene.palette == "white" else "b9bcc2")
    if scene.palette == "black":
        return hexed("2b2b31")
    if scene.palette in TINTS:
        hue, strength = TINTS[scene.palette]
        r, g, b = colorsys.hls_to_rgb(hue / 360, 0.8, 0.34 * strength)
        return (r**2.2, g**2.2, b**2.2)
    return hexed(PAPERS[int(rng.integers(len(PAPERS)))])


def glaze_colour(scene: Scene) -> Colour | None:
    """The colour asked for as a glaze: deeper than the paper behind it."""
    if scene.palette not in TINTS:
        return None
    hue, strength = TINTS[scene.palette]
    level = {"white": 0.9, "black": 0.14, "silver": 0.7, "grey": 0.5, "gray": 0.5}.get(scene.palette, 0.56)
    r, g, b = colorsys.hls_to_rgb(hue / 360, level, 0.5 * strength)
    return (r**2.2, g**2.2, b**2.2)


def draw(view: View, light: Light, scene: Scene) -> Stage:
    rng = rng_for(scene.seed, "studio")
    light = STUDIO_LIGHT
    paper = paper_colour(scene, rng)
    sweep = _sweep(view, paper, rng)
    stack = [Layer("sweep", opaque(sweep), 0.02)]
    panel = clear(view)
    if scene.palette not in ("white",):
        _arch(panel, view, paper, rng)
        stack.append(Layer("panel", panel, 0.12))
    top = plinth_top(view)
    stand = clear(view)
    _plinth(stand, view, paper, top)
    stack.append(Layer("plinth", stand, 0.3))
    below = sweep * (1 - stand[..., 3:4]) + stand[..., :3]
    flat = np.ones((view.height, view.width), np.float32)
    ground = Ground(below.astype(np.float32), flat * 3, flat, flat * 0, lambda _x, _z: 0.0)
    return Stage(light, stack, "floor", ground, focus=0.6)


def plinth_top(view: View) -> tuple[float, float, float, float]:
    """Centre, row, and half axes of the plinth's upper face."""
    rx = 0.31 * min(view.width, view.height * 1.15)
    return 0.5 * view.width, 0.755 * view.height, rx, rx * 0.2


def above_plinth(view: View) -> Field:
    """1 wherever something standing on the plinth, or its shadow and reflection there, may be seen."""
    cx, cy, rx, ry = plinth_top(view)
    inside = np.zeros((view.height, view.width), np.float32)
    ellipse(inside, cx, cy, rx, ry)
    polygons(inside, [np.array([(0, 0), (view.width, 0), (view.width, cy), (0, cy)])])
    return inside[..., None]


def _sweep(view: View, paper: Colour, rng: Rng) -> Field:
    """Wall runs into floor without an edge; a pool of light falls from the upper left."""
    x, y = view.grids()
    nx, ny = x / view.width, y / view.height
    bend = smoothstep(0.5, 0.82, ny)
    pool = np.exp(-(((nx - 0.36) / 0.55) ** 2 + ((ny - 0.38) / 0.55) ** 2))
    floor = np.exp(-(((nx - 0.44) / 0.62) ** 2 + ((ny - 0.95) / 0.42) ** 2))
    level = (0.6 + 0.52 * pool) * (1 - bend) + (0.62 + 0.42 * floor) * bend
    level = level * (1 - 0.1 * np.exp(-(((ny - 0.655) / 0.05) ** 2)))
    level = level * (1 - 0.34 * _gobo(view, nx, ny, rng) * (1 - bend * 0.7))
    warm = array((1.03, 1.0, 0.965)) * level[..., None] + array((0.0, 0.004, 0.012))
    grain = 1 + 0.006 * sample(texture(rng, 256, 0.6), nx * 3, ny * 3)
    return (array(paper) * warm * grain[..., None]).astype(np.float32)


def _gobo(view: View, nx: Field, ny: Field, rng: Rng) -> Field:
    """The soft shadow of leaves somewhere between the lamp and the wall."""
    mask = np.zeros((view.height, view.width), np.float32)
    for _ in range(3):
        x0, y0 = rng.uniform(0.5, 0.9) * view.width, rng.uniform(-0.1, 0.1) * view.height
        bend = rng.uniform(-0.6, 0.6)
        for i in range(11):
            t = i / 10
            sx, sy = x0 - t * 0.32 * view.width * (1 + bend * t), y0 + t * 0.52 * view.height
            for side in (-1, 1):
                a = np.arctan2(0.52, -0.32) + side * 0.8
                size = (0.13 - 0.06 * t) * view.height
                tip = (sx + np.cos(a) * size, sy + np.sin(a) * size)
                mid = np.array([(sx + tip[0]) / 2, (sy + tip[1]) / 2])
                across = np.array([-np.sin(a), np.cos(a)]) * size * 0.13
                polygons(mask, [np.array([(sx, sy), mid + across, tip, mid - across])])
    return blur(mask, 13 * view.unit)


def _arch(canvas: Field, view: View, paper: Colour, rng: Rng) -> None:
    """A rounded panel of a deeper shade standing on the floor behind the plinth."""
    cx, half = view.width * (0.5 + 0.13 * float(rng.choice([-1, 1]))), 0.2 * min(view.width, view.height)
    foot, top = 0.685 * view.height, 0.23 * view.height
    mask = np.zeros((view.height, view.width), np.float32)
    ellipse(mask, cx, top + half, half, half)
    polygons(mask, [np.array([(cx - half, top + half), (cx + half, top + half), (cx + half, foot), (cx - half, foot)])])
    x, y = view.grids()
    shade = 0.72 + 0.34 * np.exp(-(((x - cx + half * 0.7) / (1.6 * half)) ** 2)) - 0.1 * (y - top) / (foot - top)
    deep = array(mix(paper, (paper[0] ** 1.7, paper[1] ** 1.9, paper[2] ** 1.9), 0.75)) * shade[..., None] * 1.0
    cast = (
        blur(np.roll(mask, (int(0.01 * view.height), int(0.045 * view.width)), (0, 1)), 16 * view.unit)
        * 0.24
        * (1 - mask)
    )
    cast *= np.clip((foot + 0.03 * view.height - y) / (0.03 * view.height), 0, 1)
    canvas += covered(np.broadcast_to(array(paper) * 0.16, deep.shape).astype(np.float32), cast.astype(np.float32))
    canvas += covered(deep.astype(np.float32), mask)


def _plinth(canvas: Field, view: View, paper: Colour, top: tuple[float, float, float, float]) -> None:
    cx, cy, rx, ry = top
    tall = 0.11 * view.height
    x, y = view.grids()
    u = np.clip((x - cx) / rx, -1, 1)
    shadow = np.zeros((view.height, view.width), np.float32)
    ellipse(shadow, cx + 0.3 * rx, cy + tall + 0.05 * rx, rx * 1.1, ry * 1.05)
    soft = blur(shadow, 20 * view.unit) * 0.3
    tight = np.zeros_like(shadow)
    ellipse(tight, cx, cy + tall + 0.01 * rx, rx * 1.012, ry * 1.03)
    dark = np.clip(soft + blur(tight, 4 * view.unit) * 0.42, 0, 0.85)
    canvas += covered(np.broadcast_to(array(paper) * 0.13, (*dark.shape, 3)).astype(np.float32), dark)
    body = np.zeros_like(shadow)
    polygons(body, [np.array([(cx - rx, cy), (cx + rx, cy), (cx + rx, cy + tall), (cx - rx, cy + tall)])])
    ellipse(body, cx, cy + tall, rx, ry)
    lit = (
        0.56
        + 0.56 * np.exp(-(((u + 0.46) / 0.5) ** 2))
        - 0.16 * np.clip(u, 0, 1)
        + 0.1 * np.exp(-(((u - 0.97) / 0.1) ** 2))
    )
    fall = 1 - 0.22 * np.clip((y - cy) / tall, 0, 1.2) ** 2
    light_paper = array(mix(paper, (0.98, 0.94, 0.9), 0.4))
    rgb = light_paper * (lit * fall * 0.86)[..., None]
    _over(canvas, covered(rgb.astype(np.float32), body))
    face = np.zeros_like(shadow)
    ellipse(face, cx, cy, rx, ry)
    glow = 0.98 + 0.16 * np.exp(-(((u + 0.4) / 0.6) ** 2)) - 0.1 * np.clip(u, 0, 1)
    _over(
        canvas,
        covered((light_paper * glow[..., None] * np.ones((*face.shape, 1), np.float32)).astype(np.float32), face),
    )


def _over(canvas: Field, top: Field) -> None:
    canvas *= 1 - top[..., 3:4]
    canvas += top
