"""A scene as a stack of layers: the backdrop, each subject grounded in it, and the weather before it all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rivya.engines.sketch import place, subjects
from rivya.engines.sketch.backdrops import city, flat, indoors, outdoors, sky, space, studio, underwater, weather
from rivya.engines.sketch.layers import Box, Layer, View
from rivya.engines.sketch.light import Light, light_for
from rivya.engines.sketch.noise import rng_for
from rivya.engines.sketch.raster import blur
from rivya.engines.sketch.scene import Scene
from rivya.engines.sketch.stage import Stage

Backdrop = Callable[[View, Light, Scene], Stage]


@dataclass(slots=True)
class Painting:
    """All that is needed to show or to animate a scene."""

    layers: list[Layer]
    light: Light
    boxes: list[Box]
    """Where the subjects are."""
    view: View


def _in_the_air(view: View, light: Light, scene: Scene) -> Stage:
    view.horizon = view.height * 1.02
    stack = sky.draw(view, light, scene)[:-1]
    rng = rng_for(scene.seed, "aloft")
    for i, cover in enumerate((0.1, 0.55)):
        tall = View(view.width, view.height, view.height * (1.15 + 0.25 * i))
        stack.append(Layer(f"clouds-{i}", sky.clouds(tall, light, "cloudy", rng, cover), 0.05 + 0.1 * i, "drift"))
    return Stage(light, stack, "none")


BACKDROPS: dict[str, Backdrop] = {
    "sea": outdoors.on_sea, "beach": outdoors.on_shore, "island": outdoors.on_shore, "city": city.draw,
    "street": city.draw, "space": space.in_space,
    "moon": space.on_ground, "mars": space.on_ground, "underwater": underwater.draw, "room": indoors.room,
    "table": indoors.table, "studio": studio.draw,
    "abstract": flat.abstract, "pattern": flat.pattern, "icon": flat.icon, "portrait": flat.portrait,
    "sky": _in_the_air,
}  # fmt: skip
HORIZON = {
    "sea": 0.5,
    "beach": 0.47,
    "island": 0.47,
    "city": 0.7,
    "street": 0.6,
    "table": 0.56,
    "room": 0.64,
    "mountains": 0.6,
    "canyon": 0.58,
    "desert": 0.55,
    "lake": 0.52,
    "moon": 0.58,
    "studio": 0.6,
    "underwater": 0.6,
}


def paint(scene: Scene, width: int, height: int) -> Painting:
    """Draw ``scene`` at a size. The same scene and size give the same layers, value for value."""
    view = View(width, height, HORIZON.get(scene.kind, 0.53) * height)
    light = light_for(scene.time, scene.weather)
    stage = BACKDROPS.get(scene.kind, outdoors.on_land)(view, light, scene)
    stack = list(stage.layers)
    if scene.weather == "fog" and stage.ground is not None:
        stack.append(weather.fog(view, light, scene, 0.6))
    rng = rng_for(scene.seed, "subjects")
    boxes: list[Box] = []
    if scene.kind == "studio" and any(e.startswith("product:") for e in scene.extras):
        stack.append(subjects.product(view, stage, scene, rng, boxes))
    if scene.kind != "pattern":
        for spot in place.spots(view, scene, stage):
            at = (
                next((i for i, one in enumerate(stack) if one.name == "near"), len(stack))
                if spot.mode == "water"
                else len(stack)
            )
            stack.insert(at, subjects.subject(view, stage, scene, spot, rng))
            boxes.append(
                Box(
                    spot.wish.noun, spot.x - spot.width / 2, spot.foot - spot.height, spot.x + spot.width / 2, spot.foot
                )
            )
    stack += stage.front
    if scene.kind not in (
        "space",
        "moon",
        "underwater",
        "room",
        "table",
        "studio",
        "abstract",
        "pattern",
        "icon",
        "portrait",
    ):
        stack += weather.draw(view, stage.light, scene)
    _soften(stack, view, scene)
    return Painting(stack, stage.light, boxes, view)


def _soften(stack: list[Layer], view: View, scene: Scene) -> None:
    """A shallow depth of field: what lies far behind a close subject goes a little soft."""
    if not scene.subjects or scene.kind in (
        "sky",
        "space",
        "icon",
        "pattern",
        "abstract",
        "portrait",
        "table",
        "studio",
        "room",
    ):
        return
    for layer in stack:
        if layer.name in ("far", "sky", "clouds", "towers-0", "towers-1"):
            layer.rgba = blur(layer.rgba, 0.9 * view.unit)
