"""Each subject as a layer: drawn, lit, and set on the ground, in the water or in the air of its stage."""

from __future__ import annotations

import numpy as np

from rivya.engines.sketch import place, products, sprites, stand
from rivya.engines.sketch.backdrops import studio
from rivya.engines.sketch.layers import Box, Layer, Motion, View, clear
from rivya.engines.sketch.light import array, hexed, times
from rivya.engines.sketch.noise import Rng, line_noise, ridged, sample, texture
from rivya.engines.sketch.place import Spot
from rivya.engines.sketch.raster import Field, blur
from rivya.engines.sketch.scene import Scene
from rivya.engines.sketch.stage import Stage


def subject(view: View, stage: Stage, scene: Scene, spot: Spot, rng: Rng) -> Layer:
    light = stage.light
    portrait = scene.kind == "portrait"
    sprite = sprites.picture(spot.wish.noun, max(8, round(spot.height)), bust=portrait)
    if spot.flip:
        sprite = sprites.flipped(sprite)
    sprite = sprites.tinted(sprite, spot.wish.tint)
    own = 0.85 if spot.wish.noun in GLOWING else 0.0
    z = spot.z if spot.mode != "space" else 1.0
    sprite = sprites.lit(sprite, light, z, haze=0.55, grounded=spot.mode == "ground", own_light=own)
    canvas = clear(view)
    left, top = spot.x - sprite.shape[1] / 2, spot.foot - sprite.shape[0]
    motion: Motion = "still"
    if spot.mode == "ground":
        _ground(canvas, view, stage, scene, spot, sprite, left, rng)
        motion = "drive" if spot.kind == "vehicle" else "still"
        if spot.kind == "vehicle" and stage.light.lit_windows > 0.4:
            _headlights(canvas, view, spot)
    elif spot.mode == "water":
        _float(canvas, view, stage, spot, sprite, left, rng)
        motion = "bob"
    else:
        if spot.mode == "flat" and not portrait:
            shade = blur(np.pad(sprite[..., 3], 30), 9 * view.unit) * 0.32
            dark = np.zeros((*shade.shape, 4), np.float32)
            dark[..., 3] = shade
            stand.paste(canvas, dark, left - 30 + 6 * view.unit, top - 30 + 12 * view.unit)
        stand.paste(canvas, sprite, left, top)
        motion = "still" if portrait else "float"
    if scene.kind == "studio":
        canvas = (canvas * studio.above_plinth(view)).astype(np.float32)
    if own:
        halo = blur(canvas, 26 * view.unit)
        canvas[..., :3] += halo[..., :3] * 0.6
    return Layer(f"subject:{spot.wish.noun}", canvas, float(np.clip(1.6 / max(spot.z, 1.6), 0.12, 0.8)), motion)


SUNK = {"canoe": 0.3, "person-rowing-boat": 0.26, "person-surfing": 0.0, "speedboat": 0.16, "motor-boat": 0.12}
GLOWING = {
    "fire",
    "candle",
    "red-paper-lantern",
    "light-bulb",
    "jack-o-lantern",
    "glowing-star",
    "high-voltage",
    "diya-lamp",
    "crystal-ball",
}


def _ground(
    canvas: Field, view: View, stage: Stage, scene: Scene, spot: Spot, sprite: Field, left: float, rng: Rng
) -> None:
    light, foot = stage.light, spot.foot
    here = stage.colour_at(spot.x, foot)
    if stage.surface in ("wet", "floor") and (stage.surface == "wet" or scene.kind in ("table", "studio", "room")):
        strength = 0.5 if stage.surface == "wet" else 0.16
        stand.reflection(
            canvas,
            view,
            sprite,
            left,
            foot - 0.012 * sprite.shape[0],
            rng,
            strength=strength,
            ripple=0.5 if stage.surface == "wet" else 0.05,
            tint=(0.9, 0.92, 1.0),
        )
    soft = 0.75 if scene.kind in ("studio", "table", "room") else 1.0
    stand.shadow(
        canvas,
        view,
        light,
        sprite,
        left,
        foot - 0.01 * sprite.shape[0],
        1.6 if scene.kind in ("studio", "table") else spot.z,
        strength=soft,
    )
    dark = tuple(float(c) for c in here * 0.12)
    stand.contact(canvas, sprite, left, foot - 0.008 * sprite.shape[0], (dark[0], dark[1], dark[2]), 0.85)
    stand.paste(canvas, sprite, left, foot - sprite.shape[0])
    base_left, base_right = _base(sprite, left)
    if stage.surface == "grass":
        tall = float(np.clip(0.075 * sprite.shape[0], 3, 0.03 * view.height)) * (
            0.55 if spot.kind in place.BACK else 1.0
        )
        stand.tufts(canvas, rng, base_left - 0.6 * tall, base_right + 0.6 * tall, foot + 0.25 * tall, tall, here, 1.3)
    elif stage.surface in ("snow", "sand", "seabed"):
        tall = float(np.clip(0.035 * sprite.shape[0], 2, 0.02 * view.height))
        stand.drift(canvas, rng, base_left - 1.5 * tall, base_right + 1.5 * tall, foot + 0.1 * tall, tall, here)


def _headlights(canvas: Field, view: View, spot: Spot) -> None:
    """The glow at the front of a vehicle and its pool on the road; pictures of vehicles face left."""
    side = 1 if spot.flip else -1
    x, y = view.grids()
    px, py = spot.x + side * spot.width * 0.47, spot.foot - spot.height * 0.33
    near = np.hypot((x - px) / (0.3 * spot.width), (y - py) / (0.2 * spot.width))
    ahead = np.clip(side * (x - px) / spot.width, 0, None)
    pool = (
        np.exp(-(((y - spot.foot) / (0.06 * spot.height + 0.1 * spot.height * ahead)) ** 2) - ahead * 1.5)
        * (ahead > 0)
        * 0.45
    )
    glow = np.exp(-near * 3.2) * 0.9 + blur(pool.astype(np.float32), 3 * view.unit)
    canvas[..., :3] += glow[..., None] * array(hexed("ffe2a8"))


def _base(sprite: Field, left: float) -> tuple[float, float]:
    low = sprite[int(sprite.shape[0] * 0.94) :, :, 3].max(axis=0)
    touching = np.flatnonzero(low > 0.3)
    return (left + float(touching[0]), left + float(touching[-1])) if touching.size else (left, left + sprite.shape[1])


def _float(canvas: Field, view: View, stage: Stage, spot: Spot, sprite: Field, left: float, rng: Rng) -> None:
    """Down to its waterline in the water, with its reflection and a line of foam."""
    light = stage.light
    sunk = SUNK.get(spot.wish.noun, {"boat": 0.07, "float": 0.1, "fish": 0.34}.get(spot.kind, 0.0))
    if spot.kind in ("building", "mountain"):
        return _on_rocks(canvas, view, stage, spot, sprite, left, rng)
    dry = sprite[: max(4, int(sprite.shape[0] * (1 - sunk)))].copy()
    line = spot.foot
    tint = times((0.62, 0.72, 0.8), 1.0)
    stand.reflection(canvas, view, dry, left, line - 1, rng, strength=0.72, ripple=1.0, tint=tint)
    wide: tuple[float, float] = _base(dry, left)
    stand.paste(canvas, dry, left, line - dry.shape[0])
    foam = np.zeros((canvas.shape[0], canvas.shape[1]), np.float32)
    tone = array(light.ambient) * 0.75 + array(light.sun) * 0.45
    for _ in range(26):
        x = float(rng.uniform(float(wide[0] - 0.04 * sprite.shape[1]), float(wide[1] + 0.05 * sprite.shape[1])))
        y = line + rng.normal(0.0, 0.0045) * view.height
        w = float(rng.uniform(0.03, 0.11)) * sprite.shape[1]
        i, j0, j1 = int(np.clip(y, 0, view.height - 1)), int(max(x - w, 0)), int(min(x + w, view.width))
        foam[i : i + max(1, round(1.6 * view.unit)), j0:j1] = float(rng.uniform(0.35, 0.9))
    a = blur(foam, 2.4 * view.unit, 0.9 * view.unit)[..., None]
    canvas *= 1 - a
    canvas[..., :3] += tone * a
    canvas[..., 3:4] += a
    return None


def _on_rocks(canvas: Field, view: View, stage: Stage, spot: Spot, sprite: Field, left: float, rng: Rng) -> None:
    """A building in the sea stands on a rock of its own."""
    wide = int(sprite.shape[1] * 2.3 + 0.14 * view.width)
    tall = max(int(0.11 * spot.height + 0.03 * view.height), 8)
    edge = np.sin(np.linspace(0, np.pi, wide)) ** 0.45 * (0.82 + 0.1 * line_noise(rng, wide, 1.2, 3))
    y = np.arange(tall, dtype=np.float32)[:, None]
    mask = np.clip(y - tall * (1 - edge[None, :]) + 0.5, 0, 1).astype(np.float32)
    u = np.linspace(0, wide / 260 / view.unit, wide, dtype=np.float32)[None, :]
    v = np.linspace(0, tall / 200 / view.unit, tall, dtype=np.float32)[:, None]
    tex = texture(rng, 256, 1.5, 3)
    facet = 0.3 * ridged(tex, u + 0.1 * v, v + 0 * u, 3) - 0.12 + 0.14 * sample(tex, u * 0.7, v * 0.7)
    slope = (
        np.gradient(blur(edge[None, :].astype(np.float32), 5)[0])[None, :]
        * wide
        * 0.03
        * float(np.sign(-stage.light.direction[0]) or 1)
    )
    tone = np.clip(0.75 + facet + slope - 0.25 * y / tall, 0.2, 1.4)[..., None]
    rgb = array(hexed("77706a")) * tone * (array(stage.light.ambient) * 0.75 + array(stage.light.sun) * 0.5)
    rock = np.concatenate([rgb * mask[..., None], mask[..., None]], axis=2).astype(np.float32)
    x0, line = spot.x - wide / 2, spot.foot
    stand.reflection(canvas, view, rock, x0, line - 1, rng, strength=0.6, ripple=1.0, tint=(0.5, 0.6, 0.7))
    stand.paste(canvas, sprite, left, line - tall * 0.78 - sprite.shape[0])
    stand.paste(canvas, rock, x0, line - tall)


def product(view: View, stage: Stage, scene: Scene, rng: Rng, boxes: list[Box]) -> Layer:
    """The product asked for with two quiet companions, on the plinth."""
    name = next(e.removeprefix("product:") for e in sorted(scene.extras) if e.startswith("product:"))
    others = {
        "bottle": ("jar", "stone"),
        "pump": ("jar", "stone"),
        "jar": ("bottle", "stone"),
        "vase": ("stone", "stone"),
        "candle": ("stone", "vase"),
        "perfume": ("stone", "stone"),
        "can": ("stone", "stone"),
    }
    _, row, rx, ry = studio.plinth_top(view)
    tall = min(0.5 * view.height, 0.66 * view.width)
    size = {
        "bottle": 1.0,
        "pump": 1.0,
        "jar": 0.56,
        "vase": 0.95,
        "candle": 0.52,
        "perfume": 0.72,
        "can": 0.72,
        "stone": 0.17,
    }
    glaze = studio.glaze_colour(scene)
    centre = view.width / 2
    side = -1 if rng.random() < 0.5 else 1
    second, third = others[name]
    items = [
        (second, 0.46 * side, -0.3, 0.46 if second in ("jar", "candle") else 0.66),
        (name, -0.2 * side, 0.12, 1.0),
        (third, 0.2 * side + 0.06, 0.6, 0.8),
    ]
    canvas = clear(view)
    for what, dx, dy, k in items:
        pixels = max(
            int(
                tall
                * size[what]
                * (k if what != name else 1.0)
                * (1.08 if what in ("jar", "candle") and what == name else 1.0)
            ),
            12,
        )
        one = products.turned(what, pixels, rng, glaze if what in ("vase", "pump", "can") else None)
        x, foot = centre + dx * rx, row + dy * ry
        left = x - one.shape[1] / 2
        lift = 0.04 * one.shape[1]
        stand.reflection(
            canvas, view, one, left, foot + 0.5 * lift, rng, strength=0.16, ripple=0.03, tint=(0.98, 0.97, 0.96)
        )
        stand.shadow(canvas, view, stage.light, one, left, foot, 1.5, strength=0.85)
        dark = stage.colour_at(x, foot) * 0.2
        stand.contact(canvas, one, left, foot - 0.01 * pixels, (float(dark[0]), float(dark[1]), float(dark[2])), 0.8)
        stand.paste(canvas, one, left, foot - one.shape[0] + lift)
        boxes.append(Box(what, left, foot - one.shape[0], left + one.shape[1], foot))
    return Layer("product", (canvas * studio.above_plinth(view)).astype(np.float32), 0.5)
