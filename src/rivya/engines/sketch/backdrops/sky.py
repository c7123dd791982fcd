"""Sky: gradient, sun or moon, stars, aurora, rainbow and clouds lit by the same sun as the ground."""

from __future__ import annotations

import numpy as np

from rivya.engines.sketch.layers import Layer, View, covered, opaque
from rivya.engines.sketch.light import Colour, Light, array, mix
from rivya.engines.sketch.noise import Rng, rng_for, sample, smoothstep, texture
from rivya.engines.sketch.raster import Field, blur, disc, polygons, resize
from rivya.engines.sketch.scene import Scene

COVER = {"clear": 0.62, "cloudy": -0.1, "overcast": -2.1, "rain": -1.9, "storm": -1.5, "snow": -1.9, "fog": -1.2}


def draw(view: View, light: Light, scene: Scene) -> list[Layer]:
    rng = rng_for(scene.seed, "sky")
    base = gradient(view, light)
    stack = [Layer("sky", opaque(base), 0.0)]
    if light.stars > 0.02:
        stack.append(Layer("stars", stars(view, light, rng), 0.0, "twinkle"))
    if "aurora" in scene.extras:
        stack.append(Layer("aurora", aurora(view, rng), 0.01, "sway"))
    if light.visible:
        stack.append(Layer("moon" if light.moon else "sun", luminary(view, light, rng), 0.0))
    if "rainbow" in scene.extras:
        stack.append(Layer("rainbow", rainbow(view, light), 0.01))
    stack.append(Layer("clouds", clouds(view, light, scene.weather, rng), 0.04, "drift"))
    return stack


def sun_at(view: View, light: Light) -> tuple[float, float]:
    return light.sun_x * view.width, view.horizon * (1.0 - light.sun_y)


def gradient(view: View, light: Light) -> Field:
    """Zenith to horizon, with the glow that the sun spreads round itself."""
    x, y = view.grids()
    t = np.clip(y / max(view.horizon, 1.0), 0.0, 1.15)
    stops = np.array([0.0, 0.58, 1.0, 1.15])
    colours = np.stack([array(c) for c in (light.zenith, light.middle, light.horizon, light.horizon)])
    column = np.stack([np.interp(t[:, 0], stops, colours[:, i]) for i in range(3)], axis=1).astype(np.float32)
    sky = np.repeat(column[:, None, :], view.width, axis=1)
    sx, sy = sun_at(view, light)
    size = float(max(view.width, view.height))
    near = np.hypot((x - sx) / 1.35, y - sy) / size
    wide = np.exp(-near * (4.2 if light.visible else 3.0))[..., None]
    tight = np.exp(-near * 16.0)[..., None]
    sun = array(mix(light.sun, light.horizon, 0.3))
    return (sky + sun * light.glow * (0.22 * wide + (0.3 * tight if light.visible else 0.0))).astype(np.float32)


def luminary(view: View, light: Light, rng: Rng) -> Field:
    """The sun's disc, or a moon with its seas."""
    sx, sy = sun_at(view, light)
    x, y = view.grids()
    radius = (34 if light.moon else 40) * view.unit
    mask = np.zeros((view.height, view.width), np.float32)
    disc(mask, sx, sy, radius)
    if not light.moon:
        halo = np.exp(-np.maximum(np.hypot(x - sx, y - sy) - radius, 0) / (radius * 0.9)) * 0.55
        alpha = np.maximum(mask, halo * (1 - mask)).astype(np.float32)
        rgb = np.broadcast_to(array(mix(light.sun, (2.2, 1.9, 1.5), 0.55)), (*mask.shape, 3))
        return covered(rgb, alpha)
    seas = sample(texture(rng, 128, 1.9), (x - sx) / radius / 5 + 0.3, (y - sy) / radius / 5 + 0.2)
    face = 1.25 - 0.28 * smoothstep(-0.1, 0.9, seas)
    limb = 1.0 - 0.25 * np.clip(np.hypot(x - sx, y - sy) / radius, 0, 1) ** 3
    glow = np.exp(-np.maximum(np.hypot(x - sx, y - sy) - radius, 0) / (radius * 1.5)) * 0.34
    rgb = (face * limb)[..., None] * np.array([0.95, 0.97, 1.0], np.float32)
    return (
        covered(rgb, mask) + covered(np.full((*mask.shape, 3), (0.4, 0.52, 0.85), np.float32), glow * (1 - mask))
    ).astype(np.float32)


def stars(view: View, light: Light, rng: Rng, amount: float = 1.0) -> Field:
    """Many faint stars and a few bright ones, thinning out towards the horizon."""
    canvas = np.zeros((view.height, view.width, 4), np.float32)
    count = int(620 * amount * light.stars * view.width / max(view.height, 1) ** 0.5 / max(view.width, 1) ** 0.5)
    tall = min(view.horizon, view.height)
    xs, ys = rng.random(count) * view.width, rng.random(count) ** 1.25 * tall
    power = rng.pareto(2.2, count) * 0.22 + 0.12
    for px, py, p, hue in zip(xs, ys, power, rng.random(count), strict=True):
        fade = 1.0 - (py / max(tall, 1.0)) ** 3
        a = float(min(p, 1.6) * fade)
        tint = (0.8 + 0.2 * hue, 0.9, 1.1 - 0.25 * hue)
        r = (0.45 + 0.6 * min(p, 1.0)) * max(view.unit, 0.6)
        disc(canvas, px, py, r, (tint[0] * a, tint[1] * a, tint[2] * a, min(a, 1.0)))
    return (canvas + 0.9 * blur(canvas, 2.2 * view.unit)).clip(0, 2).astype(np.float32)


def aurora(view: View, rng: Rng) -> Field:
    """Curtains of green and violet light."""
    x, y = view.grids()
    tex = texture(rng, 256, 1.6)
    total = np.zeros((view.height, view.width, 4), np.float32)
    for i, (low, high) in enumerate([((0.1, 1.0, 0.55), (0.3, 0.25, 0.9)), ((0.15, 0.9, 0.75), (0.7, 0.2, 0.8))]):
        fold = sample(tex, x / view.width * 0.35 + 0.31 * i, np.full_like(x, 0.2 + 0.3 * i))
        base = view.horizon * (0.62 - 0.16 * i + 0.12 * fold)
        up = (base - y) / (view.horizon * 0.5)
        rays = 0.65 + 0.35 * sample(tex, x / view.width * 1.7 + 0.12 * fold, np.full_like(x, 0.5 + 0.2 * i))
        shape = np.where(up > 0, np.exp(-up * 3.0), np.exp(up * 26.0)) * np.clip(rays, 0, 1.6) * (0.55 - 0.15 * i)
        t = np.clip(up * 1.3, 0, 1)[..., None]
        total += covered(
            (array(low) * (1 - t) + array(high) * t).astype(np.float32), np.clip(shape, 0, 1).astype(np.float32)
        )
    return blur(total, 1.5 * view.unit)


def rainbow(view: View, light: Light) -> Field:
    x, y = view.grids()
    cx = view.width * (0.62 if light.sun_x < 0.5 else 0.38)
    r = np.hypot(x - cx, (y - view.horizon * 1.06)) / (view.width * 0.52)
    t = (r - 0.88) / 0.1
    bow = np.stack([np.exp(-(((t - c) / 0.26) ** 2)) for c in (0.82, 0.5, 0.18)], axis=2).astype(np.float32)
    alpha = bow.max(axis=2) * 0.42 * smoothstep(1.0, 0.4, y / view.horizon * np.ones_like(r) * 0.9)
    return covered(bow * 1.1, alpha.astype(np.float32))


def clouds(view: View, light: Light, weather: str, rng: Rng, cover: float | None = None) -> Field:
    """Clouds on a flat ceiling in perspective, brighter on the side of the sun."""
    w, h = max(view.width // 2, 8), max(view.height // 2, 8)
    x = (np.arange(w, dtype=np.float32)[None, :] + 0.5) / w
    y = (np.arange(h, dtype=np.float32)[:, None] + 0.5) / h * view.height / max(view.horizon, 1.0)
    up = np.clip(1.0 - y, 0.0, 1.0)
    far = 1.0 / (up + 0.16)
    u = (x - 0.5) * far * 0.2 * min(1.6, view.width / view.height) + rng.random()
    v = far * 0.22 + rng.random() + 0 * x
    tex, fine = texture(rng, 512, 1.95), texture(rng, 256, 1.7, 4)

    def density(du: float, dv: float) -> Field:
        puff = 1.0 - np.abs(sample(fine, (u + du) * 1.5, (v + dv) * 1.5)) * 1.1
        return (sample(tex, (u + du) * 0.8, (v + dv) * 0.8) + 0.5 * puff - 0.2).astype(np.float32)

    level = COVER.get(weather, 0.62) if cover is None else cover
    here = density(0.0, 0.0)
    sx = light.sun_x - 0.5
    towards = density(0.018 * float(np.sign(sx) or 1.0), -0.012 if light.sun_y > 0.8 else 0.014)
    thick = smoothstep(level, level + 1.15, here)
    gain = 0.5 if weather in ("rain", "storm", "overcast", "snow", "fog") else 1.5
    lit = np.clip(0.72 + (here - towards) * gain - 0.36 * thick, 0.0, 1.0)[..., None]
    bright, dark = _cloud_colours(light, weather)
    body = array(dark) * (1 - lit) + array(bright) * lit
    sun = np.exp(-np.hypot((x - light.sun_x) * 1.2, (y - (1 - light.sun_y)) * 0.9) * 4.0)[..., None]
    body = body + array(light.sun) * sun * (0.35 if light.visible and not light.moon else 0.08) * (
        1 - thick[..., None] * 0.6
    )
    fade = smoothstep(0.015, 0.24, up)
    body = array(light.horizon) * (1 - fade[..., None]) + body * fade[..., None]
    alpha = thick * (0.2 + 0.8 * smoothstep(0.0, 0.3, up)) * smoothstep(1.04, 0.98, y)
    small = covered(body.astype(np.float32), np.broadcast_to(alpha, thick.shape).astype(np.float32) * 0.96)
    return resize(small, view.width, view.height)


def _cloud_colours(light: Light, weather: str) -> tuple[Colour, Colour]:
    if light.moon:
        return mix(light.middle, (0.3, 0.4, 0.62), 0.6), mix(light.zenith, light.middle, 0.5)
    white = mix(light.horizon, (1.1, 1.08, 1.06), 0.75 if not light.visible and light.stars < 0.1 else 0.18)
    shade = mix(light.middle, light.zenith, 0.42)
    if light.stars < 0.1 and not light.visible:
        shade = mix(light.middle, (0.62, 0.68, 0.78), 0.55)
    if weather in ("rain", "storm", "overcast", "snow", "fog"):
        white, shade = mix(light.horizon, light.middle, 0.3), mix(light.zenith, light.middle, 0.25)
    if weather == "storm":
        shade = (shade[0] * 0.6, shade[1] * 0.6, shade[2] * 0.65)
    return white, shade


def lightning(view: View, rng: Rng) -> Field:
    """One forked bolt from the clouds to the horizon."""
    canvas = np.zeros((view.height, view.width, 4), np.float32)
    x, y = view.width * float(rng.uniform(0.2, 0.8)), view.horizon * 0.1
    path = [(x, y)]
    while y < view.horizon * 0.98:
        x += float(rng.normal(0, 0.02)) * view.width
        y += float(rng.uniform(0.02, 0.06)) * view.height
        path.append((x, y))
    wide = 2.2 * view.unit
    for i in range(len(path) - 1):
        (x0, y0), (x1, y1) = path[i], path[i + 1]
        thick = wide * (1 - 0.6 * i / len(path))
        polygons(
            canvas,
            [np.array([(x0 - thick, y0), (x0 + thick, y0), (x1 + thick, y1), (x1 - thick, y1)])],
            (2.4, 2.4, 2.8, 1),
        )
    return (canvas + 0.8 * blur(canvas, 14 * view.unit)).astype(np.float32)
