"""The light of each time of day and weather: every colour in a picture follows from one of these."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rivya.engines.sketch.raster import Field

Colour = tuple[float, float, float]


def hexed(code: str) -> Colour:
    """``"ff8800"`` as linear light."""
    r, g, b = (int(code[i : i + 2], 16) / 255.0 for i in (0, 2, 4))
    return (r**2.2, g**2.2, b**2.2)


def mix(a: Colour, b: Colour, t: float) -> Colour:
    return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t)


def times(a: Colour, k: float | Colour) -> Colour:
    k = (k, k, k) if isinstance(k, float | int) else k
    return (a[0] * k[0], a[1] * k[1], a[2] * k[2])


def array(colour: Colour) -> Field:
    return np.array(colour, np.float32)


@dataclass(frozen=True, slots=True)
class Light:
    zenith: Colour
    middle: Colour
    horizon: Colour
    sun: Colour
    """Colour and strength of the key light."""
    ambient: Colour
    haze: Colour
    haze_reach: float
    """Distance, in camera heights, at which two thirds of a thing is lost in haze."""
    sun_x: float
    """Across the frame, 0..1."""
    sun_y: float
    """Above the horizon, as part of the sky's height; negative is below it."""
    visible: bool
    direction: tuple[float, float, float]
    """Towards the light: x right, y up, z to the viewer."""
    stars: float = 0.0
    moon: bool = False
    shadow: float = 0.55
    glow: float = 0.5
    warm: Colour = (1.0, 1.0, 1.0)
    """Tint of the highlights in the final grade."""
    cool: Colour = (1.0, 1.0, 1.0)
    """Tint of the shadows in the final grade."""
    lit_windows: float = 0.05


def _light(
    zenith: str,
    middle: str,
    horizon: str,
    sun: tuple[str, float],
    ambient: tuple[str, float],
    haze: str,
    **rest: object,
) -> Light:
    return Light(
        hexed(zenith), hexed(middle), hexed(horizon), times(hexed(sun[0]), sun[1]),
        times(hexed(ambient[0]), ambient[1]), hexed(haze), **rest,  # type: ignore[arg-type]
    )  # fmt: skip


LIGHTS: dict[str, Light] = {
    "day": _light(
        "3d7cc4", "79b2e2", "d3e8f2", ("fff1d8", 1.15), ("b4c6e0", 0.62), "bcdcf2", haze_reach=42.0,
        sun_x=0.16, sun_y=1.5, visible=False, direction=(-0.55, 0.68, 0.48), glow=0.25,
        warm=(1.03, 1.0, 0.96), cool=(0.96, 0.99, 1.05),
    ),
    "golden": _light(
        "5b8cc0", "c3c4c0", "fbd9a6", ("ffcf90", 1.3), ("bcb8cc", 0.6), "eecba4", haze_reach=32.0,
        sun_x=0.7, sun_y=0.34, visible=True, direction=(0.62, 0.42, -0.1), shadow=0.5, glow=0.65,
        warm=(1.07, 1.0, 0.9), cool=(0.96, 0.97, 1.06), lit_windows=0.2,
    ),
    "sunset": _light(
        "3c4a86", "c67486", "fbb878", ("ffa468", 1.25), ("a496bc", 0.56), "d99a88", haze_reach=30.0,
        sun_x=0.66, sun_y=0.16, visible=True, direction=(0.6, 0.34, -0.16), shadow=0.55, glow=0.75,
        warm=(1.08, 0.99, 0.9), cool=(0.98, 0.94, 1.08), lit_windows=0.35,
    ),
    "sunrise": _light(
        "7a9bcf", "dfbfcb", "fde0bc", ("ffd3a4", 1.2), ("bdbcd8", 0.62), "e9ccc8", haze_reach=26.0,
        sun_x=0.32, sun_y=0.17, visible=True, direction=(-0.6, 0.36, -0.12), shadow=0.45, glow=0.65,
        warm=(1.06, 1.0, 0.94), cool=(0.96, 0.97, 1.06), lit_windows=0.2,
    ),
    "dusk": _light(
        "141c4d", "43458f", "e08c93", ("f0a8a8", 0.7), ("8c92cc", 0.52), "8a7ba9", haze_reach=28.0,
        sun_x=0.7, sun_y=-0.1, visible=False, direction=(0.55, 0.5, 0.1), stars=0.35, shadow=0.3, glow=0.7,
        warm=(1.06, 0.98, 0.96), cool=(0.92, 0.96, 1.1), lit_windows=0.6,
    ),
    "night": _light(
        "050a24", "101f4d", "2c4a80", ("b4ccff", 0.72), ("5a76bc", 0.5), "23406f", haze_reach=30.0,
        sun_x=0.72, sun_y=0.66, visible=True, direction=(0.5, 0.75, 0.05), stars=1.0, moon=True, shadow=0.5,
        glow=0.7, warm=(1.04, 1.0, 0.95), cool=(0.9, 0.97, 1.12), lit_windows=0.75,
    ),
}  # fmt: skip

_GREY: dict[str, tuple[str, str, str, str, float]] = {
    # weather: zenith, middle, horizon, haze, how much of the sun is left
    "overcast": ("8b9db3", "aebccb", "d6dee4", "c3cfd9", 0.45),
    "rain": ("5c6b80", "7d8c9f", "a9b5c1", "95a3b1", 0.3),
    "storm": ("262c3d", "454e63", "8d94a0", "5b6577", 0.28),
    "snow": ("8fa3bd", "b7c6d8", "e3ebf2", "d0dbe6", 0.5),
    "fog": ("a9b7c2", "c5ced4", "dfe3e4", "d3d9dc", 0.35),
}


def light_for(time: str, weather: str) -> Light:
    """The light at ``time`` as ``weather`` leaves it."""
    light = LIGHTS[time]
    if weather not in _GREY:
        return light
    zenith, middle, horizon, haze, left = _GREY[weather]
    dark = {"day": 1.0, "golden": 0.9, "sunset": 0.75, "sunrise": 0.85, "dusk": 0.34, "night": 0.12}[time]
    keep = {"day": 0.0, "golden": 0.4, "sunset": 0.5, "sunrise": 0.45, "dusk": 0.55, "night": 0.6}[time]
    grey = sum(times(light.ambient, 1.0)) / 3
    hides = weather in ("rain", "storm", "fog", "overcast") and (keep < 0.3 or light.moon)
    return replace(
        light,
        zenith=mix(times(hexed(zenith), dark), light.zenith, keep),
        middle=mix(times(hexed(middle), dark), light.middle, keep),
        horizon=mix(times(hexed(horizon), dark), light.horizon, keep),
        haze=mix(times(hexed(haze), dark), light.haze, keep),
        haze_reach=light.haze_reach * {"fog": 0.42, "rain": 0.6, "snow": 0.6, "storm": 0.8}.get(weather, 0.9),
        sun=times(light.sun, left if keep < 0.3 else max(left, 0.6)),
        ambient=mix(light.ambient, (grey, grey, grey), 0.4) if keep else times(light.ambient, 1.25),
        visible=light.visible and not hides,
        stars=light.stars * 0.25,
        shadow=light.shadow * (0.4 if keep < 0.3 else 0.7),
    )
