"""Planted answers: rectangles of known size in known ground, so that every tool's answer can be told beforehand.

All planted shapes have corners in whole metres (or a stated millimetre) and lie wholly inside one piece of ground, so
their areas follow from multiplication alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from spacegov.synthetic.frame import Floats, Mask


@dataclass
class Ground:
    """Pieces of ground that planted shapes are put into, each used once."""

    shapes: Any
    used: Mask
    centres: dict[int, tuple[Floats, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, shapes: Any) -> Ground:
        """Ground of the given polygons, all free."""
        return cls(shapes, np.zeros(len(shapes), dtype=bool))

    def take(self, random: np.random.Generator, fit: Mask, reach: float) -> tuple[int, Floats]:
        """A free piece of the fitting ones that holds a circle of radius `reach`, and that circle's centre in whole metres."""
        candidates = np.flatnonzero(fit & ~self.used & (shapely.area(self.shapes) > 3.2 * reach**2))
        for piece in random.permutation(candidates).tolist():
            if piece not in self.centres:
                circle = shapely.get_coordinates(shapely.maximum_inscribed_circle(self.shapes[piece], 1.0))
                self.centres[piece] = (np.round(circle[0]), float(np.hypot(*(circle[1] - circle[0]))))
            centre, radius = self.centres[piece]
            if radius > reach + 2.0:
                self.used[piece] = True
                return piece, centre
        raise ValueError(f"no piece of ground holds a circle of radius {reach:.0f} m; take another seed or more ground")


def rectangle(centre: Floats, breadth: float, depth: float) -> tuple[float, float, float, float]:
    """West, south, east, north of a rectangle around a centre; breadth and depth are even numbers of metres."""
    return (
        float(centre[0] - breadth / 2),
        float(centre[1] - depth / 2),
        float(centre[0] + breadth / 2),
        float(centre[1] + depth / 2),
    )


@dataclass
class Conflict:
    """A planted conflict between two plans.

    `first` and `second` are plan, use, control, sub-zone; `overlap_m2` is breadth times depth (less a hole).
    """

    name: str
    first: tuple[str, str, str | None, str | None]
    second: tuple[str, str, str | None, str | None]
    severity: str
    overlap_m2: float
    box: tuple[float, float, float, float]
    hole: tuple[float, float, float, float] | None = None
