"""Land: meadows, mountains, dunes, canyons, snow, the Moon and Mars, each a height and a colour of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rivya.engines.sketch.layers import Layer, View
from rivya.engines.sketch.light import Light, array, hexed
from rivya.engines.sketch.noise import Rng, ridged, rng_for, sample, smoothstep, texture
from rivya.engines.sketch.raster import Field
from rivya.engines.sketch.scene import Scene
from rivya.engines.sketch.terrain import Grid, Ground, ground


@dataclass(frozen=True, slots=True)
class Look:
    """The numbers that make one land differ from another."""

    low: str
    """Colour of flat ground, and its other shade."""
    low2: str
    rock: str
    cap: str | None = None
    """Colour of high ground (snow), if any."""
    rolls: float = 0.1
    """Height of the gentle waves near by."""
    peaks: float = 0.0
    """Height of the mountains behind, as an angle."""
    peaks_from: float = 7.0
    sharp: float = 1.0
    cap_from: float = 0.13
    dunes: float = 0.0
    craters: float = 0.0
    water: bool = False
    mesa: float = 0.0
    hills: float = 0.0


LOOKS: dict[str, Look] = {
    "meadow": Look("5f7f2c", "86963a", "6b6a58", rolls=0.12, peaks=0.05, peaks_from=14, hills=0.1),
    "garden": Look("557a30", "7b9440", "6b6a58", rolls=0.05, peaks=0.03, peaks_from=14, hills=0.07),
    "field": Look("b8963c", "a9a04a", "6b6a58", rolls=0.07, peaks=0.05, peaks_from=16, hills=0.06),
    "village": Look("5f7f2c", "86963a", "6b6a58", rolls=0.1, peaks=0.13, peaks_from=12, hills=0.08,
        cap="f2f5fa", cap_from=0.17),
    "road": Look("72803a", "94904a", "6b6a58", rolls=0.04, peaks=0.12, peaks_from=14, hills=0.06,
        cap="f2f5fa", cap_from=0.16),
    "mountains": Look("55702f", "77853a", "686460",
        cap="f4f7fc", rolls=0.14, peaks=0.36, hills=0.07, cap_from=0.15),
    "forest": Look("3c5424", "5a6a2c", "5c5a4c", rolls=0.1, peaks=0.15, peaks_from=14, hills=0.08,
        cap="eef2f6", cap_from=0.2),
    "jungle": Look("335624", "4f7030", "4c5a40", rolls=0.14, peaks=0.18, peaks_from=12, hills=0.1),
    "lake": Look("55702f", "77853a", "686460",
        cap="f4f7fc", rolls=0.06, peaks=0.32, peaks_from=11, water=True, cap_from=0.14),
    "river": Look("55702f", "77853a", "686460",
        cap="f4f7fc", rolls=0.08, peaks=0.22, peaks_from=12, water=True, cap_from=0.16),
    "desert": Look("d9a765", "c98f50", "b5754a", rolls=0.08, dunes=0.5, peaks=0.03, peaks_from=20),
    "canyon": Look("c07a48", "b0663c", "a4502e", rolls=0.08, peaks=0.3, mesa=1.0, peaks_from=7),
    "snow": Look("e6ecf5", "d5dfee", "6d717c", cap="f6f9ff", rolls=0.13, peaks=0.3, hills=0.08, cap_from=-1.0),
    "moon": Look("8d8d92", "74747a", "66666c", rolls=0.05, craters=1.0, peaks=0.08, peaks_from=9, sharp=0.6),
    "mars": Look("b8653c", "9c4f30", "8a452c", rolls=0.08, peaks=0.14, mesa=0.6, craters=0.35, peaks_from=9),
}  # fmt: skip

_SEASON = {"autumn": ("8a7a34", "b0803a"), "winter": ("dfe7f2", "c9d5e6"), "spring": ("6a9a38", "8fae4a")}


def draw(view: View, light: Light, scene: Scene, look: Look | None = None) -> tuple[list[Layer], Ground]:
    """The land of ``scene`` in three bands of distance, and the ground itself to stand things on."""
    look = look or LOOKS.get(scene.kind, LOOKS["meadow"])
    relief = Relief(look, rng_for(scene.seed, "land"), light)
    land = ground(
        view, light, relief.height, lambda g: relief.albedo(g, scene), water=look.water,
        far=90.0, shadow=1.0 if light.shadow > 0.3 else 0.4,
    )  # fmt: skip
    far, near = 9.0, 3.2
    return [
        Layer("far", land.nearer(np.inf), 0.1),
        Layer("middle", land.nearer(far), 0.3),
        Layer("near", land.nearer(near), 0.6),
    ], land


class Relief:
    """Heights and colours of one land."""

    def __init__(self, look: Look, rng: Rng, light: Light) -> None:
        self.look = look
        self.tex = texture(rng, 512, 1.75)
        self.smooth = texture(rng, 256, 2.3)
        self.offset = float(rng.random())
        self.hero = float(rng.choice([-0.22, 0.2])) if not light.visible else float(np.sign(0.5 - light.sun_x) * 0.2)
        self.pits = [
            (float(rng.uniform(-7, 7)), float(rng.uniform(3.0, 16)), float(rng.uniform(0.4, 1.5))) for _ in range(26)
        ]

    def height(self, x: Field, z: Field) -> Field:
        look, o = self.look, self.offset
        h = sample(self.smooth, x * 0.055 + o, z * 0.055) * look.rolls * smoothstep(1.4, 7.0, z) * 1.4
        h = h + sample(self.tex, x * 0.13 + o, z * 0.13) * look.rolls * 0.16 * smoothstep(9.0, 2.0, z)
        if look.hills:
            n = sample(self.smooth, x / z * 0.9 + o, np.log(z) * 0.55 + o)
            h = h + z * look.hills * smoothstep(5.0, 16.0, z) * np.maximum(n + 0.55, 0.0) * 0.32
        if look.dunes:
            h = h + self._dunes(x, z)
        if look.peaks:
            h = h + self._peaks(x, z)
        for cx, cz, r in self.pits if look.craters else ():
            d = np.hypot(x - cx, z - cz) / r
            h = h + look.craters * r * (0.12 * np.exp(-(((d - 1.0) / 0.22) ** 2)) - 0.22 * np.exp(-(d**4)))
        if look.water:
            h = self._shore(x, z, h)
        return h.astype(np.float32)

    def _dunes(self, x: Field, z: Field) -> Field:
        o = self.offset
        a, d = x / z, np.log(z)
        bend = sample(self.smooth, a * 0.3 + o, d * 0.25)
        total = np.zeros_like(x)
        for k, (middle, tall) in enumerate(((1.95, 0.1), (2.45, 0.14), (2.95, 0.13), (3.5, 0.12))):
            line = middle + 0.34 * sample(self.smooth, a * 0.26 + o + 0.31 * k, np.full_like(a, 0.17 * k)) + 0.05 * bend
            back = np.where(d < line, (d - line) / 0.62, (d - line) / 0.2)
            top = 0.55 + 0.5 * sample(self.smooth, a * 0.3 + 0.4 * k, np.full_like(a, 0.5 + 0.1 * k))
            total = np.maximum(total, tall * np.maximum(top, 0.12) * np.clip(1 - np.abs(back), 0, 1) ** 1.15)
        ripple = 0.004 * np.sin((z * 1.3 + 0.5 * x + 0.6 * bend) * 9.0) * np.exp(-z / 6.0)
        return (self.look.dunes * z * total * 1.5 + ripple * smoothstep(1.0, 3.0, z)).astype(np.float32)

    def _peaks(self, x: Field, z: Field) -> Field:
        """Three ranges one behind the other, each taller, with spurs running down towards us."""
        look, o = self.look, self.offset
        a, d = x / z, np.log(z)
        shape = np.zeros_like(a)
        for k in range(3):
            warp = sample(self.smooth, a * 0.8 + o + 0.3 * k, d * 0.5 + 0.2 * k)
            line = a * (0.44 - 0.07 * k) + o + 0.37 * k + 0.012 * warp
            crest = 1.0 - np.abs(sample(self.smooth, line, np.full_like(a, 0.31 * k + o))) * 0.8
            spur = ridged(self.smooth, a * 1.3 + 0.2 * k + 0.03 * warp, d * 0.5 + o, 4, 0.42)
            middle = np.log(look.peaks_from) + 0.75 + 0.42 * k
            back = (d - middle + 0.1 * warp) / np.where(d < middle, 0.62, 0.3)
            tent = np.clip(1.0 - np.abs(back), 0.0, 1.0) ** look.sharp
            tall = (0.42 + 0.26 * k) * np.maximum(0.22 + 0.75 * crest, 0.05)
            if k == 2:
                tall = tall + 0.55 * np.clip(1 - np.abs(a - self.hero) / 0.3, 0, 1) ** 1.3
            shape = np.maximum(shape, tall * tent * (0.62 + 0.5 * spur))
        if look.mesa:
            part = shape * 6.0 - np.floor(shape * 6.0)
            terrace = (np.floor(shape * 6.0) + smoothstep(0.6, 0.95, part.astype(np.float32))) / 6.0
            shape = shape * (1 - look.mesa) + terrace * look.mesa
        return (z * look.peaks * shape).astype(np.float32)

    def _shore(self, x: Field, z: Field, h: Field) -> Field:
        """Sink the middle distance below the water line, leaving a bank in front and shores at the sides."""
        n = sample(self.smooth, x * 0.06 + self.offset, z * 0.06 + 0.4)
        side = np.abs(x / z + 0.06 * n)
        basin = smoothstep(1.95, 2.5, z + 0.3 * n) * (1 - smoothstep(12.0, 17.0, z + 1.5 * n))
        if self.look is LOOKS["river"]:
            bed = np.abs(x + np.sin(z * 0.35) * 1.6 - 0.3 * n) / (0.8 + 0.12 * z)
            basin = (1 - smoothstep(0.75, 1.25, bed.astype(np.float32))) * (1 - smoothstep(20.0, 26.0, z))
        else:
            basin = basin * (1 - smoothstep(0.5, 0.62, side.astype(np.float32)) * smoothstep(5.0, 9.0, z))
        return (h * (1 - basin) + basin * -0.25 + 0.05 * (1 - basin)).astype(np.float32)

    def _road(self, rgb: Field, g: Grid, fine: Field) -> Field:
        off = np.abs(g.x - road_x(g.z))
        soft = 0.01 + 0.012 * g.z
        tar = smoothstep(0.0, 1.0, (0.85 - off) / soft + 0.5)[..., None]
        edge = np.exp(-(((off - 0.76) / np.maximum(0.022, 0.004 * g.z)) ** 2))
        dash = np.exp(-((off / np.maximum(0.022, 0.004 * g.z)) ** 2)) * (np.mod(g.z, 1.6) < 0.8)
        paint = np.clip(edge + dash, 0, 1)[..., None] * 0.85
        surface = array(hexed("66666c")) * (1 + 0.07 * fine)[..., None]
        surface = surface * (1 - paint) + array(hexed("f0ece0")) * paint
        verge = np.exp(-((np.maximum(off - 0.85, 0) / 0.22) ** 2))[..., None] * 0.6
        rgb = rgb * (1 - verge) + array(hexed("a08a62")) * verge
        return (rgb * (1 - tar) + surface * tar).astype(np.float32)

    def albedo(self, g: Grid, scene: Scene) -> Field:
        look = self.look
        low, low2 = _SEASON.get(scene.season, (look.low, look.low2)) if _green(scene.kind) else (look.low, look.low2)
        if scene.kind in ("field",) and scene.season in ("autumn", "summer"):
            low, low2 = look.low, look.low2
        n = sample(self.tex, g.x * 0.09, g.z * 0.09)
        fine = sample(self.tex, g.x * 0.9, g.z * 0.45)
        t = np.clip(0.5 + 0.42 * n, 0, 1)[..., None]
        rgb = array(hexed(low)) * (1 - t) + array(hexed(low2)) * t
        grain = 1.0 + (0.1 * fine + 0.1 * sample(self.tex, g.x * 2.7, g.z * 1.1)) * np.exp(-g.z / 14.0)
        if scene.kind in ("desert", "beach", "island", "snow"):
            grain = 1.0 + 0.045 * fine * np.exp(-g.z / 9.0)
        rgb = rgb * grain[..., None]
        if scene.kind == "road":
            rgb = self._road(rgb, g, fine)
        bare = (1 - smoothstep(0.62, 0.86, g.slope + 0.07 * fine))[..., None] * (0.0 if look.dunes else 1.0)
        rock = array(hexed(look.rock)) * (1 + 0.16 * n + 0.12 * fine)[..., None]
        if look.mesa:
            bands = 0.5 + 0.5 * np.sin(g.height / g.z * 130.0 + n)
            rock = rock * (0.75 + 0.5 * bands[..., None])
        rgb = rgb * (1 - bare) + rock * bare
        if look.cap:
            high = smoothstep(look.cap_from - 0.03, look.cap_from + 0.05, g.height / g.z + 0.03 * n)
            keeps = smoothstep(0.34, 0.62, g.slope + 0.1 * fine) * smoothstep(4.0, 8.0, g.z)
            cover = (high * keeps)[..., None]
            rgb = rgb * (1 - cover) + array(hexed(look.cap)) * cover
        if look.water:
            wet = smoothstep(0.09, 0.0, g.height)[..., None]
            rgb = rgb * (1 - wet * 0.85) + array(hexed("8d7f5c")) * wet * 0.6
        return rgb.astype(np.float32)


def road_x(z: Field) -> Field:
    """Where the middle of the road lies at a distance: a bend that straightens out before us."""
    return (0.55 * np.sin(np.maximum(z - 3.0, 0.0) * 0.16) * np.minimum(z * 0.16, 4.0)).astype(np.float32)


def _green(kind: str) -> bool:
    return kind in ("meadow", "garden", "village", "mountains", "forest", "jungle", "lake", "river", "road", "field")
