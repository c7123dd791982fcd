"""What a backdrop hands over: its layers, and what a subject needs to stand in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from rivya.engines.sketch.layers import Layer
from rivya.engines.sketch.light import Light
from rivya.engines.sketch.raster import Field
from rivya.engines.sketch.terrain import Ground

Surface = Literal["grass", "snow", "sand", "bare", "water", "wet", "floor", "seabed", "none"]


@dataclass(slots=True)
class Stage:
    light: Light
    layers: list[Layer]
    surface: Surface = "none"
    ground: Ground | None = None
    front: list[Layer] = field(default_factory=list[Layer])
    """Layers before every subject."""
    foot: float = 0.5
    """Where subjects stand: 0 at the horizon, 1 at the lower edge."""
    focus: float | None = None
    """Depth that is sharp; None when all of it is."""

    def colour_at(self, x: float, y: float) -> Field:
        """The ground's colour round a pixel."""
        if self.ground is None:
            return np.array([0.2, 0.2, 0.2], np.float32)
        h, w = self.ground.rgb.shape[:2]
        px, py = int(np.clip(x, 4, w - 5)), int(np.clip(y, 4, h - 5))
        return self.ground.rgb[py - 3 : py + 4, px - 4 : px + 5].mean(axis=(0, 1))
