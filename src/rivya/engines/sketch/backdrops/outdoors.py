"""The open-air stages: land with its trees and flowers, sea, lake, beach and island."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rivya.engines.sketch import sprites, stand
from rivya.engines.sketch.backdrops import land, plants, sky, water
from rivya.engines.sketch.layers import Layer, View, clear, composite
from rivya.engines.sketch.light import Light
from rivya.engines.sketch.noise import Rng, rng_for, sample, smoothstep
from rivya.engines.sketch.raster import Field, blur
from rivya.engines.sketch.scene import Scene
from rivya.engines.sketch.stage import Stage, Surface
from rivya.engines.sketch.terrain import Ground, HeightOf, ground


def on_land(view: View, light: Light, scene: Scene) -> Stage:
    rng = rng_for(scene.seed, "outdoors")
    behind = sky.draw(view, light, scene) if scene.kind != "moon" else []
    if scene.weather == "storm":
        behind.append(Layer("lightning", sky.lightning(view, rng), 0.02))
    bands, earth = land.draw(view, light, scene)
    _trees(view, light, scene, bands, earth, rng)
    surface: Surface = "grass"
    if scene.kind in ("desert", "canyon", "mars", "moon"):
        surface = "sand"
    if scene.kind == "snow" or scene.season == "winter":
        surface = "snow"
    stage = Stage(light, [*behind, *bands], surface, earth)
    if scene.kind in ("lake", "river"):
        _add_water(view, light, scene, stage, rng)
    if surface == "grass":
        _greenery(view, light, scene, stage, rng)
    return stage


def _trees(view: View, light: Light, scene: Scene, bands: list[Layer], earth: Ground, rng: Rng) -> None:
    far, middle = bands[0].rgba, bands[1].rgba
    kind = scene.kind
    tall = int(0.62 * view.height)
    if kind == "forest" or (kind == "snow" and "forest" in scene.extras):
        leafy = scene.season == "autumn" or "leafy" in scene.extras
        grove = plants.Grove(
            rng, light, "broadleaf" if leafy else "conifer", "winter" if kind == "snow" else scene.season, tall
        )
        plants.scatter(far, rng, view, earth, grove, count=120, near=9, far=26, tall=2.6)
        plants.scatter(middle, rng, view, earth, grove, count=26, near=4.6, far=9, tall=3.0, clear=0.17)
        plants.scatter(middle, rng, view, earth, grove, count=6, near=3.3, far=4.4, tall=3.2, clear=0.36, spread=0.6)
    elif kind == "jungle":
        grove = plants.Grove(rng, light, "broadleaf", "jungle", tall)
        palms = plants.Grove(rng, light, "palm", "summer", tall)
        plants.scatter(far, rng, view, earth, grove, count=150, near=8, far=22, tall=3.6)
        plants.scatter(middle, rng, view, earth, palms, count=16, near=5, far=10, tall=2.3, clear=0.12)
        plants.scatter(middle, rng, view, earth, grove, count=14, near=4, far=8, tall=4.2, clear=0.3)
    elif kind in ("mountains", "lake", "river", "snow"):
        grove = plants.Grove(rng, light, "conifer", "winter" if kind == "snow" else scene.season, tall // 2)
        plants.scatter(far, rng, view, earth, grove, count=150, near=9, far=30, tall=1.25, clear=0.06)
        plants.scatter(middle, rng, view, earth, grove, count=9, near=5, far=9, tall=1.7, clear=0.3)
    elif kind in ("meadow", "garden", "village", "field", "road"):
        season = "blossom" if "blossom" in scene.extras else scene.season
        grove = plants.Grove(rng, light, "broadleaf", season, tall // 2)
        plants.scatter(far, rng, view, earth, grove, count=46, near=9, far=30, tall=1.15, clear=0.04)
        plants.scatter(
            middle, rng, view, earth, grove, count=5 if kind != "garden" else 9, near=5.4, far=9, tall=1.7, clear=0.28
        )
        if kind == "village":
            _houses(far, view, light, earth, rng)
    elif kind == "desert":
        grove = plants.Grove(rng, light, "palm", "summer", tall // 3)
        if "oasis" in scene.extras:
            plants.scatter(middle, rng, view, earth, grove, count=9, near=5, far=9, tall=1.1, clear=0.1, spread=0.4)


def _houses(canvas: Field, view: View, light: Light, earth: Ground, rng: Rng) -> None:
    """A handful of houses and a church among the trees behind."""
    for i, name in enumerate(("church", "house", "house-with-garden", "house", "house-with-garden", "house")):
        z = float(rng.uniform(9.2, 13.0)) - 0.3 * i
        x = float((-0.42 + 0.17 * i + rng.uniform(-0.05, 0.05)) * z * view.width / view.focal)
        pixels = max(8, int(view.focal * (1.5 if name == "church" else 0.85) / z))
        one = sprites.lit(sprites.picture(name, pixels), light, z)
        foot = view.horizon + view.focal * (1 - earth.height_at(x, z)) / z + 0.03 * pixels
        left = view.width / 2 + view.focal * x / z - one.shape[1] / 2
        stand.contact(canvas, one, left, foot, (0.02, 0.03, 0.02), 0.6)
        stand.paste(canvas, one, left, foot - one.shape[0])


def _greenery(view: View, light: Light, scene: Scene, stage: Stage, rng: Rng) -> None:
    """Blades and flowers: on the near band, and blurred ones right before the lens."""
    assert stage.ground is not None
    near = next(layer for layer in stage.layers if layer.name == "near")
    flower = next((e.removeprefix("flower:") for e in sorted(scene.extras) if e.startswith("flower:")), "")
    if scene.kind in ("meadow", "garden") and not flower and scene.season != "winter":
        flower = "meadow"
    tall = {"field": 0.22, "forest": 0.07, "jungle": 0.14}.get(scene.kind, 0.1)
    plants.grass(near.rgba, rng, view, stage.ground, light, tall=tall, count=2200, bright=1.15)
    if flower:
        thick = 2000 if flower != "meadow" else 620
        plants.flowers(near.rgba, rng, view, light, flower, count=thick)
    front = clear(view)
    low = replace(view)
    plants.grass(front, rng, low, stage.ground, light, tall=tall * 1.5, count=500, bright=0.8)
    keep = smoothstep(0.86, 0.99, view.grids()[1] / view.height)
    if scene.kind == "jungle":
        plants.fronds(front, rng, view, light)
        keep = np.ones_like(keep)
    stage.front.append(Layer("grass", blur((front * keep[..., None]).astype(np.float32), 1.6 * view.unit), 1.0, "sway"))


def _add_water(view: View, light: Light, scene: Scene, stage: Stage, rng: Rng) -> None:
    assert stage.ground is not None
    mask = stage.ground.water
    shore = water.shoreline(mask, view)
    rough = 0.35 if scene.weather not in ("storm", "rain") else 0.9
    made = water.surface(
        view, light, composite(stage.layers), rng, kind=scene.kind, rough=rough, mask=mask, shore=shore
    )
    made.depth = 0.3
    at = next(i for i, layer in enumerate(stage.layers) if layer.name == "near")
    stage.layers.insert(at, made)


def on_sea(view: View, light: Light, scene: Scene) -> Stage:
    rng = rng_for(scene.seed, "sea")
    stack = sky.draw(view, light, scene)
    if scene.weather == "storm":
        stack.append(Layer("lightning", sky.lightning(view, rng), 0.02))
    if "coast" in scene.extras:
        stack += land.draw(
            view,
            light,
            replace(scene, kind="mountains", seed=scene.seed + 1),
            replace(land.LOOKS["mountains"], peaks=0.14, cap=None),
        )[0][:1]
    rough = {"storm": 2.2, "rain": 1.3}.get(scene.weather, 0.85)
    if scene.time in ("sunset", "sunrise", "dusk", "night", "golden"):
        rough = min(rough, 1.6) * 0.75
    stack.append(water.surface(view, light, composite(stack), rng, kind="sea", rough=rough))
    return Stage(light, stack, "water", foot=0.36)


def on_shore(view: View, light: Light, scene: Scene) -> Stage:
    """A beach before the sea, or an island in it: sand that slopes into the water."""
    rng = rng_for(scene.seed, "shore")
    stack = sky.draw(view, light, scene)
    relief = land.Relief(
        replace(land.LOOKS["desert"], low="ecd2a2", low2="dfbf88", rolls=0.03, dunes=0.0, peaks=0.0), rng, light
    )
    island = scene.kind == "island"

    def height(x: Field, z: Field) -> Field:
        n = sample(relief.smooth, x * 0.07 + relief.offset, z * 0.07)
        if island:
            d = np.hypot((x - 0.1) / 2.3, (z - 6.5) / 2.4) + 0.1 * n
            return (0.34 * (1 - d) - 0.05 * np.maximum(d - 1, 0)).astype(np.float32)
        edge = 3.7 + 0.16 * x + 0.5 * n
        return (
            0.07 * (edge - z) + 0.012 * sample(relief.tex, x * 0.3, z * 0.3) * smoothstep(0.3, 1.2, edge - z)
        ).astype(np.float32)

    earth = ground(view, light, height, lambda g: relief.albedo(g, replace(scene, kind="beach")), water=True, far=60.0)
    shelf = _depth_below(view, height)
    sea = water.surface(view, light, composite(stack), rng, kind=scene.kind, rough=0.7, height=shelf)
    sand = earth.nearer(np.inf)
    dry = np.clip(1 - earth.water, 0, 1)[..., None]
    _foam(sea.rgba, shelf, light)
    stack += [sea, Layer("near", (sand * dry).astype(np.float32), 0.55)]
    palms = plants.Grove(rng, light, "palm", "summer", view.height // 2)
    middle = stack[-1].rgba
    if island:
        for x, z in ((-0.55, 6.9), (0.75, 6.4), (0.15, 7.3)):
            palms.plant(middle, rng, view, earth, x, z, float(rng.uniform(1.2, 1.6)))
    elif scene.season != "winter":
        for x, z in ((-1.75, 3.5), (-1.35, 4.0), (-2.1, 4.2)):
            palms.plant(middle, rng, view, earth, x * view.width / view.focal * 1.05, z, float(rng.uniform(1.1, 1.6)))
    return Stage(light, stack, "sand" if not island else "water", earth, foot=0.62 if not island else 0.72)


def _depth_below(view: View, height: HeightOf) -> Field:
    x, y = view.grids()
    z = np.minimum(view.focal / np.maximum(y - view.horizon, 0.6), 60.0)
    return height(
        (x - view.width / 2) / view.focal * z, np.broadcast_to(z, (view.height, view.width)).astype(np.float32)
    )


def _foam(sea: Field, shelf: Field, light: Light) -> None:
    """Two lines of surf where the water gets thin."""
    tone = np.array(light.ambient, np.float32) * 0.9 + np.array(light.sun, np.float32) * 0.6
    wash = np.exp(-(((shelf + 0.007) / 0.006) ** 2)) + 0.5 * np.exp(-(((shelf + 0.045) / 0.008) ** 2))
    a = np.clip(blur(wash.astype(np.float32), 1.0), 0, 0.92)[..., None] * sea[..., 3:4]
    sea[..., :3] = sea[..., :3] * (1 - a) + tone * a
