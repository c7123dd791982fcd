"""A drawn scene set in motion: its layers slide by depth under a moving camera, and each moves in its own way.

Layers are developed to 8 bits once; a frame is then a few warps and blends. What the still picture has and the
sum of its layers lacks (bloom, vignette) is kept as a soft correction added to every frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rivya.engines.motion.bytes8 import Bytes, Map, Matrix, bent, corrected, enlarged, laid_over, moved, scaled
from rivya.engines.sketch import compose, grade
from rivya.engines.sketch.layers import Layer, View, composite, over
from rivya.engines.sketch.light import Light
from rivya.engines.sketch.noise import line_noise, rng_for, sample, texture
from rivya.engines.sketch.raster import Field, blur
from rivya.engines.sketch.scene import Scene

OVERSCAN = 1.14
PAN = 0.052
ZOOM = 0.075


@dataclass(slots=True)
class Sheet:
    """A layer ready to be moved: premultiplied RGBA bytes, larger than the frame by the overscan."""

    name: str
    rgba: Bytes
    depth: float
    motion: str
    centre: tuple[float, float]
    phase: float
    twinkle: Map | None = None


def scene_frames(scene: Scene, width: int, height: int, count: int, fps: int) -> Iterator[NDArray[np.uint8]]:
    """``count`` RGB frames of ``scene``."""
    wide, tall = _even(width * OVERSCAN), _even(height * OVERSCAN)
    painting = compose.paint(scene, wide, tall)
    stack = merged(painting.layers)
    finished = grade.develop(composite(stack), painting.light, scene.seed, grain=0.0)
    sheets = [sheet_of(layer, painting.light, scene, i) for i, layer in enumerate(stack)]
    painting.layers.clear()
    add, take = _correction(finished, sheets)
    film = Film(sheets, painting.view, scene, width, height, add, take)
    for i in range(count):
        yield film.frame(i / max(count - 1, 1), i / fps)


def merged(layers: list[Layer]) -> list[Layer]:
    """Neighbours that move alike become one layer; fewer layers, fewer warps."""
    found: list[Layer] = []
    for layer in layers:
        last = found[-1] if found else None
        alike = last and last.motion == layer.motion == "still" and abs(last.depth - layer.depth) < 0.06
        if last and alike:
            found[-1] = Layer(last.name, over(layer.rgba, last.rgba), max(last.depth, layer.depth), "still")
        else:
            found.append(layer)
    return found


def sheet_of(layer: Layer, light: Light, scene: Scene, index: int) -> Sheet:
    rng = rng_for(scene.seed, "motion", str(index), layer.name)
    alpha = np.clip(layer.rgba[..., 3:4], 0, 1)
    colour = layer.rgba[..., :3] / np.maximum(alpha, 0.02)
    shown = grade.develop(colour, light, scene.seed, bloom=0.0, vignette=0.0, grain=0.0).astype(np.float32)
    rgba = np.concatenate([shown * alpha, alpha * 255], axis=2)
    rows, cols = np.nonzero(layer.rgba[..., 3] > 0.3)
    centre = (float(cols.mean()), float(rows.max())) if rows.size else (0.0, 0.0)
    twinkle = None
    if layer.motion == "twinkle":
        noise = sample(
            texture(rng, 128, 0.2, 4),
            *np.meshgrid(
                np.linspace(0, 2, rgba.shape[1] // 4, dtype=np.float32),
                np.linspace(0, 2, rgba.shape[0] // 4, dtype=np.float32),
            ),
        )
        twinkle = (noise * 2.0).astype(np.float32)
    return Sheet(
        layer.name,
        (rgba + 0.5).astype(np.uint8),
        layer.depth,
        layer.motion,
        centre,
        float(rng.random() * 2 * np.pi),
        twinkle,
    )


def _correction(finished: Bytes, sheets: list[Sheet]) -> tuple[Bytes, Bytes]:
    below = np.zeros_like(finished)
    for sheet in sheets:
        below = laid_over(below, sheet.rgba)
    lacking: Field = blur(finished.astype(np.float32) - below.astype(np.float32), 5.0)
    return np.clip(lacking, 0, 255).astype(np.uint8), np.clip(-lacking, 0, 255).astype(np.uint8)


def ease(t: float) -> float:
    """Slow, faster, slow: from 0 to 1."""
    return t * t * t * (t * (6 * t - 15) + 10)


class Film:
    """Frames of one scene at any moment."""

    def __init__(
        self, sheets: list[Sheet], view: View, scene: Scene, width: int, height: int, add: Bytes, take: Bytes
    ) -> None:
        self.sheets, self.view = sheets, view
        self.width, self.height = width, height
        self.add, self.take = add, take
        rng = rng_for(scene.seed, "camera")
        self.way = 1.0 if rng.random() < 0.5 else -1.0
        self.tex = texture(rng, 128, 1.6, 3)
        speck = rng.standard_normal((8, height, width, 1)) * 2.4
        grain = np.repeat(speck, 3, axis=3)
        self.lighter = np.clip(grain, 0, 255).astype(np.uint8)
        self.darker = np.clip(-grain, 0, 255).astype(np.uint8)
        self.gust = line_noise(rng, 256, 1.4, 1)
        self.count = 0

    def frame(self, t: float, seconds: float) -> Bytes:
        """The picture at part ``t`` of the film, ``seconds`` after its start."""
        out = np.zeros((self.height, self.width, 3), np.uint8)
        for sheet in self.sheets:
            matrix = self._camera(sheet.depth, t)
            rgba, own, wrap = self.living(sheet, seconds)
            if own is not None:
                matrix = _chained(matrix, own)
            shown = moved(rgba, matrix, self.width, self.height, wrap=wrap, solid=sheet.depth < 0.05 and not wrap)
            out = laid_over(out, shown)
        middle = self._camera(0.3, t)
        add = moved(self.add, middle, self.width, self.height, solid=True)
        take = moved(self.take, middle, self.width, self.height, solid=True)
        out = corrected(out, add, take)
        self.count += 1
        return corrected(out, self.lighter[self.count % 8], self.darker[self.count % 8])

    def _camera(self, depth: float, t: float) -> Matrix:
        """Track sideways and move in, near layers more than far ones."""
        e = ease(t)
        scale = 1.0 + ZOOM * e * (0.25 + 0.75 * depth)
        shift = -self.way * PAN * (e - 0.5) * depth * self.width
        cx, cy = self.view.width / 2, self.view.height * 0.52
        x0, y0 = (self.view.width - self.width) / 2, (self.view.height - self.height) / 2
        return np.array([[scale, 0, cx - scale * cx - x0 + shift], [0, scale, cy - scale * cy - y0]], np.float64)

    def living(self, sheet: Sheet, s: float) -> tuple[Bytes, Matrix | None, bool]:
        """What the layer does of its own accord: changed pixels, a movement, and whether it wraps round."""
        u, p = self.view.unit * 2.0, sheet.phase
        match sheet.motion:
            case "drift":
                return sheet.rgba, _shift(self.way * s * 7.0 * u * (0.6 + sheet.depth), 0), False
            case "ripple":
                return self._rippled(sheet.rgba, s), None, False
            case "twinkle" if sheet.twinkle is not None:
                level = np.clip(0.72 + 0.38 * np.sin(sheet.twinkle * 3 + s * 3.4), 0, 1)
                factor = enlarged((level * 255).astype(np.float32), sheet.rgba.shape[1], sheet.rgba.shape[0]).astype(
                    np.uint8
                )
                return scaled(sheet.rgba, np.repeat(factor[..., None], 4, axis=2)), None, False
            case "rain":
                fall = s * self.view.height * (1.1 + sheet.depth)
                return sheet.rgba, _shift(-0.16 * fall, fall % self.view.height), True
            case "snow":
                fall = s * self.view.height * 0.09 * (0.4 + sheet.depth)
                return sheet.rgba, _shift(4 * u * np.sin(s * 0.9 + p), fall), True
            case "bob":
                angle = 0.014 * np.sin(s * 1.7 + p)
                return sheet.rgba, _turned(angle, sheet.centre, (0, 1.8 * u * np.sin(s * 2.1 + p))), False
            case "float":
                angle = 0.02 * np.sin(s * 1.1 + p)
                return (
                    sheet.rgba,
                    _turned(angle, sheet.centre, (2.2 * u * np.sin(s * 0.8 + p), 4.2 * u * np.sin(s * 1.3 + p))),
                    False,
                )
            case "drive":
                return sheet.rgba, _shift(self.way * 5.0 * u * (s - 2.0), 0.35 * u * np.sin(s * 23.0)), False
            case "sway":
                k = 0.012 * np.sin(s * 1.6 + p) + 0.005 * np.sin(s * 3.7 + p)
                return sheet.rgba, np.array([[1, k, -k * self.view.height], [0, 1, 0]], np.float64), False
            case _:
                return sheet.rgba, None, False

    def _rippled(self, rgba: Bytes, s: float) -> Bytes:
        """Waves that run towards us, wider the nearer they are."""
        h, w = rgba.shape[:2]
        sh, sw = h // 3, w // 3
        y = np.linspace(0, h, sh, dtype=np.float32)[:, None]
        x = np.linspace(0, w, sw, dtype=np.float32)[None, :]
        below = np.maximum(y - self.view.horizon, 1.0)
        z = self.view.focal / below
        t = np.clip(below / max(h - self.view.horizon, 1.0), 0, 1)
        wx = (x - w / 2) / self.view.focal * z
        a = sample(self.tex, wx * 0.05 + 0.02 * s, z * 0.12 + 0.06 * s + 0 * wx)
        b = sample(self.tex, wx * 0.06 - 0.03 * s + 0.5, z * 0.15 + 0.045 * s + 0 * wx)
        wave = (a + b) * (0.7 + 4.2 * t) * self.view.unit
        fade = np.clip((y - self.view.horizon) / (0.03 * h), 0, 1)
        dx = enlarged((wave * 1.5 * fade).astype(np.float32), w, h)
        dy = enlarged((wave * 0.8 * fade).astype(np.float32), w, h)
        gx, gy = np.arange(w, dtype=np.float32)[None, :], np.arange(h, dtype=np.float32)[:, None]
        return bent(rgba, dx + gx, dy + gy)


def _chained(first: Matrix, then: Matrix) -> Matrix:
    """The affine that does ``then`` and after it ``first``."""
    a, b = np.vstack([first, [0, 0, 1]]), np.vstack([then, [0, 0, 1]])
    return (a @ b)[:2]


def _shift(dx: float, dy: float) -> Matrix:
    return np.array([[1, 0, dx], [0, 1, dy]], np.float64)


def _turned(angle: float, centre: tuple[float, float], by: tuple[float, float]) -> Matrix:
    c, s = np.cos(angle), np.sin(angle)
    x, y = centre
    return np.array([[c, -s, x - c * x + s * y + by[0]], [s, c, y - s * x - c * y + by[1]]], np.float64)


def _even(size: float) -> int:
    return int(round(size / 2) * 2)
