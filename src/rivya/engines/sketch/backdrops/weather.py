"""What falls or hangs in the air before everything else: rain, snow, fog, petals, leaves."""

from __future__ import annotations

import numpy as np

from rivya.engines.sketch.layers import Layer, View, clear, covered
from rivya.engines.sketch.light import Light, array, hexed
from rivya.engines.sketch.noise import rng_for, sample, texture
from rivya.engines.sketch.raster import blur, disc, ellipse, line
from rivya.engines.sketch.scene import Scene


def draw(view: View, light: Light, scene: Scene) -> list[Layer]:
    if scene.weather in ("rain", "storm"):
        return [rain(view, light, scene, 0), rain(view, light, scene, 1)]
    if scene.weather == "snow":
        return [snow(view, light, scene, 0), snow(view, light, scene, 1)]
    stack: list[Layer] = []
    if scene.weather == "fog":
        stack.append(fog(view, light, scene, 0.3))
    if "petals" in scene.extras or "leaves" in scene.extras:
        stack.append(confetti(view, light, scene))
    return stack


def rain(view: View, light: Light, scene: Scene, near: int) -> Layer:
    rng = rng_for(scene.seed, "rain", str(near))
    canvas = clear(view)
    tone = array(light.haze) * 0.7 + array(light.ambient) * 0.5
    for _ in range(260 if near else 700):
        x, y = rng.uniform(-0.1, 1.1) * view.width, rng.uniform(-0.1, 1.05) * view.height
        size = (38 if near else 18) * view.unit * rng.uniform(0.6, 1.3)
        a = float(rng.uniform(0.1, 0.32)) * (1.0 if near else 0.8)
        c = tone * a
        line(
            canvas,
            np.array([(x, y), (x - size * 0.16, y + size)]),
            (*map(float, c), a),
            max(1, round((1.5 if near else 0.9) * view.unit)),
        )
    return Layer(f"rain-{near}", blur(canvas, 0.5 * view.unit), 0.7 + 0.3 * near, "rain")


def snow(view: View, light: Light, scene: Scene, near: int) -> Layer:
    rng = rng_for(scene.seed, "snow", str(near))
    canvas = clear(view)
    tone = array(light.ambient) * 0.9 + array(light.sun) * 0.4
    for _ in range(90 if near else 420):
        x, y = rng.random() * view.width, rng.random() * view.height
        r = (5.0 if near else 1.8) * view.unit * rng.uniform(0.5, 1.4)
        a = float(rng.uniform(0.45, 0.95)) * (0.6 if near else 1.0)
        disc(canvas, x, y, max(r, 0.6), (*map(float, tone * a), a))
    return Layer(f"snow-{near}", blur(canvas, (2.0 if near else 0.7) * view.unit), 0.7 + 0.3 * near, "snow")


def fog(view: View, light: Light, scene: Scene, thick: float = 0.8) -> Layer:
    rng = rng_for(scene.seed, "fog")
    tex = texture(rng, 256, 2.0)
    x, y = view.grids()
    n = sample(tex, x / view.width * 0.45, y / view.height * 1.1)
    band = np.exp(-(((y - view.horizon * 1.08) / (0.26 * view.height)) ** 2))
    alpha = np.clip(band * (0.5 + 0.26 * n), 0, 0.85).astype(np.float32) * thick
    rgb = np.broadcast_to(array(light.haze), (view.height, view.width, 3)).astype(np.float32)
    return Layer("fog", covered(rgb, alpha), 0.5, "drift")


def confetti(view: View, light: Light, scene: Scene) -> Layer:
    rng = rng_for(scene.seed, "petals")
    canvas = clear(view)
    codes = ("f6b8cf", "fbd6e3", "ee93b5") if "petals" in scene.extras else ("d9742a", "b8451f", "e5a83a")
    glow = array(light.ambient) * 0.9 + array(light.sun) * 0.7
    for _ in range(70):
        c = array(hexed(codes[int(rng.integers(3))])) * glow
        r = 4.5 * view.unit * rng.uniform(0.5, 1.7)
        ellipse(
            canvas,
            rng.random() * view.width,
            rng.random() * view.height,
            r,
            r * rng.uniform(0.35, 0.7),
            (*map(float, c), 1.0),
        )
    return Layer("petals", blur(canvas, 0.8 * view.unit), 0.9, "snow")
