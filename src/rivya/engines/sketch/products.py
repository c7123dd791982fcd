"""Turned objects with a shading of their own: bottles, jars, vases and candles for the studio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rivya.engines.sketch.light import Colour, array, hexed, mix
from rivya.engines.sketch.noise import Rng, interp, sample, smoothstep, texture
from rivya.engines.sketch.raster import Field, blur, resize


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the outline: rows as parts of the height, radii as parts of it too."""

    outline: tuple[tuple[float, float], ...]
    finish: str
    """matte, glaze, glass, metal or wood."""
    colour: Colour
    label: tuple[float, float] | None = None


TILT = 0.17
"""How far from above a product is seen: the short half of an ellipse over its long half."""

AMBER, CREAM, INK = hexed("a85a1c"), hexed("efe6d6"), hexed("3b3a3d")
SAGE, CLAY, BLUSH, SLATE, GOLD = hexed("93a58c"), hexed("c1775a"), hexed("dca79c"), hexed("5c6a7c"), hexed("c9a25a")
GLAZES = (SAGE, CLAY, BLUSH, SLATE, CREAM)


def shape(name: str, rng: Rng) -> tuple[float, list[Part]]:
    """Height to width, and the parts of a named product."""
    glaze = GLAZES[int(rng.integers(len(GLAZES)))]
    dropper = [
        Part(((0.0, 0.03), (0.02, 0.058), (0.05, 0.066), (0.1, 0.068), (0.19, 0.07), (0.2, 0.066)), "matte", INK),
        Part(((0.185, 0.1), (0.195, 0.105), (0.285, 0.105), (0.295, 0.1)), "metal", GOLD),
        Part(
            (
                (0.285, 0.095),
                (0.32, 0.1),
                (0.36, 0.17),
                (0.4, 0.212),
                (0.44, 0.222),
                (0.95, 0.222),
                (0.985, 0.214),
                (1.0, 0.19),
            ),
            "glass",
            AMBER,
            (0.52, 0.88),
        ),
    ]
    pump = [
        Part(((0.0, 0.03), (0.005, 0.12), (0.045, 0.125), (0.05, 0.05), (0.13, 0.045), (0.14, 0.05)), "matte", CREAM),
        Part(((0.13, 0.1), (0.14, 0.11), (0.22, 0.11), (0.23, 0.105)), "matte", CREAM),
        Part(
            ((0.225, 0.1), (0.25, 0.14), (0.28, 0.19), (0.32, 0.205), (0.96, 0.205), (0.985, 0.2), (1.0, 0.18)),
            "matte",
            glaze,
            (0.46, 0.84),
        ),
    ]
    jar = [
        Part(
            ((0.0, 0.555), (0.02, 0.565), (0.3, 0.57), (0.34, 0.565)),
            "metal" if rng.random() < 0.5 else "wood",
            GOLD if rng.random() < 0.5 else hexed("b98a58"),
        ),
        Part(
            ((0.32, 0.53), (0.4, 0.58), (0.48, 0.6), (0.9, 0.6), (0.97, 0.575), (1.0, 0.52)),
            "glaze",
            CREAM,
            (0.52, 0.86),
        ),
    ]
    vase = [
        Part(
            (
                (0.0, 0.11),
                (0.03, 0.115),
                (0.1, 0.085),
                (0.2, 0.08),
                (0.3, 0.11),
                (0.42, 0.21),
                (0.56, 0.285),
                (0.68, 0.3),
                (0.82, 0.26),
                (0.93, 0.19),
                (1.0, 0.14),
            ),
            "glaze",
            glaze,
        ),
    ]
    candle = [
        Part(
            ((0.0, 0.42), (0.02, 0.44), (0.94, 0.44), (0.98, 0.43), (1.0, 0.4)), "glass", hexed("6a4a38"), (0.36, 0.8)
        ),
    ]
    perfume = [
        Part(((0.0, 0.15), (0.01, 0.165), (0.2, 0.165), (0.22, 0.16)), "metal", GOLD),
        Part(((0.21, 0.09), (0.27, 0.09), (0.28, 0.12)), "metal", GOLD),
        Part(
            ((0.27, 0.1), (0.3, 0.27), (0.34, 0.33), (0.92, 0.33), (0.97, 0.32), (1.0, 0.28)),
            "glass",
            mix(BLUSH, (0.9, 0.6, 0.5), 0.3),
            (0.52, 0.8),
        ),
    ]
    can = [
        Part(
            ((0.0, 0.24), (0.02, 0.27), (0.05, 0.27), (0.09, 0.31), (0.92, 0.31), (0.97, 0.27), (1.0, 0.26)),
            "metal",
            glaze,
            (0.3, 0.75),
        )
    ]
    arc = np.linspace(0.02, np.pi - 0.5, 60)
    stone = [Part(tuple((float(0.5 - 0.5 * np.cos(a)), float(0.95 * np.sin(a))) for a in arc), "matte", CREAM)]
    named = {
        "bottle": (1.0, dropper), "pump": (1.0, pump), "jar": (1.0, jar), "vase": (1.0, vase), "candle": (1.0, candle),
        "perfume": (1.0, perfume), "can": (1.0, can), "stone": (1.0, stone),
    }  # fmt: skip
    return named.get(name, named["bottle"])


def turned(name: str, height: int, rng: Rng, tint: Colour | None = None) -> Field:
    """The product ``height`` pixels high, seen a little from above, lit by a soft box at the left."""
    _, parts = shape(name, rng)
    big = max(height * 2, 64)
    widest = max(r for part in parts for _, r in part.outline)
    half = int(big * widest) + 6
    head = int(big * widest * TILT) + 4
    canvas = np.zeros((big + 2 * head, 2 * half, 4), np.float32)
    for part in reversed(parts):
        _lathe(canvas, part, big, half, head, rng, tint if part is parts[-1] else None)
    filled = np.flatnonzero(canvas[..., 3].max(axis=1) > 0.05)
    canvas = canvas[filled[0] : filled[-1] + 1]
    return resize(canvas, canvas.shape[1] // 2, max(canvas.shape[0] // 2, 2))


def _lathe(canvas: Field, part: Part, big: int, half: int, head: int, rng: Rng, tint: Colour | None) -> None:
    """Paint one part over ``canvas``; every row is an ellipse, so edges curve as they should."""
    rows = np.array([p[0] for p in part.outline]) * big
    radii = np.array([p[1] for p in part.outline]) * big
    fine: Field = np.linspace(float(rows[0]), float(rows[-1]), 600)
    raw = interp(fine, rows, radii)
    kernel = np.hanning(121 if len(rows) > 8 else 31 if len(rows) > 4 else 9)
    padded = np.pad(raw, len(kernel) // 2, mode="edge")
    profile: Field = np.asarray(np.convolve(padded, kernel / kernel.sum(), "valid"), np.float64)
    y = np.arange(canvas.shape[0], dtype=np.float32)[:, None] - head
    x = np.arange(canvas.shape[1], dtype=np.float32)[None, :] - half + 0.5
    tilt = TILT
    row = y + 0 * x
    r = interp(row, fine, profile)
    for _ in range(3):
        u = np.clip(x / np.maximum(r, 1e-3), -1, 1)
        row = y - tilt * np.sqrt(1 - u * u) * r + 0 * x
        r = interp(row, fine, profile)
    u = x / np.maximum(r, 1e-3)
    inside = (
        np.clip((1 - np.abs(u)) * r + 0.5, 0, 1)
        * np.clip(row - rows[0] + 0.5, 0, 1)
        * np.clip(rows[-1] - row + 0.5, 0, 1)
    )
    lid_y = rows[0]
    r0 = profile[0]
    lid = np.clip((1 - np.hypot(x / max(r0, 1), (y - lid_y) / max(tilt * r0, 1))) * tilt * r0 + 0.5, 0, 1)
    u = np.clip(u, -1, 1).astype(np.float32)
    down = ((row - rows[0]) / max(rows[-1] - rows[0], 1)).astype(np.float32)
    slope = interp(row, fine, np.gradient(profile, fine)).astype(np.float32)
    colour = part.colour if tint is None else tint
    rgb = _finish(part.finish, colour, u, down, slope, rng)
    if part.label:
        rgb = _label(rgb, u, row.astype(np.float32) / big, part.label, part.finish)
    canvas *= (1 - inside)[..., None]
    canvas[..., :3] += rgb * inside[..., None]
    canvas[..., 3] += inside
    face = array(colour) * (1.06 if part.finish != "glass" else 0.5) + 0.02
    shade = (0.95 - 0.16 * x / max(r0, 1))[..., None]
    canvas *= (1 - lid)[..., None]
    canvas[..., :3] += face * shade * lid[..., None]
    canvas[..., 3] += lid


def _finish(finish: str, colour: Colour, u: Field, down: Field, slope: Field, rng: Rng) -> Field:
    base = array(colour)
    nx = u
    ny = np.clip(slope * 0.9, -1, 1)
    diffuse = 0.34 + 0.72 * np.clip(-0.62 * nx + 0.62 * np.sqrt(1 - nx * nx) - 0.3 * ny, 0, 1)
    edge = np.abs(nx) ** 6
    strip = smoothstep(0.0, 0.05, u + 0.66) * smoothstep(0.0, 0.05, -0.42 - u)
    thin = smoothstep(0.0, 0.03, u - 0.74) * smoothstep(0.0, 0.03, 0.83 - u)
    ends = smoothstep(0.02, 0.07, down) * smoothstep(0.0, 0.08, 0.985 - down)
    if finish == "matte":
        soft = np.exp(-(((u + 0.5) / 0.3) ** 2)) * 0.16
        return (base * (diffuse + soft)[..., None] + 0.02 * edge[..., None]).astype(np.float32)
    if finish == "wood":
        tex = texture(rng, 128, 1.3)
        grain = sample(tex, u * 0.2 + 0.0 * down, down * 2.4)
        return (base * (diffuse * (1 + 0.14 * grain))[..., None]).astype(np.float32)
    if finish == "metal":
        bands = (
            0.34
            + 0.6 * np.exp(-(((u + 0.52) / 0.16) ** 2))
            + 0.34 * np.exp(-(((u - 0.62) / 0.12) ** 2))
            + 0.3 * np.exp(-((u / 0.5) ** 2))
            - 0.2 * np.exp(-(((u + 0.12) / 0.1) ** 2))
        )
        return (base * 1.25 * bands[..., None] + (strip * ends)[..., None] * 0.35).astype(np.float32)
    if finish == "glass":
        thick = 0.2 + 0.72 * np.sqrt(1 - np.clip(np.abs(u), 0, 0.995) ** 2)
        through = (
            base ** np.clip(thick * 1.15, 0.3, 2)[..., None]
            * (0.55 + 0.55 * np.exp(-(((u - 0.28) / 0.42) ** 2)) + 0.35 * smoothstep(0.7, 1.0, down))[..., None]
        )
        liquid = smoothstep(0.2, 0.215, down)
        body = through * (1.16 - 0.34 * liquid)[..., None]
        body = body * (1 - 0.5 * edge)[..., None]
        return (body + (strip * ends * 0.5 + thin * ends * 0.32)[..., None] * array((1.0, 0.98, 0.95))).astype(
            np.float32
        )
    gloss = blur((strip * ends).astype(np.float32), 3.0) * 0.42 + blur((thin * ends).astype(np.float32), 2.0) * 0.16
    return (base * diffuse[..., None] + gloss[..., None] + 0.05 * edge[..., None]).astype(np.float32)


def _label(rgb: Field, u: Field, row: Field, span: tuple[float, float], finish: str) -> Field:
    """A paper label wrapped round the front, with a name, a rule and small print."""
    low, high = span
    across = np.arcsin(u) / (np.pi / 2)
    t = (row - low) / (high - low)
    paper = smoothstep(0.0, 0.02, t) * smoothstep(0.0, 0.02, 1 - t) * smoothstep(0.0, 0.02, 0.6 - np.abs(across))
    light = 0.38 + 0.66 * np.clip(-0.62 * u + 0.66 * np.sqrt(1 - u * u), 0, 1)
    tone = array(hexed("f6f1e7")) * light[..., None]
    ink = np.zeros_like(t)

    def bar(y0: float, y1: float, x0: float, x1: float) -> Field:
        return (
            smoothstep(y0 - 0.01, y0, t)
            * smoothstep(y1 + 0.01, y1, t)
            * smoothstep(x0 - 0.01, x0, across)
            * smoothstep(x1 + 0.01, x1, across)
        )

    for x0 in (-0.27, -0.15, -0.03, 0.09, 0.21):
        ring = np.hypot((across - x0 - 0.03) / 0.042, (t - 0.27) / 0.06)
        ink = np.maximum(ink, smoothstep(1.0, 0.85, ring) * smoothstep(0.45, 0.6, ring))
    ink = np.maximum(ink, bar(0.45, 0.46, -0.3, 0.3))
    for i, wide in enumerate((0.2, 0.26, 0.15)):
        ink = np.maximum(ink, 0.55 * bar(0.56 + 0.09 * i, 0.585 + 0.09 * i, -wide, wide))
    ink = np.maximum(ink, 0.8 * bar(0.88, 0.905, -0.08, 0.08))
    tone = tone * (1 - 0.78 * ink[..., None])
    return (rgb * (1 - paper[..., None]) + tone * paper[..., None]).astype(np.float32)
