"""Where each subject goes: sizes that agree with each other, the rule of thirds, nothing cut by the frame."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rivya.engines.sketch import sprites
from rivya.engines.sketch.backdrops import land, studio
from rivya.engines.sketch.layers import View
from rivya.engines.sketch.noise import Rng, rng_for
from rivya.engines.sketch.nouns import nouns
from rivya.engines.sketch.scene import Scene, Wish
from rivya.engines.sketch.stage import Stage

MARGIN = 0.035

# Height of the leading subject as part of the frame, by kind.
SHARE = {
    "animal": 0.34, "head": 0.4, "bust": 0.44, "face": 0.44, "person": 0.44, "vehicle": 0.3, "building": 0.42,
    "mountain": 0.4, "plant": 0.36, "sea plant": 0.3,
    "boat": 0.36, "float": 0.24, "fish": 0.28, "air": 0.27, "food": 0.34, "thing": 0.34,
}  # fmt: skip
BACK = ("building", "mountain")


@dataclass(frozen=True, slots=True)
class Spot:
    """One copy of one subject."""

    wish: Wish
    kind: str
    mode: str
    """ground, water, air, sea (under water), space, or flat (no ground at all)."""
    x: float
    """Centre, in pixels."""
    foot: float
    """Lower edge, in pixels."""
    width: float
    height: float
    z: float
    flip: bool
    order: int


def spots(view: View, scene: Scene, stage: Stage) -> list[Spot]:
    """Every copy of every subject, those farthest away first."""
    rng = rng_for(scene.seed, "place")
    groups: dict[str, list[Spot]] = {}
    lead = nouns()[scene.subjects[0].noun] if scene.subjects else None
    for order, wish in enumerate(scene.subjects):
        noun = nouns()[wish.noun]
        mode = _mode(scene, stage, wish, noun.kind)
        assert lead is not None
        ratio = float(np.clip((noun.height_m / lead.height_m) ** 0.4, 0.42, 1.5))
        share = SHARE[lead.kind] * ratio * wish.scale
        if mode in ("air", "space", "sea") and noun.kind != "air":
            share = min(share, 0.36 * wish.scale)
        key = "back" if mode == "ground" and noun.kind in BACK else mode
        aspect = _aspect(wish.noun, scene.kind == "portrait")
        for _ in range(wish.count):
            tall = min(share, 0.62) * view.height * float(rng.uniform(0.92, 1.06) if wish.count > 1 else 1.0)
            wide = tall * aspect
            limit = 0.6 * view.width
            if wide > limit:
                tall, wide = tall * limit / wide, limit
            flip = bool(rng.random() < 0.5) and wish.noun not in UPRIGHT
            groups.setdefault(key, []).append(Spot(wish, noun.kind, mode, 0, 0, wide, tall, 3.0, flip, order))
    placed: list[Spot] = []
    for key, group in groups.items():
        placed += _arrange(view, scene, stage, key, group, rng, alone=len(groups) == 1)
    return sorted(placed, key=lambda s: -s.z)


UPRIGHT = {
    "convenience-store", "hospital", "hotel", "bank", "school", "alarm-clock", "watch", "newspaper", "keyboard",
    "game-die", "musical-keyboard", "mantelpiece-clock", "stopwatch", "building-construction",
}  # fmt: skip


def _mode(scene: Scene, stage: Stage, wish: Wish, kind: str) -> str:
    if scene.kind == "space":
        return "space"
    if scene.kind == "underwater":
        return "sea" if kind not in ("sea plant", "building", "thing", "mountain") else "ground"
    if scene.kind in ("icon", "portrait", "abstract", "pattern"):
        return "flat"
    if scene.kind in ("table", "studio", "room"):
        return "ground"
    if kind == "air" or wish.air or scene.kind == "sky":
        return "air"
    if kind in ("boat", "float", "fish") or stage.surface == "water":
        wet = scene.kind in ("sea", "lake", "river", "beach", "island", "city")
        return "water" if wet and (kind in ("boat", "float", "fish") or scene.kind in ("sea",)) else "ground"
    return "ground"


def _aspect(noun: str, bust: bool) -> float:
    draft = sprites.picture(noun, 96, bust=bust)
    return draft.shape[1] / draft.shape[0]


def _arrange(
    view: View, scene: Scene, stage: Stage, key: str, group: list[Spot], rng: Rng, *, alone: bool
) -> list[Spot]:
    many = len(group)
    room = (1 - 2 * MARGIN) * view.width
    if many > 1:
        crowd = 0.9 if many < 4 else 0.8 if many < 6 else 0.68
        group = [_scaled(s, crowd) for s in group]
        total = sum(s.width for s in group) * 1.08
        if key in ("ground", "back", "water", "flat") and total > room * 0.92:
            group = [_scaled(s, max(room * 0.92 / total, 0.35)) for s in group]
    if key in ("air", "space", "sea"):
        return _afloat(view, scene, stage, key, group, rng)
    total = sum(s.width for s in group)
    anchor = _anchor(view, scene, stage, key, rng, alone) if total < 0.62 * room else 0.5
    gap = min((room - total) / (many + 1), 0.1 * view.width) if many > 1 else 0.0
    span = total + gap * (many - 1)
    left = float(
        np.clip(
            anchor * view.width - span / 2,
            MARGIN * view.width,
            max((1 - MARGIN) * view.width - span, MARGIN * view.width),
        )
    )
    placed: list[Spot] = []
    order = group if many < 3 else [*group[1::2], *group[0::2]]
    for i, one in enumerate(order):
        x = left + one.width / 2
        left += one.width + gap
        placed.append(_standing(view, scene, stage, key, one, x, i, rng))
    return placed


def _scaled(spot: Spot, k: float) -> Spot:
    return replace(spot, width=spot.width * k, height=spot.height * k)


def _anchor(view: View, scene: Scene, stage: Stage, key: str, rng: Rng, alone: bool) -> float:
    """Where across the frame a group is centred: on the third away from the sun."""
    if scene.kind in ("studio", "icon", "portrait", "table", "abstract"):
        return 0.5
    away = 0.37 if (stage.light.sun_x > 0.5 or (not stage.light.visible and rng.random() < 0.5)) else 0.63
    if key == "back" and not alone:
        return 1 - away + (0.04 if away < 0.5 else -0.04)
    return away


def _standing(view: View, scene: Scene, stage: Stage, key: str, one: Spot, x: float, i: int, rng: Rng) -> Spot:
    if scene.kind == "studio":
        _, row, _, ry = studio.plinth_top(view)
        tall = min(one.height * 1.12, row - 0.14 * view.height)
        return replace(one, x=x, foot=row + 0.2 * ry, height=tall, width=one.width * tall / one.height, z=3.0)
    if scene.kind == "icon":
        k = min(0.42 * min(view.width, view.height) / max(one.height, one.width), 3)
        big = _scaled(one, k)
        return replace(big, x=x if i else view.width / 2, foot=view.height / 2 + big.height / 2)
    if scene.kind == "portrait":
        return _bust(view, one, x)
    if scene.kind == "abstract":
        return replace(one, x=x, foot=view.height * 0.68)
    part = stage.foot
    if key == "back":
        part = min(part, 0.24)
    elif key == "water":
        part = {"lake": 0.42, "river": 0.5, "beach": 0.14, "island": 0.3, "city": 0.45}.get(scene.kind, 0.34)
        part = part + 0.07 * float(rng.uniform(-1, 1)) * (i > 0)
    else:
        part = part + (0.1 if one.height < 0.2 * view.height else 0.0) + 0.1 * float(rng.uniform(-0.6, 1.0)) * (i > 0)
    foot = view.horizon + part * (view.height - view.horizon)
    if scene.kind == "road" and one.kind == "vehicle" and i == 0:
        x = float(
            np.clip(
                view.width / 2
                + view.focal
                * (land.road_x(np.array([view.row_to_z(foot)], np.float32))[0] + 0.1)
                / view.row_to_z(foot),
                MARGIN * view.width + one.width / 2,
                (1 - MARGIN) * view.width - one.width / 2,
            )
        )
    if stage.ground is not None and key != "water" and scene.kind not in ("table", "room", "street", "city"):
        z = view.row_to_z(foot)
        h = stage.ground.height_at((x - view.width / 2) / view.focal * z, z)
        foot = view.horizon + view.focal * (1 - h) / z
    foot = float(np.clip(foot, one.height + MARGIN * view.height, view.height * (1 - MARGIN)))
    return replace(one, x=x, foot=foot, z=view.row_to_z(max(foot, view.horizon + 4)))


def _bust(view: View, one: Spot, x: float) -> Spot:
    tall = 0.8 * view.height
    k = tall / one.height
    if one.width * k > 0.9 * view.width:
        k = 0.9 * view.width / one.width
    big = _scaled(one, k)
    return replace(big, x=view.width / 2, foot=float(view.height))


def _afloat(view: View, scene: Scene, stage: Stage, key: str, group: list[Spot], rng: Rng) -> list[Spot]:
    """Spread out in the sky, in space or in water, largest first, not on top of each other."""
    free_top, free_low = (0.08, 0.86) if key != "air" else (0.07, max(view.horizon / view.height - 0.05, 0.45))
    if scene.kind == "sky":
        free_low = 0.86
    placed: list[Spot] = []
    for i, one in enumerate(group):
        if i:
            one = _scaled(one, float(rng.uniform(0.5, 0.9)) if one.wish.noun == group[0].wish.noun else 0.9)
        best, score = (0.0, 0.0), -1e9
        for _ in range(40):
            x = float(rng.uniform(MARGIN * view.width + one.width / 2, (1 - MARGIN) * view.width - one.width / 2))
            low, high = free_top * view.height + one.height, free_low * view.height
            foot = float(rng.uniform(low, max(high, low + 1)))
            apart = min(
                (
                    np.hypot(
                        (x - p.x) / (one.width + p.width),
                        (foot - one.height / 2 - p.foot + p.height / 2) / (one.height + p.height),
                    )
                    for p in placed
                ),
                default=1.0,
            )
            third = -abs(abs(x / view.width - 0.5) - (0.06 if key == "sea" else 0.1)) - abs(
                (foot - one.height / 2) / view.height - (0.46 if key != "air" else 0.3)
            )
            sun = -0.8 * np.exp(-(((x / view.width - stage.light.sun_x) / 0.16) ** 2)) if stage.light.visible else 0.0
            if key == "space":
                sun = -0.5 * float(i == 0 and len(placed) == 0 and abs(x / view.width - 0.5) > 0.2)
            total = 2.2 * min(float(apart), 0.75) + (1.0 if i == 0 else 0.25) * third + float(sun)
            if total > score:
                best, score = (x, foot), total
        z = 3.0 if i == 0 else 3.0 + 2.0 * i
        placed.append(replace(one, x=best[0], foot=best[1], z=z if key != "air" else z + 3))
    return placed
