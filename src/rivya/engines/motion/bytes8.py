"""The few 8-bit image operations that frames are made of, in OpenCV because each runs a thousand times a film."""

from __future__ import annotations

from typing import Any, TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes: TypeAlias = NDArray[np.uint8]
Matrix: TypeAlias = NDArray[np.float64]
Map: TypeAlias = NDArray[np.floating[Any]]


def moved(image: Bytes, matrix: Matrix, width: int, height: int, *, wrap: bool = False, solid: bool = False) -> Bytes:
    """``image`` under a 2x3 affine ``matrix``; outside it is clear, repeats its edge (solid) or wraps round."""
    border = cv2.BORDER_WRAP if wrap else cv2.BORDER_REPLICATE if solid else cv2.BORDER_CONSTANT
    return cast(Bytes, cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=border))


def bent(image: Bytes, x: Map, y: Map) -> Bytes:
    return cast(Bytes, cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def laid_over(below: Bytes, top: Bytes) -> Bytes:
    """Premultiplied RGBA ``top`` on RGB ``below``."""
    left = cv2.bitwise_not(top[..., 3])
    kept = cv2.multiply(below, cv2.merge([left, left, left]), scale=1 / 255)
    return cast(Bytes, cv2.add(kept, np.ascontiguousarray(top[..., :3])))


def scaled(image: Bytes, factor: Bytes) -> Bytes:
    """``image`` times ``factor`` / 255, element by element."""
    return cast(Bytes, cv2.multiply(image, factor, scale=1 / 255))


def corrected(image: Bytes, add: Bytes, take: Bytes) -> Bytes:
    return cast(Bytes, cv2.subtract(cv2.add(image, add), take))


def enlarged(field: Map, width: int, height: int) -> Map:
    return cast(Map, cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR))
