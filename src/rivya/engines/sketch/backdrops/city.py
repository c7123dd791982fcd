"""The city: towers with lit windows in rows behind each other, over a wet street or water."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rivya.engines.sketch.backdrops import sky, water
from rivya.engines.sketch.layers import Layer, View, clear, composite, covered
from rivya.engines.sketch.light import Light, array, hexed
from rivya.engines.sketch.noise import Rng, rng_for, sample, smoothstep, texture
from rivya.engines.sketch.raster import Field, blur, disc, line, polygons, remap
from rivya.engines.sketch.scene import Scene
from rivya.engines.sketch.stage import Stage
from rivya.engines.sketch.terrain import Ground

WARM = ("ffd28a", "ffbf6a", "ffe6b8", "fff2da", "9fd0ff")
NEON = ("ff4f9a", "46d6ff", "ffb347", "8a6bff", "5affc8")
STONE = ("8a7f7a", "7b8494", "a08f80", "6c7080", "93857c", "5f6b7c", "a39a94")


def draw(view: View, light: Light, scene: Scene) -> Stage:
    rng = rng_for(scene.seed, "city")
    stack = sky.draw(view, light, scene)
    wet = scene.weather in ("rain", "storm") or "wet" in scene.extras
    glow = clear(view)
    for i, (base, tall, lost, wide) in enumerate(_rows(scene)):
        canvas = clear(view)
        foot = view.horizon + base * view.height
        _row(canvas, glow, view, light, rng, foot, tall, lost, wide, canyon=scene.kind == "street", deep=i)
        stack.append(Layer(f"towers-{i}", canvas, 0.1 + 0.1 * i))
    if light.lit_windows > 0.4:
        halo = blur(glow, 10 * view.unit)
        halo[..., 3] = 0
        stack.append(Layer("glow", (halo * 0.8).astype(np.float32), 0.25))
    behind = composite(stack)
    if "river" in scene.extras or "sea" in scene.extras:
        stack.append(water.surface(view, light, behind, rng, kind="sea", rough=0.55))
        return Stage(light, stack, "water", foot=0.4)
    if light.lit_windows > 0.4:
        _signs(stack[-2].rgba, glow, view, light, rng)
        light = _lamp_light(light)
        behind = composite(stack)
    street, earth = _street(view, light, scene, behind, rng, wet=wet)
    stack.append(Layer("near", street, 0.5))
    lamps = clear(view)
    _lamps(lamps, view, light, rng)
    stack.append(Layer("lamps", lamps, 0.55))
    return Stage(light, stack, "wet" if wet else "floor", earth, foot=0.5)


def _rows(scene: Scene) -> tuple[tuple[float, float, float, float], ...]:
    """Foot below the horizon, height, share lost in haze and width of each row of towers, back to front."""
    if scene.kind == "street":
        return (0.0, 0.6, 0.6, 0.055), (0.012, 0.8, 0.36, 0.085), (0.03, 1.3, 0.08, 0.15)
    return (0.0, 0.56, 0.7, 0.045), (0.012, 0.66, 0.42, 0.06), (0.03, 0.74, 0.12, 0.085)


def _row(
    canvas: Field,
    glow: Field,
    view: View,
    light: Light,
    rng: Rng,
    foot: float,
    tall: float,
    lost: float,
    wide: float,
    *,
    canyon: bool,
    deep: int,
) -> None:
    x = -0.05 * view.width
    while x < view.width * 1.03:
        w = view.width * wide * float(rng.uniform(0.75, 1.5)) * min(1.0, (view.height / view.width) ** 0.5 + 0.15)
        off = abs((x + w / 2) / view.width - 0.5) * 2
        shape = (0.3 + 0.75 * off**1.3) if canyon or deep == 2 else (1.05 - 0.5 * off)
        h = view.horizon * tall * shape * float(rng.uniform(0.6, 1.18))
        if deep < 2 or off > 0.4 or not canyon:
            if canyon and deep == 2:
                h = view.horizon * (0.45 + 0.62 * off) * float(rng.uniform(0.85, 1.1))
            _tower(canvas, glow, view, light, rng, x, foot, w, max(h, 0.08 * view.horizon), lost)
        x += w * float(rng.uniform(0.98, 1.12))


def _tower(
    canvas: Field,
    glow: Field,
    view: View,
    light: Light,
    rng: Rng,
    x: float,
    foot: float,
    w: float,
    h: float,
    lost: float,
) -> None:
    """One building: two faces, a roof edge, windows, sometimes a spire or a step."""
    body = array(hexed(STONE[int(rng.integers(len(STONE)))])) * float(rng.uniform(0.75, 1.1))
    left_lit = light.direction[0] < 0
    sun, ambient = array(light.sun), array(light.ambient)
    front = body * (ambient * 0.7 + sun * (0.16 if light.direction[2] < 0.1 else 0.42))
    side = body * (ambient * 0.5 + sun * 0.06)
    bright = body * (ambient * 0.72 + sun * 0.75)
    haze = array(light.haze)
    tone = [c * (1 - lost) + haze * lost for c in (front, side, bright)]
    split = w * float(rng.uniform(0.62, 0.78))
    cut = x + (w - split if left_lit else split)
    a, b = (tone[2], tone[0]) if left_lit else (tone[0], tone[2])
    if light.lit_windows > 0.4:
        a, b = (tone[1], tone[0]) if left_lit else (tone[0], tone[1])
    top = foot - h
    polygons(canvas, [np.array([(x, foot + 4), (x, top), (cut, top), (cut, foot + 4)])], (*map(float, a), 1.0))
    polygons(canvas, [np.array([(cut, foot + 4), (cut, top), (x + w, top), (x + w, foot + 4)])], (*map(float, b), 1.0))
    kind = rng.random()
    if kind < 0.3:
        inset = w * 0.22
        polygons(
            canvas,
            [
                np.array(
                    [
                        (x + inset, top + 1),
                        (x + inset, top - h * 0.09),
                        (x + w - inset, top - h * 0.09),
                        (x + w - inset, top + 1),
                    ]
                )
            ],
            (*map(float, a), 1.0),
        )
    elif kind < 0.45:
        line(
            canvas,
            np.array([(x + w / 2, top), (x + w / 2, top - h * 0.16)]),
            (*map(float, a), 1.0),
            max(1, round(1.6 * view.unit)),
        )
        if light.lit_windows > 0.4:
            disc(glow, x + w / 2, top - h * 0.16, 2.2 * view.unit, (2.2, 0.3, 0.3, 1))
    _windows(canvas, glow, view, light, rng, x, top, w, foot, lost, cut)


def _windows(
    canvas: Field,
    glow: Field,
    view: View,
    light: Light,
    rng: Rng,
    x: float,
    top: float,
    w: float,
    foot: float,
    lost: float,
    cut: float,
) -> None:
    step_x = max(6.6 * view.unit * (1.75 - lost * 1.25) * (0.75 + w / view.width * 4.0), 2.6)
    step_y = step_x * float(rng.uniform(1.15, 1.6))
    columns, rows = int((w - step_x * 0.5) / step_x), int((foot - top - step_y * 0.6) / step_y)
    if columns < 1 or rows < 1:
        return
    tint = WARM if rng.random() < 0.85 else NEON
    lit_share = light.lit_windows * float(rng.uniform(0.35, 0.95))
    lit = rng.random((rows, columns)) < lit_share
    floors = rng.random(rows) < lit_share * 0.2
    lit |= floors[:, None]
    pick = rng.integers(0, len(tint), (rows, columns))
    power = rng.uniform(0.35, 1.0, (rows, columns))
    pane_w, pane_h = step_x * float(rng.uniform(0.45, 0.72)), step_y * 0.52
    margin = (w - columns * step_x) / 2 + (step_x - pane_w) / 2
    dark = (array(light.middle) * 0.5 + array(light.ambient) * 0.1) * (1 - lost) + array(light.haze) * lost
    dark = dark * (0.55 if light.lit_windows > 0.4 else 0.85)
    for r in range(rows):
        y0 = top + step_y * (r + 0.45)
        for c in range(columns):
            x0 = x + margin + c * step_x
            if lit[r, c]:
                colour = array(hexed(tint[int(pick[r, c])])) * power[r, c] * (1.25 - 0.85 * lost)
            elif light.lit_windows > 0.4:
                continue
            else:
                colour = dark
            p0, p1 = (round(x0), round(y0)), (round(x0 + pane_w), round(y0 + pane_h))
            i0, i1, j0, j1 = max(p0[1], 0), max(p1[1], p0[1] + 1, 0), max(p0[0], 0), max(p1[0], p0[0] + 1, 0)
            canvas[i0:i1, j0:j1, :3] = colour
            canvas[i0:i1, j0:j1, 3] = 1.0
            if lit[r, c]:
                glow[i0:i1, j0:j1, :3] = colour * 0.6


def _street(view: View, light: Light, scene: Scene, behind: Field, rng: Rng, *, wet: bool) -> tuple[Field, Ground]:
    x, y = view.grids()
    below = np.maximum(y - view.horizon - 0.02 * view.height, 0.5)
    z = view.focal / below
    wx = (x - view.width / 2) / view.focal * z
    tex = texture(rng, 512, 1.3, 4)
    zz = np.broadcast_to(z, wx.shape).astype(np.float32)
    rough = sample(tex, wx * 0.4, zz * 0.4)
    puddle = smoothstep(-0.35, 0.75, sample(tex, wx * 0.07 + 0.4, zz * 0.05))
    glowing = array(light.ambient) * 0.8 + array(light.sun) * 0.5
    asphalt = array(hexed("50525a")) * (1 + 0.12 * rough)[..., None] * glowing
    asphalt = _markings(asphalt, wx, zz, glowing)
    lost = (1 - np.exp(-np.maximum(zz - 3, 0) / light.haze_reach))[..., None]
    dry = asphalt * (1 - lost) + array(light.haze) * lost
    edge = view.horizon + 0.02 * view.height
    shift = 3.5 * view.unit * rough
    row = np.clip(2 * edge - y + 6 * view.unit * np.abs(rough), 0, view.height - 1)
    mirror = remap(blur(behind, 1.2 * view.unit, 9 * view.unit), (x + shift).astype(np.float32), row.astype(np.float32))
    t = np.clip((y - edge) / max(view.height - edge, 1), 0, 1)
    shine = (0.2 + 0.66 * puddle) * (1 - 0.35 * t) if wet else 0.1 * (1 - t) * np.ones_like(puddle)
    rgb = dry * (1 - 0.72 * shine[..., None]) + mirror * shine[..., None] * 1.05
    alpha = smoothstep(-1.0, 1.0, y - edge) * np.ones_like(x)
    ground = Ground(
        rgb.astype(np.float32),
        np.broadcast_to(z, alpha.shape).astype(np.float32),
        alpha.astype(np.float32),
        np.zeros_like(alpha),
        lambda _x, _z: 0.0,
    )
    return covered(rgb.astype(np.float32), alpha.astype(np.float32)), ground


def _markings(asphalt: Field, wx: Field, z: Field, glow: Field) -> Field:
    dash = (np.abs(wx) < 0.05) & (np.mod(z, 2.2) < 1.2)
    kerb = (np.abs(np.abs(wx) - 1.95) < 0.05).astype(np.float32)
    walk = smoothstep(1.99, 2.03, np.abs(wx))[..., None]
    paint = blur(dash.astype(np.float32), 0.8)[..., None] * 0.8
    tiles = 1 - 0.13 * ((np.mod(wx, 0.5) < 0.03) | (np.mod(z, 0.7) < 0.04)).astype(np.float32)
    rgb = asphalt * (1 - walk) + array(hexed("83817f")) * glow * tiles[..., None] * walk
    rgb = rgb * (1 - kerb[..., None] * 0.6) + array(hexed("a8a6a0")) * glow * kerb[..., None] * 0.6
    return (rgb * (1 - paint) + array(hexed("f1efe6")) * glow * paint).astype(np.float32)


def _lamps(canvas: Field, view: View, light: Light, rng: Rng) -> None:
    """Street lamps down both kerbs, lit after dark."""
    on = light.lit_windows > 0.4
    post = array(hexed("2e3038")) * (array(light.ambient) * 0.8 + array(light.sun) * 0.3)
    for z in (14.0, 9.5, 6.6, 4.8):
        for side in (-1, 1):
            x = view.width / 2 + side * 2.12 * view.focal / z
            foot = view.horizon + 0.02 * view.height + view.focal / z
            tall = view.focal * 1.75 / z
            thick = max(1, round(0.035 * view.focal / z))
            arm = x - side * tall * 0.14
            line(
                canvas,
                np.array([(x, foot), (x, foot - tall), (arm, foot - tall * 1.03)]),
                (*map(float, post), 1.0),
                thick,
            )
            if on:
                r = tall * 0.028 + 1
                halo = array(hexed("ffcf8a"))
                _light_at(canvas, arm, foot - tall * 1.01, r, halo)


def _light_at(canvas: Field, x: float, y: float, r: float, colour: Field) -> None:
    size = int(r * 22) | 1
    patch = np.zeros((size, size, 4), np.float32)
    yy, xx = np.mgrid[0:size, 0:size].astype(np.float32)
    d = np.hypot(xx - size // 2, yy - size // 2) / r
    g = 0.5 * np.exp(-d * 0.42) * smoothstep(11.0, 7.0, d) + 1.6 * smoothstep(1.25, 0.8, d)
    patch[..., :3] = g[..., None] * colour
    x0, y0 = round(x) - size // 2, round(y) - size // 2
    i0, j0 = max(y0, 0), max(x0, 0)
    i1, j1 = min(y0 + size, canvas.shape[0]), min(x0 + size, canvas.shape[1])
    if i0 < i1 and j0 < j1:
        canvas[i0:i1, j0:j1] += patch[i0 - y0 : i1 - y0, j0 - x0 : j1 - x0]


def _signs(canvas: Field, glow: Field, view: View, light: Light, rng: Rng) -> None:
    """Upright neon signs on the nearest houses, with strokes that only look like writing."""
    halo = np.zeros((*canvas.shape[:2], 3), np.float32)
    for side in (0.07, 0.15, 0.23, 0.78, 0.86, 0.94):
        colour = array(hexed(NEON[int(rng.integers(len(NEON)))])) * 1.5
        w = view.width * float(rng.uniform(0.022, 0.036))
        h = view.horizon * float(rng.uniform(0.14, 0.3))
        x, y = view.width * (side + float(rng.uniform(-0.02, 0.02))), view.horizon * float(rng.uniform(0.36, 0.66))
        box = np.array([(x, y), (x + w, y), (x + w, y + h), (x, y + h)])
        polygons(canvas, [box], (*map(float, colour * 0.1), 1.0))
        line(canvas, np.concatenate([box, box[:1]]), (*map(float, colour), 1.0), max(1, round(1.6 * view.unit)))
        marks = int(h / (w * 0.85))
        for k in range(marks):
            cy = y + (k + 0.5) * h / marks
            for _ in range(3):
                a = rng.uniform(0.22, 0.78, (2, 2)) * w
                stroke = np.array([(x + a[0, 0], cy - w / 2 + a[0, 1]), (x + a[1, 0], cy - w / 2 + a[1, 1])])
                line(canvas, stroke, (*map(float, colour * 1.2), 1.0), max(1, round(1.8 * view.unit)))
        polygons(halo, [box], tuple(map(float, colour)))
    canvas[..., :3] += blur(halo, 16 * view.unit) * 0.55


def _lamp_light(light: Light) -> Light:
    """What lights a street after dark: lamps and signs, from the front and both sides."""
    return replace(
        light, sun=(0.95, 0.72, 0.5), ambient=(0.5, 0.5, 0.78), direction=(-0.5, 0.6, 0.45), shadow=0.5,
        cool=(0.92, 0.95, 1.12), warm=(1.06, 0.97, 1.0),
    )  # fmt: skip
