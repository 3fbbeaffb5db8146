"""What touches a geometry, over all layers of the restriction index."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd


@dataclass(frozen=True)
class Touched:
    """The pieces of units that a geometry meets.

    Attributes
    ----------
    names : list of str
        The layers that were asked.
    layer : array of int
        For each piece, its layer's position in `names`.
    unit : array of int
        For each piece, its unit's number in its layer.
    shapes : array of polygons
        The pieces; a unit of many vertices is there only with those near the geometry.
    left_out : frozenset of str
        Layers that were not asked since too much of them lies there.
    """

    names: list[str]
    layer: NDArray[np.int64]
    unit: NDArray[np.int64]
    shapes: NDArray[Any]
    crs: Any
    attributes: Callable[[str, NDArray[np.int64]], Any]
    left_out: frozenset[str] = frozenset()

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.names)}

    @property
    def layers(self) -> list[str]:
        """The layers with at least one unit that touches."""
        return [self.names[number] for number in np.unique(self.layer).tolist()]

    @cached_property
    def met(self) -> frozenset[str]:
        """The same, to look names up."""
        return frozenset(self.layers)

    def units(self) -> pd.DataFrame:
        """Give a row for each unit that touches: `layer`, `unit`."""
        import pandas as pd

        pairs = (
            np.unique(np.stack([self.layer, self.unit], axis=1), axis=0) if len(self.layer) else np.empty((0, 2), int)
        )
        return pd.DataFrame({"layer": [self.names[number] for number in pairs[:, 0]], "unit": pairs[:, 1]})

    def areas(self, geometry: Any) -> pd.DataFrame:
        """Give the area of every unit within a polygon: `layer`, `unit`, `area_m2`.

        Pieces of one unit do not overlap, so that their areas add up; units may overlap each other.
        """
        import pandas as pd
        import shapely

        parts = shapely.area(shapely.intersection(self.shapes, geometry)) if len(self.shapes) else np.empty(0)
        table = pd.DataFrame({"layer": self.layer, "unit": self.unit, "area_m2": parts})
        summed = pd.DataFrame(table.groupby(["layer", "unit"], sort=True)["area_m2"].sum()).reset_index()
        summed["layer"] = [self.names[number] for number in summed["layer"].tolist()]
        return summed

    def frame(self, name: str) -> gpd.GeoDataFrame:
        """Give the units of one layer that touch, with their attributes and `unit_area_m2`, the area of the whole unit.

        The geometry of a unit of many vertices is the part of it near the geometry that was asked about.
        """
        import geopandas as gpd
        import shapely

        number = self._numbers[name]
        start, end = np.searchsorted(self.layer, [number, number + 1])
        unit, pieces = self.unit[start:end], self.shapes[start:end]
        units, first, counts = np.unique(unit, return_index=True, return_counts=True)
        shapes = pieces[first]
        for row in np.flatnonzero(counts > 1).tolist():
            shapes[row] = shapely.union_all(pieces[unit == units[row]])
        return gpd.GeoDataFrame(self.attributes(name, units), geometry=shapes, crs=self.crs)
