"""The few image operations everything is drawn with: the only place that calls OpenCV."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray

Field: TypeAlias = NDArray[np.floating[Any]]
"""Floats (float32 wherever it is large), (h, w) or (h, w, channels).

Colours are linear light; RGBA is premultiplied.
"""

cv2.setNumThreads(2)


def blur(image: Field, sigma: float, sigma_y: float | None = None) -> Field:
    """Gaussian blur. Wide blurs run on a shrunken copy, which looks the same and takes a tenth of the time."""
    sy = sigma if sigma_y is None else sigma_y
    if max(sigma, sy) < 0.3:
        return image
    h, w = image.shape[:2]
    step_x, step_y = max(1, int(sigma / 3)), max(1, int(sy / 3))
    if step_x > 1 or step_y > 1:
        small = resize(image, max(4, w // step_x), max(4, h // step_y))
        small = _blur(small, sigma * small.shape[1] / w, sy * small.shape[0] / h)
        return resize(small, w, h)
    return _blur(image, sigma, sy)


def resize(image: Field, width: int, height: int, *, smooth: bool = False) -> Field:
    """``image`` at another size. ``smooth`` enlarges without creases, at the price of overshooting a little."""
    h, w = image.shape[:2]
    if (w, h) == (width, height):
        return image
    shrinking = width < w and height < h
    mode = cv2.INTER_AREA if shrinking else cv2.INTER_CUBIC if smooth else cv2.INTER_LINEAR
    return cast(Field, cv2.resize(image, (max(1, width), max(1, height)), interpolation=mode))


def remap(image: Field, x: Field, y: Field, *, wrap: bool = False, clear: bool = False) -> Field:
    """Read ``image`` at pixel positions (x, y); outside it repeats the edge, wraps round, or is clear."""
    border = cv2.BORDER_WRAP if wrap else cv2.BORDER_CONSTANT if clear else cv2.BORDER_REPLICATE
    return cast(Field, cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=border))


def warp(image: Field, matrix: NDArray[np.float64], width: int, height: int, *, clear: bool = True) -> Field:
    """Move ``image`` by a 2x3 affine ``matrix`` (source to destination) onto a new canvas."""
    border = cv2.BORDER_CONSTANT if clear else cv2.BORDER_REFLECT_101
    mode = cv2.INTER_LINEAR
    return cast(Field, cv2.warpAffine(image, matrix, (width, height), flags=mode, borderMode=border))


def polygons(canvas: Field, shapes: Sequence[NDArray[Any]], value: float | Sequence[float] = 1.0) -> None:
    """Fill polygons of (x, y) points with smooth edges, in place."""
    points = [np.round(np.asarray(shape, np.float64) * 16).astype(np.int32) for shape in shapes]
    for one in points:
        cv2.fillPoly(canvas, [one], _scalar(value), cv2.LINE_AA, 4)


def line(canvas: Field, points: NDArray[Any], value: float | Sequence[float], thickness: int = 1) -> None:
    scaled = np.round(np.asarray(points, np.float64) * 16).astype(np.int32)
    cv2.polylines(canvas, [scaled], False, _scalar(value), max(1, thickness), cv2.LINE_AA, 4)


def disc(canvas: Field, x: float, y: float, radius: float, value: float | Sequence[float] = 1.0) -> None:
    at = (round(x * 16), round(y * 16))
    cv2.circle(canvas, at, max(1, round(radius * 16)), _scalar(value), -1, cv2.LINE_AA, 4)


def ellipse(canvas: Field, x: float, y: float, rx: float, ry: float, value: float | Sequence[float] = 1.0) -> None:
    at, axes = (round(x * 16), round(y * 16)), (max(1, round(rx * 16)), max(1, round(ry * 16)))
    cv2.ellipse(canvas, at, axes, 0, 0, 360, _scalar(value), -1, cv2.LINE_AA, 4)


def distance(mask: Field) -> Field:
    """Distance in pixels from each covered pixel to the nearest clear one."""
    solid = np.pad((mask > 0.5).astype(np.uint8), 1)
    found = cv2.distanceTransform(solid, cv2.DIST_L2, 3)
    return found[1:-1, 1:-1].astype(np.float32)


def power(image: Field, exponent: float) -> Field:
    return cast(Field, cv2.pow(np.maximum(image, 0.0), exponent))


def bilateral(image: Field, diameter: int, colour: float, space: float) -> Field:
    return cast(Field, cv2.bilateralFilter(image, diameter, colour, space))


def _blur(image: Field, sx: float, sy: float) -> Field:
    done = cv2.GaussianBlur(image, (0, 0), max(sx, 0.01), sigmaY=max(sy, 0.01), borderType=cv2.BORDER_REPLICATE)
    return cast(Field, done)


def _scalar(value: float | Sequence[float]) -> Sequence[float]:
    return (value,) * 4 if isinstance(value, int | float) else tuple(value)
