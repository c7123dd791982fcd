"""Space: nebulae, stars, planets with and without rings, and standing on the Moon or Mars."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rivya.engines.sketch.backdrops import land, sky
from rivya.engines.sketch.layers import Layer, View, clear, covered, opaque
from rivya.engines.sketch.light import LIGHTS, Light, array, hexed
from rivya.engines.sketch.noise import Rng, interp, ridged, rng_for, sample, smoothstep, texture
from rivya.engines.sketch.raster import Field, blur, resize
from rivya.engines.sketch.scene import Scene
from rivya.engines.sketch.stage import Stage

NEBULAE = {
    "": (
        ("1a1446", "6a2f9e", "e0569a", "ffb26a"),
        ("06142e", "125a8a", "3fb8c8", "d8f4c8"),
        ("180a2e", "7a2458", "f0604a", "ffd27a"),
    ),
    "blue": (("06122e", "124a9a", "3f9ae8", "d0ecff"),),
    "purple": (("12082e", "4a2090", "a858e0", "ffc8f0"),),
    "pink": (("1e0a2a", "8a2a7a", "f0609a", "ffd0c0"),),
    "green": (("041a1c", "0f5a4a", "4ac88a", "e0ffc0"),),
    "red": (("1c060e", "7a1a2a", "e8503a", "ffc88a"),),
    "orange": (("1c0a0a", "8a3a1a", "f08a3a", "ffe0a0"),),
}
PLANETS = (
    ("d8a66a", "8a5236", "f4dcae"),
    ("5a8ad0", "1f3f7a", "cfe6ff"),
    ("c8607a", "5a2450", "ffc4b0"),
    ("6ac0a8", "1f5a5a", "e0ffe0"),
)
SPACE_LIGHT = replace(
    LIGHTS["night"], sun=(1.25, 1.2, 1.12), ambient=(0.34, 0.36, 0.52), haze=(0.05, 0.05, 0.1), haze_reach=500.0,
    direction=(-0.62, 0.5, 0.55), visible=False, moon=False, stars=1.0, sun_x=0.1, glow=0.0, cool=(0.96, 0.97, 1.06),
)  # fmt: skip


def in_space(view: View, light: Light, scene: Scene) -> Stage:
    rng = rng_for(scene.seed, "space")
    view.horizon = float(view.height)
    stack = [Layer("nebula", opaque(nebula(view, scene, rng)), 0.0)]
    stack.append(Layer("stars", sky.stars(view, SPACE_LIGHT, rng, 1.1), 0.02, "twinkle"))
    left = rng.random() < 0.5
    ringed = "ringed_planet" in scene.extras
    if ringed or "planet" in scene.extras or scene.subjects or rng.random() < 0.8:
        big = 0.155 if ringed else float(rng.uniform(0.15, 0.24))
        cx, cy = (0.3 if left else 0.7) * view.width, float(rng.uniform(0.29, 0.36)) * view.height
        if not scene.subjects:
            big, cx, cy = big * 1.35, 0.5 * view.width, 0.46 * view.height
        body = planet(view, cx, cy, big * min(view.width, view.height * 1.2), rng, rings=ringed or rng.random() < 0.25)
        stack.append(Layer("planet", body, 0.12))
    if rng.random() < 0.75:
        small = planet(
            view, (0.86 if left else 0.14) * view.width, 0.16 * view.height, 0.04 * view.width, rng, rings=False
        )
        stack.append(Layer("moon", small, 0.07))
    return Stage(SPACE_LIGHT, stack, "none")


def nebula(view: View, scene: Scene, rng: Rng) -> Field:
    w, h = view.width // 2 + 1, view.height // 2 + 1
    x = np.arange(w, dtype=np.float32)[None, :] / max(w, h)
    y = np.arange(h, dtype=np.float32)[:, None] / max(w, h)
    a, b = texture(rng, 512, 1.75), texture(rng, 256, 1.9)
    warp, warp2 = sample(b, x * 0.5, y * 0.5), sample(b, x * 0.5 + 0.4, y * 0.5 + 0.7)
    gas = sample(a, x * 0.42 + 0.07 * warp, y * 0.42 + 0.07 * warp2)
    veins = ridged(a, x * 0.5 + 0.06 * warp2 + 0.3, y * 0.5 + 0.06 * warp, 4)
    stripe = np.exp(
        -(((y - 0.5 * h / max(w, h) + (x - 0.5) * float(rng.choice([-0.55, 0.5])) + 0.09 * warp) / 0.27) ** 2)
    )
    amount = np.clip((0.34 + 0.34 * gas) * (0.25 + 1.0 * stripe) + 0.3 * veins * stripe, 0, 1.25)
    sets = NEBULAE.get(scene.palette or "", NEBULAE[""])
    colours = np.stack([array(hexed(c)) for c in sets[int(rng.integers(len(sets)))]])
    stops = np.array([0.0, 0.42, 0.8, 1.2])
    rgb = np.stack([np.interp(amount, stops, colours[:, i]) for i in range(3)], axis=2)
    dust = smoothstep(0.2, 1.5, sample(a, x * 0.7 + 0.5 + 0.05 * warp, y * 0.7))[..., None]
    rgb = rgb * (1 - 0.72 * dust * stripe[..., None]) * (0.25 + 0.75 * np.clip(amount, 0, 1))[..., None] + array(
        hexed("05060f")
    )
    return resize(rgb.astype(np.float32), view.width, view.height)


def planet(view: View, cx: float, cy: float, r: float, rng: Rng, *, rings: bool) -> Field:
    """A lit sphere with weather bands or continents, thin air and, asked for, rings."""
    x, y = view.grids()
    u, v = (x - cx) / r, (y - cy) / r
    d2 = u * u + v * v
    nz = np.sqrt(np.maximum(1 - d2, 0))
    tilt = float(rng.uniform(-0.5, -0.25))
    main, dark, pale = (array(hexed(c)) for c in PLANETS[int(rng.integers(len(PLANETS)))])
    tex = texture(rng, 256, 1.7)
    lon, lat = np.arctan2(u, nz + 1e-3), np.arcsin(np.clip(v * np.cos(tilt) + u * np.sin(tilt), -1, 1))
    warp = sample(tex, lon * 0.1, lat * 0.25)
    if rings or rng.random() < 0.5:
        t = 0.5 + 0.34 * np.sin(lat * 9 + warp * 0.5) + 0.12 * sample(tex, lon * 0.05 + 0.02 * warp, lat * 0.9)
    else:
        t = 0.5 + 0.42 * sample(tex, lon * 0.22 + 0.3, lat * 0.3)
    t = np.clip(t, 0, 1)[..., None]
    skin = np.where(t < 0.5, dark * (1 - 2 * t) + main * 2 * t, main * (2 - 2 * t) + pale * (2 * t - 1))
    towards = array(SPACE_LIGHT.direction)
    towards = towards / np.linalg.norm(towards)
    lit = np.clip(u * towards[0] - v * towards[1] + nz * towards[2], 0, 1) ** 0.85
    rgb = skin * (0.025 + 1.25 * lit)[..., None] + pale * ((1 - nz) ** 3 * lit * 0.9)[..., None]
    edge = np.clip((1 - np.sqrt(d2)) * r + 0.5, 0, 1)
    out = covered(rgb.astype(np.float32), edge.astype(np.float32))
    air = (
        np.exp(-np.maximum(np.sqrt(d2) - 1, 0) * 16)
        * np.clip(0.55 + u * towards[0] - v * towards[1], 0, 1)
        * 0.4
        * (1 - edge)
    )
    out += covered(np.broadcast_to(main * 0.8 + pale * 0.3, rgb.shape).astype(np.float32), air.astype(np.float32))
    return _ringed(out, u, v, d2, tilt, r, main, pale, rng) if rings else out


def _ringed(
    out: Field, u: Field, v: Field, d2: Field, tilt: float, r: float, main: Field, pale: Field, rng: Rng
) -> Field:
    c, s = np.cos(tilt), np.sin(tilt)
    a, b = u * c - v * s, (u * s + v * c) / 0.27
    radius = np.hypot(a, b)
    profile = 0.62 + 0.38 * interp(radius, np.linspace(1.25, 2.3, 70), rng.random(70) * 2 - 1)
    gap = 1 - 0.85 * np.exp(-(((radius - 1.88) / 0.035) ** 2))
    soft = 3.0 / r
    alpha = (
        smoothstep(1.28, 1.28 + soft * 4, radius)
        * smoothstep(2.25, 2.25 - soft * 5, radius)
        * np.clip(profile, 0.12, 1)
        * gap
        * 0.92
    )
    shade = 1 - 0.85 * ((b < 0) & (np.hypot((u - 0.55), (v + 0.2)) < 1.0) & (d2 > 1))
    rgb = (main * 0.45 + pale * 0.6) * (0.75 + 0.4 * profile[..., None]) * shade[..., None]
    hidden = (b < 0) & (d2 < 1)
    ring = covered(rgb.astype(np.float32), (alpha * ~hidden).astype(np.float32))
    return (ring + out * (1 - ring[..., 3:4])).astype(np.float32)


def on_ground(view: View, light: Light, scene: Scene) -> Stage:
    """The Moon under a black sky with the Earth in it, or Mars under its own dust."""
    rng = rng_for(scene.seed, "otherworld")
    if scene.kind == "mars":
        light = replace(
            LIGHTS["golden"], zenith=hexed("a8664a"), middle=hexed("d69a6a"), horizon=hexed("f0c89a"),
            haze=hexed("dba47a"), sun_x=0.68,
        )  # fmt: skip
        bands, earth = land.draw(view, light, scene)
        return Stage(light, [*sky.draw(view, light, replace(scene, weather="clear"))[:2], *bands], "sand", earth)
    light = replace(SPACE_LIGHT, direction=(-0.75, 0.42, 0.3), ambient=(0.16, 0.17, 0.22), haze_reach=400.0)
    black = np.broadcast_to(array(hexed("03040a")), (view.height, view.width, 3)).astype(np.float32)
    stack = [Layer("sky", opaque(black), 0.0), Layer("stars", sky.stars(view, light, rng, 1.5), 0.01, "twinkle")]
    stack.append(Layer("earth", _earth(view, rng), 0.03))
    bands, ground = land.draw(view, light, scene)
    return Stage(light, [*stack, *bands], "sand", ground)


def _earth(view: View, rng: Rng) -> Field:
    cx, cy, r = 0.7 * view.width, 0.21 * view.height, 0.105 * min(view.width, view.height)
    out = planet(view, cx, cy, r, rng_for(4, "earth"), rings=False)
    x, y = view.grids()
    u, v = (x - cx) / r, (y - cy) / r
    inside = (u * u + v * v < 1).astype(np.float32)
    tex = texture(rng_for(7, "continents"), 256, 1.8)
    nz = np.sqrt(np.maximum(1 - u * u - v * v, 0.0))
    lon, lat = u / (0.5 + nz), v / (0.5 + nz)
    landmass = smoothstep(0.1, 0.35, sample(tex, lon * 0.22, lat * 0.22))[..., None]
    cloud = smoothstep(0.5, 1.4, sample(tex, lon * 0.4 + 0.5 + 0.1 * lat, lat * 0.7))[..., None]
    skin = array(hexed("1a5aa8")) * (1 - landmass) + array(hexed("4a7a3a")) * landmass
    skin = skin * (1 - cloud) + np.array([0.9, 0.93, 0.97], np.float32) * cloud
    lit = np.clip(-0.62 * u - 0.4 * v + 0.68 * nz, 0, 1)[..., None]
    body = covered((skin * (0.03 + 1.25 * lit)).astype(np.float32), blur(inside, 0.7))
    halo = np.exp(-np.maximum(np.hypot(u, v) - 1, 0) * 9) * (1 - inside) * np.clip(0.5 - 0.6 * u - 0.4 * v, 0, 1) * 0.5
    glow = clear(view)
    glow += covered(
        np.broadcast_to(array(hexed("5aa0f0")), (*halo.shape, 3)).astype(np.float32), halo.astype(np.float32)
    )
    return (body + glow + 0 * out).astype(np.float32)
