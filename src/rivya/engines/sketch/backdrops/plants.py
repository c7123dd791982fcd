"""Trees, grass and flowers, drawn once for each picture and set out by distance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rivya.engines.sketch import sprites
from rivya.engines.sketch.layers import View
from rivya.engines.sketch.light import Light, array, hexed
from rivya.engines.sketch.noise import Rng
from rivya.engines.sketch.raster import Field, blur, disc, line, polygons, resize
from rivya.engines.sketch.stand import paste
from rivya.engines.sketch.terrain import Ground

LEAF = {
    "summer": ("2f5a24", "5d8a34"),
    "spring": ("4a7a2c", "8fb84a"),
    "autumn": ("a4501e", "e0953a"),
    "winter": ("6a6a66", "b9c2c8"),
    "blossom": ("c46a94", "f7bcd2"),
    "jungle": ("1d4a22", "3f7a34"),
}


def conifer(rng: Rng, tall: int, *, snowy: bool = False) -> Field:
    """A fir: boughs from the bottom up, each lighter on its left and its tips."""
    wide = int(tall * 0.5)
    canvas = np.zeros((tall, wide, 4), np.float32)
    cx = wide / 2
    polygons(
        canvas,
        [np.array([(cx - tall * 0.018, tall), (cx + tall * 0.018, tall), (cx, tall * 0.2)])],
        (0.06, 0.04, 0.03, 1),
    )
    tiers = 13
    base = np.array(hexed("23401f")) * rng.uniform(0.8, 1.15)
    for i in range(tiers):
        t = i / (tiers - 1)
        y = tall * (0.93 - 0.84 * t)
        half = wide * 0.47 * (1 - t) ** 0.85 * rng.uniform(0.88, 1.08) + 2
        drop = tall * 0.1 * (1 - 0.55 * t)
        for side, shade in ((-1, 1.5), (1, 0.75)):
            n = 6
            xs = cx + side * half * np.linspace(0, 1, n)
            lower = (
                y
                + drop * np.linspace(0.1, 0.75, n)
                + rng.normal(0, drop * 0.13, n)
                + np.where(np.arange(n) % 2, drop * 0.22, 0)
            )
            points = [(cx, y - drop * 0.95), *zip(xs, lower, strict=True), (xs[-1], lower[-1] - drop * 0.1)]
            c = base * shade * (0.7 + 0.5 * t) * rng.uniform(0.88, 1.12)
            polygons(canvas, [np.array(points)], (*map(float, c), 1.0))
            if snowy:
                cap = [
                    (cx, y - drop * 0.95),
                    *[(px, py - drop * 0.3) for px, py in zip(xs, lower, strict=True)],
                    (cx, y - drop * 0.55),
                ]
                s = 0.95 if side < 0 else 0.72
                polygons(canvas, [np.array(cap)], (0.86 * s, 0.9 * s, 0.98 * s, 1.0))
    return _soft(canvas)


def broadleaf(rng: Rng, tall: int, season: str) -> Field:
    """A round crown of many leaf clumps, dark below and light towards the upper left."""
    wide = int(tall * 0.92)
    canvas = np.zeros((tall, wide, 4), np.float32)
    cx = wide / 2
    trunk = (0.085, 0.055, 0.04, 1.0)
    polygons(
        canvas,
        [
            np.array(
                [
                    (cx - tall * 0.04, tall),
                    (cx + tall * 0.04, tall),
                    (cx + tall * 0.018, tall * 0.5),
                    (cx - tall * 0.018, tall * 0.5),
                ]
            )
        ],
        trunk,
    )
    for a in (-0.5, 0.1, 0.55):
        line(canvas, np.array([(cx, tall * 0.66), (cx + a * tall * 0.34, tall * 0.4)]), trunk, max(1, tall // 50))
    dark, light = (np.array(hexed(c)) for c in LEAF.get(season, LEAF["summer"]))
    count = 150 if season != "winter" else 34
    angle, radius = rng.random(count) * 2 * np.pi, np.sqrt(rng.random(count))
    xs = cx + np.cos(angle) * radius * wide * 0.37
    ys = tall * 0.36 + np.sin(angle) * radius * tall * 0.27
    height = (ys / tall - 0.09) / 0.54
    for i in np.argsort(-ys + rng.normal(0, tall * 0.05, count)):
        up = np.clip(1.15 - height[i] * 1.1 - 0.32 * (xs[i] - cx) / (wide * 0.4) + rng.normal(0, 0.13), 0, 1.1)
        c = dark * 0.55 * (1 - up) + light * up
        disc(canvas, float(xs[i]), float(ys[i]), tall * rng.uniform(0.04, 0.085), (*map(float, c), 1.0))
    for _ in range(count * 5):
        a, r = rng.random() * 2 * np.pi, np.sqrt(rng.random()) * 1.06
        x, y = cx + np.cos(a) * r * wide * 0.4, tall * 0.36 + np.sin(a) * r * tall * 0.3
        up = np.clip(1.1 - (y / tall - 0.09) / 0.54 - 0.3 * (x - cx) / (wide * 0.4) + rng.normal(0, 0.25), 0, 1.2)
        c = dark * 0.6 * (1 - up) + light * up * 1.1
        disc(canvas, x, y, tall * rng.uniform(0.008, 0.02), (*map(float, c), 1.0))
    return _soft(canvas)


def _soft(canvas: Field) -> Field:
    canvas[..., 3] = np.clip(canvas[..., 3], 0, 1)
    return blur(canvas, 0.5)


class Grove:
    """A few trees of one kind, lit for this picture, to be set out many times."""

    def __init__(self, rng: Rng, light: Light, kind: str, season: str, pixels: int) -> None:
        self.light = light
        if kind == "conifer":
            raw = [conifer(rng, pixels, snowy=season == "winter") for _ in range(3)]
        elif kind == "palm":
            raw = [sprites.picture("palm-tree", pixels)]
        else:
            raw = [broadleaf(rng, pixels, season) for _ in range(3)]
        raw += [sprites.flipped(raw[0])] if light.direction[0] < 0 else []
        turned = [one if light.direction[0] < 0 else sprites.flipped(one) for one in raw]
        self.trees = [sprites.lit(one, light, 0.0, grounded=True) for one in turned]

    def plant(self, canvas: Field, rng: Rng, view: View, ground: Ground, x: float, z: float, tall: float) -> None:
        """Stand a tree ``tall`` camera heights high at world (x, z)."""
        tree = self.trees[int(rng.integers(len(self.trees)))]
        pixels = min(view.focal * tall / z, 1.15 * view.height)
        if pixels < 3:
            return
        shown = tree
        if pixels < tree.shape[0] * 0.98 or pixels > tree.shape[0] * 1.02:
            shown = resize(tree, max(2, int(tree.shape[1] * pixels / tree.shape[0])), max(2, int(pixels)))
        lost = float(1 - np.exp(-max(z - 2.5, 0) / self.light.haze_reach))
        shade = float(rng.uniform(0.82, 1.12))
        alpha = shown[..., 3:4]
        rgb = shown[..., :3] * (1 - lost) * shade + array(self.light.haze) * lost * alpha
        foot = view.horizon + view.focal * (1 - max(ground.height_at(x, z), 0.0)) / z
        left = view.width / 2 + view.focal * x / z - shown.shape[1] / 2
        paste(canvas, np.concatenate([rgb, alpha], axis=2), left, foot - shown.shape[0] + pixels * 0.012)


def scatter(
    canvas: Field, rng: Rng, view: View, ground: Ground, grove: Grove, *, count: int, near: float, far: float,
    tall: float, clear: float = 0.0, spread: float = 0.62,
) -> None:  # fmt: skip
    """Set ``count`` trees out between two distances, far ones first, leaving ``clear`` open in the middle."""
    zs = np.sort(np.exp(rng.uniform(np.log(near), np.log(far), count)))[::-1]
    for z in zs:
        across = rng.uniform(clear, spread) * rng.choice([-1, 1])
        x = float(across * z * view.width / view.focal)
        h = ground.height_at(x, float(z))
        if h > z * 0.16 or h < -0.01:
            continue
        grove.plant(canvas, rng, view, ground, x, float(z), tall * float(rng.uniform(0.65, 1.2)))


def grass(
    canvas: Field,
    rng: Rng,
    view: View,
    ground: Ground,
    light: Light,
    *,
    tall: float = 0.09,
    count: int = 1500,
    bright: float = 1.0,
) -> None:
    """Blades in the foreground, coloured from the ground they grow on."""
    top = view.horizon + 0.42 * (view.height - view.horizon)
    ys = np.sort(top + (view.height * 1.06 - top) * np.sqrt(rng.random(count)))
    xs = rng.uniform(-10, view.width + 10, count)
    h, w = ground.rgb.shape[:2]
    for x, y in zip(xs, ys, strict=True):
        z = view.row_to_z(y)
        size = view.focal * tall / z * (0.4 + 0.9 * rng.random())
        here = ground.rgb[int(min(y, h - 1)), int(np.clip(x, 0, w - 1))]
        if float(here.max() - here.min()) < 0.3 * float(here.max()):
            continue  # tar, rock or water
        c = here * (0.6 + 0.95 * rng.random() ** 1.5) * bright
        lean = rng.normal(0.1, 0.3) * size
        width = max(size * 0.05, 0.6)
        points = np.array(
            [
                (x - width, y),
                (x + width, y),
                (x + lean * 0.45 + width * 0.6, y - size * 0.6),
                (x + lean, y - size),
                (x + lean * 0.4 - width * 0.4, y - size * 0.6),
            ]
        )
        polygons(canvas, [points], (float(c[0]), float(c[1]), float(c[2]), 1.0))


def fronds(canvas: Field, rng: Rng, view: View, light: Light) -> None:
    """Great leaves close before the lens, reaching in from the lower and upper corners."""
    glow = array(light.ambient) * 0.55 + array(light.sun) * 0.25
    for k in range(18):
        side = -1 if k % 2 else 1
        low = k % 3 != 2
        x = view.width * (0.5 + side * rng.uniform(0.42, 0.6))
        y = view.height * (rng.uniform(0.88, 1.08) if low else rng.uniform(-0.06, 0.12))
        size = view.height * rng.uniform(0.2, 0.36)
        angle = np.pi / 2 + side * rng.uniform(0.1, 0.9) if low else -np.pi / 2 + side * rng.uniform(0.5, 1.2)
        t = np.linspace(0, 1, 24)
        droop = (t**2) * rng.uniform(0.1, 0.5) * size
        cx, cy = x + np.cos(angle) * t * size, y - np.sin(angle) * t * size + droop
        width = np.sin(np.pi * t**0.8) * size * rng.uniform(0.09, 0.15)
        nx, ny = np.sin(angle), np.cos(angle)
        dark, pale = (array(hexed(c)) for c in LEAF["jungle"])
        c = (dark + (pale - dark) * float(rng.random())) * glow
        edge_a = np.stack([cx + nx * width, cy + ny * width], axis=1)
        edge_b = np.stack([cx - nx * width, cy - ny * width], axis=1)
        spine = np.stack([cx, cy], axis=1)
        polygons(canvas, [np.concatenate([edge_a, spine[::-1]])], (*map(float, c * 1.25), 1.0))
        polygons(canvas, [np.concatenate([edge_b, spine[::-1]])], (*map(float, c * 0.8), 1.0))


FLOWERS = {
    "meadow": ("f4f1ea", "f2c53d", "d9534f", "9a6fd0", "e88bb5"),
    "sunflower": ("f5b82e", "f2a81e"),
    "lavender": ("8a6fd0", "a58ae0", "7558b8"),
    "poppy": ("d8382e", "e2523a", "c22a2a"),
    "tulip": ("e2476a", "f2c53d", "f08a3c", "c25ad0", "f4f1ea"),
}


def flowers(
    canvas: Field, rng: Rng, view: View, light: Light, kind: str, *, count: int = 700, size: float = 0.035
) -> None:
    """Flower heads thinning out towards the horizon."""
    colours: Sequence[Field] = [array(hexed(c)) for c in FLOWERS.get(kind, FLOWERS["meadow"])]
    glow = array(light.sun) * 0.75 + array(light.ambient) * 0.85
    t = rng.random(count) ** 1.7
    ys = np.sort(view.horizon + (0.1 + 0.96 * t) * (view.height - view.horizon))
    patch = rng.random(count)
    for y, p in zip(ys, patch, strict=True):
        x = rng.uniform(-5, view.width + 5)
        r = view.focal * size / view.row_to_z(float(y)) * float(rng.uniform(0.55, 1.15))
        c = colours[int(p * len(colours)) % len(colours)] * glow * float(rng.uniform(0.75, 1.15))
        if r < 2.2:
            disc(canvas, x, y, max(r, 0.6), (*map(float, c), 1.0))
            continue
        stem = array(hexed("3f6a26")) * glow * 0.8
        line(
            canvas,
            np.array([(x, y + r * 4), (x + r * 0.2, y + r * 1.5), (x, y)]),
            (*map(float, stem), 1.0),
            max(1, round(r * 0.2)),
        )
        turn = rng.random() * 2
        for k in range(6):
            a = turn + k * np.pi / 3
            shade = 0.8 + 0.3 * np.sin(-a)
            disc(canvas, x + np.cos(a) * r * 0.6, y + np.sin(a) * r * 0.42, r * 0.42, (*map(float, c * shade), 1.0))
        disc(canvas, x, y, r * 0.34, (*map(float, array(hexed("e0a020")) * glow), 1.0))
