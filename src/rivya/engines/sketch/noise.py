"""Seeded randomness and the noise textures made of it."""

from __future__ import annotations

import hashlib

import numpy as np

from rivya.engines.sketch.raster import Field, remap

Rng = np.random.Generator


def rng_for(seed: int, *purpose: str) -> Rng:
    """A generator of its own for each purpose, so that one part changing leaves the others as they were."""
    digest = hashlib.sha256("/".join((str(seed), *purpose)).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def texture(rng: Rng, size: int = 512, slope: float = 1.7, coarse: int = 2) -> Field:
    """Tileable noise with a 1/f spectrum, mean 0 and deviation 1.

    ``slope`` 1 is grainy, 2 is smooth; waves longer than ``size / coarse`` are left out.
    """
    fy = np.fft.fftfreq(size)[:, None] * size
    fx = np.fft.rfftfreq(size)[None, :] * size
    radius = np.hypot(fx, fy)
    gain = np.where(radius >= coarse, np.maximum(radius, 1.0) ** -slope, 0.0)
    spectrum = np.fft.rfft2(rng.standard_normal((size, size))) * gain
    field = np.fft.irfft2(spectrum, s=(size, size))
    return ((field - field.mean()) / field.std()).astype(np.float32)


def sample(tex: Field, u: Field, v: Field) -> Field:
    """Read a tileable texture at any coordinates; 1.0 is one whole tile."""
    n = tex.shape[0]
    u, v = np.broadcast_arrays(u, v)
    x = (np.mod(u, 1.0) * n).astype(np.float32)
    y = (np.mod(v, 1.0) * n).astype(np.float32)
    return remap(tex, x, y, wrap=True)


def ridged(tex: Field, u: Field, v: Field, octaves: int = 4, gain: float = 0.5) -> Field:
    """Sharp crests with detail gathered on them (ridged multifractal), about 0..1."""
    total = np.zeros(np.broadcast_shapes(u.shape, v.shape), np.float32)
    weight, amp, norm = np.ones_like(total), 1.0, 0.0
    for i in range(octaves):
        n = 1.0 - np.minimum(np.abs(sample(tex, u + 0.37 * i, v + 0.61 * i)) * 0.9, 1.0)
        n = n * n * weight
        total += amp * n
        weight = np.clip(n * 1.6, 0.0, 1.0)
        norm += amp
        amp *= gain
        u, v = u * 2.03, v * 2.03
    return (total / norm).astype(np.float32)


def line_noise(rng: Rng, length: int, roughness: float = 1.3, coarse: int = 1) -> Field:
    """A random line of ``length`` points, mean 0 and deviation 1, that joins up at its ends."""
    f = np.fft.rfftfreq(length) * length
    gain = np.where(f >= coarse, np.maximum(f, 1.0) ** -roughness, 0.0)
    found = np.fft.irfft(np.fft.rfft(rng.standard_normal(length)) * gain, n=length)
    return ((found - found.mean()) / (found.std() + 1e-9)).astype(np.float32)


def smoothstep(low: float, high: float, x: Field) -> Field:
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    return (t * t * (3.0 - 2.0 * t)).astype(np.float32)


def interp(x: Field, xs: Field, ys: Field) -> Field:
    """Straight lines between the points (xs, ys), read at ``x``."""
    return np.asarray(np.interp(x, xs, ys), np.float32)
