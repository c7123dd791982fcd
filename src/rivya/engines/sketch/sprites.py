"""Subjects as pictures: rendered from SVG, tinted, and lit by the scene's own light."""

from __future__ import annotations

import gzip
import io
import json
from functools import cache, lru_cache
from typing import Any, cast

import numpy as np
import resvg_py
from PIL import Image

from rivya.engines.sketch import figures
from rivya.engines.sketch.light import Light, array
from rivya.engines.sketch.nouns import VENDOR, nouns
from rivya.engines.sketch.raster import Field, blur, distance, power, resize

SHARPEST = 760
"""Pictures are soft shapes; rendered larger than this, their blurs cost seconds and show no more."""

TINTS: dict[str, tuple[float, float]] = {
    # hue in degrees and how much colour, for words such as "red car"
    "red": (356, 1.0), "crimson": (350, 1.0), "orange": (26, 1.0), "yellow": (48, 1.0), "golden": (42, 0.9),
    "gold": (42, 0.9),
    "green": (130, 0.85), "sage": (105, 0.35), "mint": (152, 0.5), "peach": (22, 0.6), "terracotta": (14, 0.7),
    "cream": (40, 0.3), "emerald": (150, 0.9), "teal": (178, 0.9), "turquoise": (176, 0.9), "cyan": (188, 0.9),
    "blue": (214, 1.0),
    "navy": (222, 0.9), "purple": (272, 0.9), "violet": (268, 0.9), "lavender": (262, 0.5), "pink": (336, 0.8),
    "magenta": (312, 1.0),
    "brown": (22, 0.55), "beige": (38, 0.3), "white": (0, 0.0), "silver": (220, 0.05), "grey": (0, 0.0),
    "gray": (0, 0.0), "black": (0, 0.0),
}  # fmt: skip
LIGHTNESS = {
    "white": 1.5,
    "silver": 1.15,
    "black": 0.2,
    "navy": 0.55,
    "crimson": 0.8,
    "brown": 0.7,
    "pink": 1.25,
    "lavender": 1.25,
    "beige": 1.2,
}


@lru_cache(maxsize=24)
def picture(noun: str, height: int, *, bust: bool = False) -> Field:
    """The noun, trimmed to its outline, ``height`` pixels high: premultiplied linear RGBA."""
    body, (w, h) = _drawing(noun, bust)
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}">{body}</svg>'
    draft = _raster(svg, 96)
    top, bottom = _rows(draft[..., 3])
    scale = height / max((bottom - top) / draft.shape[0], 0.05)
    full = _raster(svg, min(int(scale), SHARPEST))
    top, bottom = _rows(full[..., 3])
    left, right = _rows(full[..., 3].T)
    trimmed = np.ascontiguousarray(full[top:bottom, left:right])
    return resize(trimmed, max(1, round(trimmed.shape[1] * height / trimmed.shape[0])), height)


@cache
def _bodies() -> dict[str, str]:
    return cast("dict[str, str]", json.loads(gzip.decompress((VENDOR / "pictures.json.gz").read_bytes())))


def _drawing(noun: str, bust: bool) -> tuple[str, tuple[int, int]]:
    own = {"lighthouse": figures.lighthouse, "windmill": figures.windmill, "hot-air-balloon": figures.balloon}
    if noun in own:
        return own[noun]()
    body = _bodies()[noun]
    kind = nouns()[noun].kind
    if noun == "unicorn" and not bust:
        return figures.unicorn(_bodies()["horse"])
    if kind == "head" and not bust:
        return figures.sitting(noun, body)
    if kind == "bust" and not bust:
        return figures.standing(noun, body)
    if kind == "face":
        return figures.dressed(noun, body, bust=bust)
    return body, (32, 32)


def _raster(svg: str, height: int) -> Field:
    png = bytes(cast(Any, resvg_py).svg_to_bytes(svg_string=svg, height=height, skip_system_fonts=True))
    rgba = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"), np.float32) / 255.0
    alpha = rgba[..., 3:4]
    return np.concatenate([power(rgba[..., :3], 2.2) * alpha, alpha], axis=2).astype(np.float32)


def _rows(alpha: Field) -> tuple[int, int]:
    filled = np.flatnonzero(alpha.max(axis=1) > 0.25)
    return (int(filled[0]), int(filled[-1]) + 1) if filled.size else (0, alpha.shape[0])


def tinted(sprite: Field, tint: str | None) -> Field:
    """The sprite with its colourful parts turned to ``tint``; greys, glass and tyres keep their own."""
    if tint not in TINTS:
        return sprite
    hue, strength = TINTS[tint]
    alpha = np.maximum(sprite[..., 3:4], 1e-4)
    rgb = sprite[..., :3] / alpha
    top, low = rgb.max(axis=2), rgb.min(axis=2)
    colour = (top - low) / np.maximum(top, 1e-4)
    blueish = (rgb[..., 2] > rgb[..., 0] * 1.6) & (rgb[..., 1] > rgb[..., 0] * 1.5)
    amount = np.clip((colour - 0.35) / 0.3, 0, 1) * np.where(blueish, 0.15, 1.0)
    if float((amount * sprite[..., 3]).sum()) < 0.12 * float(sprite[..., 3].sum()):
        amount = np.full_like(amount, 0.85)
    h = hue / 60.0
    pure = np.clip(np.array([abs(h - 3) - 1, 2 - abs(h - 2), 2 - abs(h - 4)], np.float32), 0, 1) ** 2.2
    luma = (rgb @ np.array([0.35, 0.5, 0.15], np.float32))[..., None]
    value = (0.35 * top[..., None] + 0.65 * luma) * LIGHTNESS.get(tint, 1.0)
    if strength < 0.1:
        want = np.repeat(
            luma / max(float(np.median(luma[alpha[..., 0] > 0.5])), 0.05) * 0.42 * LIGHTNESS.get(tint, 0.8), 3, axis=2
        )
    else:
        want = value * (pure * strength * 1.25 + (1 - strength) * 0.8 + 0.05)
    mixed = rgb * (1 - amount[..., None]) + np.clip(want, 0, 1.1) * amount[..., None]
    return np.concatenate([mixed * sprite[..., 3:4], sprite[..., 3:4]], axis=2).astype(np.float32)


def lit(
    sprite: Field, light: Light, z: float = 3.0, *, haze: float = 1.0, grounded: bool = True, own_light: float = 0.0
) -> Field:
    """The sprite as it looks in ``light`` at distance ``z``: rounded by a normal guessed from its outline."""
    alpha = sprite[..., 3]
    size = float(max(sprite.shape[:2]))
    rgb = sprite[..., :3] / np.maximum(alpha[..., None], 1e-4)
    away = distance(alpha)
    round_to = 0.16 * size
    bulge = np.sqrt(np.maximum(1.0 - (1.0 - np.minimum(away / round_to, 1.0)) ** 2, 0.0)) * round_to
    bulge = blur(bulge.astype(np.float32), max(size * 0.022, 0.6))
    gy, gx = np.gradient(bulge)
    normal = np.stack([-gx, gy, np.full_like(gx, 0.9)], axis=2)
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    towards = array(light.direction)
    towards = towards / np.linalg.norm(towards)
    facing = np.clip(normal @ towards * 0.62 + 0.42, 0.0, 1.1)
    sky = 0.8 + 0.2 * normal[..., 1]
    glow = array(light.sun) * facing[..., None] * 0.82 + array(light.ambient) * sky[..., None] * 0.85
    glow = glow * (1.4 if light.moon else 1.0)  # a subject must still be read at night
    out = rgb * (glow * (1 - own_light) + own_light)
    edge = np.clip(1.0 - away / (0.035 * size), 0, 1) * np.clip(
        normal[..., 0] * towards[0] + normal[..., 1] * towards[1] * 0.7, 0, 1
    )
    backlit = 0.55 if towards[2] < 0.15 else 0.18
    out = out + edge[..., None] * array(light.sun) * backlit
    if grounded:
        up = np.linspace(1, 0, sprite.shape[0], dtype=np.float32)[:, None]
        out = out * (1.0 - 0.32 * np.exp(-up * 11.0))[..., None]
    lost = (1.0 - np.exp(-max(z - 2.5, 0.0) / light.haze_reach)) * haze
    out = out * (1 - lost) + array(light.haze) * lost
    return np.concatenate([out * alpha[..., None], alpha[..., None]], axis=2).astype(np.float32)


def flipped(sprite: Field) -> Field:
    return np.ascontiguousarray(sprite[:, ::-1])
