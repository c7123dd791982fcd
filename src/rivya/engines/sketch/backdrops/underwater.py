"""Below the surface: light shafts, caustics on sand, coral, weed and bubbles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rivya.engines.sketch import sprites
from rivya.engines.sketch.layers import Layer, View, clear, covered, opaque
from rivya.engines.sketch.light import LIGHTS, Light, array, hexed
from rivya.engines.sketch.noise import Rng, rng_for, sample, smoothstep, texture
from rivya.engines.sketch.raster import Field, blur, disc, polygons
from rivya.engines.sketch.scene import Scene
from rivya.engines.sketch.stage import Stage
from rivya.engines.sketch.stand import paste
from rivya.engines.sketch.terrain import Grid, ground

WATER_LIGHT = replace(
    LIGHTS["day"], zenith=hexed("6fe0e8"), middle=hexed("1fa0c8"), horizon=hexed("0b5f96"), haze=hexed("0f6a9e"),
    haze_reach=9.0,
    sun=(0.75, 1.02, 1.0), ambient=(0.34, 0.62, 0.78), direction=(-0.25, 0.9, 0.35), shadow=0.35, visible=False,
    warm=(0.98, 1.02, 1.02), cool=(0.92, 1.0, 1.08),
)  # fmt: skip


def draw(view: View, light: Light, scene: Scene) -> Stage:
    rng = rng_for(scene.seed, "underwater")
    night = scene.time in ("night", "dusk")
    light = WATER_LIGHT
    if night:
        light = replace(
            light,
            zenith=hexed("2a7ab0"),
            middle=hexed("0d3f7a"),
            horizon=hexed("061c44"),
            haze=hexed("082a5a"),
            sun=(0.4, 0.6, 0.7),
        )
    x, y = view.grids()
    t = np.clip(y / view.height, 0, 1)
    stops = np.stack([array(c) for c in (light.zenith, light.middle, light.horizon, light.horizon)])
    column = np.stack([np.interp(t[:, 0], [0, 0.3, 0.75, 1.0], stops[:, i]) for i in range(3)], axis=1)
    centre = np.exp(-((x / view.width - 0.4) ** 2) * 5)
    base = column[:, None, :] * (0.72 + 0.45 * centre * (1 - t))[..., None]
    stack = [Layer("water", opaque(base.astype(np.float32)), 0.0)]
    tex = texture(rng, 512, 1.7)

    def height(wx: Field, wz: Field) -> Field:
        return (
            0.25 * sample(tex, wx * 0.045, wz * 0.045) * smoothstep(1.6, 6, wz)
            + 0.015 * sample(tex, wx * 0.4, wz * 0.25)
        ).astype(np.float32)

    def albedo(g: Grid) -> Field:
        lines = 1 - np.abs(sample(tex, g.x * 0.16 + 0.3, g.z * 0.16)) * 1.2
        lines2 = 1 - np.abs(sample(tex, g.x * 0.19, g.z * 0.19 + 0.5)) * 1.2
        caustic = np.clip(lines, 0, 1) ** 4 * 0.9 + np.clip(lines2, 0, 1) ** 4 * 0.6
        return (array(hexed("d9c79a")) * (0.62 + 0.65 * caustic)[..., None]).astype(np.float32)

    earth = ground(view, light, height, albedo, far=30.0)
    stack.append(Layer("shafts", shafts(view, light, rng, tex), 0.05, "sway"))
    stack.append(Layer("far", earth.nearer(np.inf), 0.3))
    reef = clear(view)
    _reef(reef, view, light, rng)
    stack.append(Layer("reef", reef, 0.5, "sway"))
    bubbles = Layer("bubbles", _bubbles(view, rng), 0.8, "float")
    return Stage(
        light,
        stack,
        "seabed",
        earth,
        front=[Layer("shafts", shafts(view, light, rng, tex) * 0.45, 0.3, "sway"), bubbles],
    )


def shafts(view: View, light: Light, rng: Rng, tex: Field) -> Field:
    """Beams of sun fanning out from above."""
    x, y = view.grids()
    sx, sy = 0.36 * view.width, -0.45 * view.height
    angle = np.arctan2(x - sx, y - sy)
    beams = sample(tex, angle * 0.55 + rng.random(), np.full_like(angle, 0.3)) + 0.5 * sample(
        tex, angle * 1.4, np.full_like(angle, 0.7)
    )
    a = np.clip(beams * 0.3, 0, 0.6) * np.exp(-((y / view.height) ** 1.5) * 2.3)
    return covered(
        np.broadcast_to(array(hexed("c8fbf4")), (view.height, view.width, 3)).astype(np.float32),
        blur((a * 0.55).astype(np.float32), 2 * view.unit),
    )


def _reef(canvas: Field, view: View, light: Light, rng: Rng) -> None:
    for side in (0.06, 0.17, 0.85, 0.95, 0.74):
        x = (side + float(rng.uniform(-0.03, 0.03))) * view.width
        row = view.height * float(rng.uniform(0.8, 0.97))
        tall = int(view.height * rng.uniform(0.13, 0.24))
        tint = str(rng.choice(["pink", "orange", "purple", "red", "yellow"]))
        one = sprites.lit(sprites.tinted(sprites.picture("coral", tall), tint), light, 3.4)
        paste(canvas, one, x - one.shape[1] / 2, row - tall)
    for _ in range(34):
        x = view.width * (
            float(rng.random()) ** 2 * 0.28 if rng.random() < 0.5 else 1 - float(rng.random()) ** 2 * 0.28
        )
        foot, tall = view.height * float(rng.uniform(0.86, 1.04)), view.height * float(rng.uniform(0.1, 0.3))
        shade = float(rng.uniform(0.35, 1.0))
        c = array(hexed("2f9a6a")) * array(light.ambient) * shade
        n = 14
        t = np.linspace(0, 1, n)
        sway = np.sin(t * 5 + rng.random() * 6) * tall * 0.07 * t + tall * 0.1 * t * t
        width = view.unit * 7 * (1 - t) ** 0.7 + 0.5
        left = np.stack([x + sway - width, foot - t * tall], axis=1)
        right = np.stack([x + sway + width, foot - t * tall], axis=1)[::-1]
        polygons(canvas, [np.concatenate([left, right])], (*map(float, c), 1.0))


def _bubbles(view: View, rng: Rng) -> Field:
    canvas = clear(view)
    for _ in range(46):
        x, y = rng.random() * view.width, rng.random() * view.height
        r = view.unit * float(rng.pareto(2.5) * 2.2 + 1.6)
        disc(canvas, x, y, min(r, 14 * view.unit), (0.28, 0.4, 0.42, 0.4))
        disc(canvas, x, y, min(r, 14 * view.unit) * 0.78, (0.09, 0.18, 0.2, 0.2))
        disc(canvas, x - r * 0.3, y - r * 0.35, max(min(r, 14 * view.unit) * 0.2, 0.5), (0.9, 0.95, 0.95, 0.9))
    return blur(canvas, 0.7 * view.unit)
