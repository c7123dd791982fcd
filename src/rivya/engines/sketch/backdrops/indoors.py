"""Indoors: a room with a window, and a table top close by with the room out of focus."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rivya.engines.sketch.backdrops import sky
from rivya.engines.sketch.layers import Layer, View, clear, covered, opaque
from rivya.engines.sketch.light import Light, array, hexed
from rivya.engines.sketch.noise import Rng, rng_for, sample, smoothstep, texture
from rivya.engines.sketch.raster import Field, blur, disc, polygons, resize
from rivya.engines.sketch.scene import Scene
from rivya.engines.sketch.stage import Stage
from rivya.engines.sketch.terrain import Ground

WALLS = ("cdbfae", "a9b5a4", "c2a79a", "9fb0bd", "d8cbb4", "8f9aa8")
WOODS = ("9a6238", "7a4a2a", "b98552", "8a5a3c")


def indoor_light(light: Light) -> Light:
    dark = light.stars > 0.3
    return replace(
        light, sun=(1.05, 0.9, 0.72) if not dark else (0.85, 0.6, 0.36),
        ambient=(0.52, 0.5, 0.5) if not dark else (0.3, 0.27, 0.32),
        direction=(-0.62, 0.6, 0.35), haze_reach=1e6, visible=False, shadow=0.42, warm=(1.05, 1.0, 0.95),
        cool=(0.98, 0.98, 1.03),
    )  # fmt: skip


def table(view: View, light: Light, scene: Scene) -> Stage:
    """A wooden table in front of a blurred room with points of light."""
    rng = rng_for(scene.seed, "table")
    inside = indoor_light(light)
    back = blur(_room_picture(view, light, inside, rng, floor=False), 17 * view.unit)
    bokeh = clear(view)
    for _ in range(24):
        r = view.unit * float(rng.uniform(14, 40))
        a = float(rng.uniform(0.05, 0.2))
        c = array(hexed(str(rng.choice(["ffd9a0", "ffe9c8", "ffc27a", "fff6e6"])))) * 1.3
        one = np.zeros((view.height, view.width), np.float32)
        disc(one, rng.random() * view.width, rng.random() * view.horizon * 1.05, r)
        one *= a
        bokeh += covered(np.broadcast_to(c, (*one.shape, 3)).astype(np.float32), one) * (1 - bokeh[..., 3:4])
    top, ground = _table_top(view, inside, rng, back)
    stack = [
        Layer("room", opaque(back), 0.05),
        Layer("bokeh", blur(bokeh, 1.6 * view.unit), 0.1, "twinkle"),
        Layer("table", top, 0.4),
    ]
    return Stage(inside, stack, "floor", ground, foot=0.46, focus=0.6)


def _table_top(view: View, light: Light, rng: Rng, back: Field) -> tuple[Field, Ground]:
    x, y = view.grids()
    edge = view.horizon
    below = np.maximum(y - edge * 0.72, 1.0)
    z = view.focal * 0.8 / below
    wx = (x - view.width / 2) / view.focal * z
    tex = texture(rng, 512, 1.3)
    zz = np.broadcast_to(z, wx.shape)
    plank = np.floor(zz / 0.34)
    shade = 0.88 + 0.22 * np.sin(plank * 12.9898) * np.cos(plank * 4.1)
    grain = sample(tex, wx * 0.09 + plank * 0.37, zz * 1.9)
    fine = sample(tex, wx * 0.3 + plank * 0.21, zz * 8.0)
    seam = np.exp(-((((np.mod(zz, 0.34) - 0.17) / 0.17) ** 2) ** 8) * 0 - 0) * 0 + smoothstep(
        0.0, 0.02, np.mod(zz, 0.34)
    ) * smoothstep(0.34, 0.325, np.mod(zz, 0.34))
    wood = (
        array(hexed(WOODS[int(rng.integers(len(WOODS)))]))
        * (shade * (1 + 0.17 * grain + 0.08 * fine) * (0.55 + 0.45 * seam))[..., None]
    )
    pool = 0.72 + 0.5 * np.exp(-(((x / view.width - 0.38) / 0.5) ** 2 + ((y / view.height - 0.72) / 0.3) ** 2))
    rgb = wood * (array(light.sun) * 0.62 + array(light.ambient) * 0.6) * pool[..., None]
    shine = np.exp(-np.maximum(y - edge, 0) / (0.16 * view.height))[..., None] * 0.3
    row = np.clip(2 * edge - y, 0, view.height - 1)
    mirror = back[row[:, 0].astype(int)]
    rgb = rgb * (1 - shine) + mirror * shine
    alpha = smoothstep(-1.5, 1.5, y - edge) * np.ones_like(x)
    ground = Ground(
        rgb.astype(np.float32),
        np.full(alpha.shape, 3, np.float32),
        alpha.astype(np.float32),
        np.zeros_like(alpha),
        lambda _x, _z: 0.0,
    )
    return covered(rgb.astype(np.float32), alpha.astype(np.float32)), ground


def room(view: View, light: Light, scene: Scene) -> Stage:
    rng = rng_for(scene.seed, "room")
    inside = indoor_light(light)
    picture = _room_picture(view, light, inside, rng, floor=True)
    flat = np.ones((view.height, view.width), np.float32)
    ground = Ground(picture, flat * 3, flat, flat * 0, lambda _x, _z: 0.0)
    return Stage(inside, [Layer("room", opaque(picture), 0.15)], "floor", ground, foot=0.5)


def _room_picture(view: View, outside: Light, light: Light, rng: Rng, *, floor: bool) -> Field:
    """Wall, window with the sky in it, skirting, boards and the light that falls through."""
    x, y = view.grids()
    wall = array(hexed(WALLS[int(rng.integers(len(WALLS)))]))
    glow = np.exp(-(((x / view.width - 0.28) / 0.5) ** 2 + ((y / view.height - 0.3) / 0.5) ** 2))
    rgb = wall * (array(light.ambient) * 0.75 + array(light.sun) * (0.12 + 0.34 * glow)[..., None])
    line = 0.64 * view.height
    wx0, wx1, wy0, wy1 = 0.1 * view.width, 0.43 * view.width, 0.1 * view.height, 0.5 * view.height
    sky_view = View(view.width // 2, view.height // 2, view.height * 0.36)
    seen = resize(sky.gradient(sky_view, outside), view.width, view.height)
    pane = ((x > wx0) & (x < wx1) & (y > wy0) & (y < wy1)).astype(np.float32)[..., None]
    rgb = rgb * (1 - pane) + seen * 1.15 * pane
    frame = array(hexed("f2ede4")) * (array(light.ambient) * 0.7 + array(light.sun) * 0.25)
    canvas = np.concatenate([rgb, np.ones_like(pane)], axis=2).astype(np.float32)
    thick = 0.011 * view.width
    for fx in (wx0, (wx0 + wx1) / 2, wx1):
        polygons(
            canvas,
            [
                np.array(
                    [
                        (fx - thick, wy0 - thick),
                        (fx + thick, wy0 - thick),
                        (fx + thick, wy1 + thick),
                        (fx - thick, wy1 + thick),
                    ]
                )
            ],
            (*map(float, frame), 1.0),
        )
    for fy in (wy0, (wy0 + wy1) / 2, wy1):
        polygons(
            canvas,
            [
                np.array(
                    [
                        (wx0 - thick, fy - thick),
                        (wx1 + thick, fy - thick),
                        (wx1 + thick, fy + thick),
                        (wx0 - thick, fy + thick),
                    ]
                )
            ],
            (*map(float, frame), 1.0),
        )
    sill = np.array(
        [
            (wx0 - 3 * thick, wy1 + thick),
            (wx1 + 3 * thick, wy1 + thick),
            (wx1 + 3.4 * thick, wy1 + 3.2 * thick),
            (wx0 - 3.4 * thick, wy1 + 3.2 * thick),
        ]
    )
    polygons(canvas, [sill], (*map(float, frame * 1.1), 1.0))
    _picture_on_wall(canvas, view, light, rng)
    rgb = canvas[..., :3]
    return _boards(rgb, view, light, rng, line) if floor else rgb


def _picture_on_wall(canvas: Field, view: View, light: Light, rng: Rng) -> None:
    glow = array(light.ambient) * 0.7 + array(light.sun) * 0.25
    x0, y0, w, h = 0.66 * view.width, 0.17 * view.height, 0.16 * view.width, 0.24 * view.height

    def box(m: float, c: Field) -> None:
        polygons(
            canvas,
            [np.array([(x0 + m, y0 + m), (x0 + w - m, y0 + m), (x0 + w - m, y0 + h - m), (x0 + m, y0 + h - m)])],
            (*map(float, c * glow), 1.0),
        )

    box(-0.004 * view.width, array(hexed("6a5240")) * 0.3)
    box(0, array(hexed("3a3430")))
    box(0.008 * view.width, array(hexed("f4efe6")))
    box(0.028 * view.width, array(hexed(WALLS[int(rng.integers(len(WALLS)))])))
    disc(canvas, x0 + w * 0.5, y0 + h * 0.45, w * 0.17, (*map(float, array(hexed("d98a5a")) * glow), 1.0))


def _boards(rgb: Field, view: View, light: Light, rng: Rng, line: float) -> Field:
    x, y = view.grids()
    below = np.maximum(y - line * 0.8, 1.0)
    z = view.focal * 0.6 / below
    wx = (x - view.width / 2) / view.focal * z
    tex = texture(rng, 512, 1.3)
    zz = np.broadcast_to(z, wx.shape)
    plank = np.floor(wx / 0.16)
    tone = 0.9 + 0.16 * np.sin(plank * 12.9898)
    seam = smoothstep(0.0, 0.012, np.mod(wx, 0.16))
    grain = sample(tex, wx * 2.2, zz * 0.2 + plank * 0.31)
    pool = np.exp(-(((x / view.width - 0.5 - (y - line) / view.height * 0.4) / 0.16) ** 2)) * smoothstep(
        line + 0.03 * view.height, line + 0.1 * view.height, y
    )
    wood = array(hexed("a8744a")) * (tone * (1 + 0.12 * grain) * (0.6 + 0.4 * seam))[..., None]
    wood = wood * (array(light.ambient) * 0.8 + array(light.sun) * (0.2 + 0.75 * pool)[..., None])
    floor = smoothstep(line - 0.8, line + 0.8, y)[..., None]
    skirt = (smoothstep(line - 0.035 * view.height, line - 0.034 * view.height, y) * (1 - floor[..., 0]))[..., None]
    white = array(hexed("efe9df")) * (array(light.ambient) * 0.7 + array(light.sun) * 0.22)
    rgb = rgb * (1 - skirt) + white * skirt
    return (rgb * (1 - floor) + wood * floor).astype(np.float32)
