"""Planted answers: rectangles of known size in known ground, so that every tool's answer can be told beforehand.

All planted shapes have corners in whole metres (or a stated millimetre) and lie wholly inside one piece of ground, so
their areas follow from multiplication alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import shapely

from spacegov.synthetic.frame import CRS, Floats, Mask

Truth = dict[str, Any]
Box = tuple[float, float, float, float]


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
        """A free fitting piece that holds a circle of radius `reach`, and that circle's centre in whole metres."""
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


def append_rows(layer: Any, rows: list[dict[str, Any]]) -> Any:
    """A layer with more rows."""
    import geopandas as gpd

    more = gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS)
    for column in layer.columns:
        if column not in more:
            more[column] = None
        elif column != "geometry":
            more[column] = more[column].astype(layer[column].dtype)
    with_more = pd.concat([layer, more[layer.columns]], ignore_index=True)
    return gpd.GeoDataFrame(with_more, geometry="geometry", crs=CRS)


def cut_out(layer: Any, row: int, box: tuple[float, float, float, float]) -> None:
    """Take a rectangle out of the middle of a feature."""
    column = layer.columns.get_loc("geometry")
    shape = layer.geometry.iloc[row]
    layer.iloc[row, column] = shapely.Polygon(shape.exterior, [*shape.interiors, shapely.box(*box, ccw=False).exterior])


def even_size(random: np.random.Generator, low: int, high: int) -> tuple[int, int]:
    """Even breadth and depth in metres."""
    breadth, depth = random.integers(low // 2, high // 2 + 1, 2) * 2
    return int(breadth), int(depth)
