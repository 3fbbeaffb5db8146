"""Polygons as plain arrays: the form in which every kernel takes them.

A layer is `coordinates` (N, 2), `ring_offsets` into them and `geometry_offsets` into the rings; a multipolygon is
simply all its rings. Shells run counter-clockwise and holes clockwise, so that the signed sum over the edges of all
rings is the area and no kernel needs to know which ring is a hole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from spacegov.errors import BadInput, WrongGeometry

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_POLYGON, _MULTIPOLYGON = 3, 6


@dataclass(frozen=True, slots=True)
class Ragged:
    """A layer of polygons as arrays.

    Attributes
    ----------
    coordinates : float64 (N, 2)
        Vertices; each ring repeats its first vertex.
    ring_offsets : int64 (R + 1,)
        First vertex of each ring.
    geometry_offsets : int64 (G + 1,)
        First ring of each geometry.
    boxes : float64 (G, 4)
        xmin, ymin, xmax, ymax; infinities turned round for an empty geometry.
    """

    coordinates: FloatArray
    ring_offsets: IntArray
    geometry_offsets: IntArray
    boxes: FloatArray

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def vertex_counts(self) -> IntArray:
        """Vertices of each geometry, int64 (G,)."""
        starts = self.ring_offsets[self.geometry_offsets]
        return starts[1:] - starts[:-1]


def from_shapely(geometries: NDArray[Any], name: str = "the layer") -> Ragged:
    """Lay out an array of shapely polygons and multipolygons.

    Parameters
    ----------
    geometries : object (G,)
        Polygons, multipolygons; missing and empty geometries become rows without area.
    name : str
        What the layer is called in messages.

    Returns
    -------
    Ragged
        Two-dimensional coordinates, rings oriented.

    Raises
    ------
    WrongGeometry
        When a geometry is of another type.
    """
    from spacegov.kernels.rings import orient_rings

    present = refuse_other_types(geometries, name)
    if not present.all():
        geometries = geometries.copy()
        geometries[~present] = shapely.Polygon()
    if not present.any():
        return _empty(len(geometries))
    kind, coordinates, offsets = shapely.to_ragged_array(geometries, include_z=False)
    coordinates = np.ascontiguousarray(coordinates, dtype=np.float64)
    rings = np.asarray(offsets[0], dtype=np.int64)
    polygons = np.asarray(offsets[1], dtype=np.int64)
    geometry_offsets = polygons if kind == shapely.GeometryType.POLYGON else polygons[np.asarray(offsets[2], np.int64)]
    shells = np.zeros(max(len(rings) - 1, 0) + 1, dtype=np.bool_)
    shells[polygons[:-1][polygons[1:] > polygons[:-1]]] = True
    boxes = np.empty((len(geometries), 4))
    orient_rings(coordinates, rings, geometry_offsets, shells, boxes)
    return Ragged(coordinates, rings, geometry_offsets, boxes)


def _empty(count: int) -> Ragged:
    """A layer of `count` rows without area."""
    boxes = np.tile(np.array([np.inf, np.inf, -np.inf, -np.inf]), (count, 1))
    return Ragged(np.empty((0, 2)), np.zeros(1, np.int64), np.zeros(count + 1, np.int64), boxes)


def geometry_values(layer: Any, name: str) -> tuple[NDArray[Any], Any]:
    """Take the geometries out of whatever holds them.

    Parameters
    ----------
    layer : GeoDataFrame, GeoSeries, GeometryArray, sequence of shapely geometries, or Arrow array of WKB
        The polygons.
    name : str
        What the layer is called in messages.

    Returns
    -------
    geometries : object (G,)
        shapely geometries, `None` where missing.
    crs : pyproj.CRS or None
        Their coordinate system, when known.
    """
    column: Any = layer.geometry if hasattr(layer, "columns") else layer
    if hasattr(column, "crs") and hasattr(column, "values"):
        return np.asarray(column.values, dtype=object), column.crs
    if hasattr(column, "crs"):
        return np.asarray(column, dtype=object), column.crs
    if type(column).__module__.partition(".")[0] == "pyarrow":
        return np.asarray(shapely.from_wkb(column.to_numpy(zero_copy_only=False)), dtype=object), None
    if isinstance(column, (np.ndarray, list, tuple)):
        values = np.empty(len(column), dtype=object)
        values[:] = column
        return values, None
    raise BadInput(
        f"{name} is a {type(layer).__name__}; polygons are taken from a GeoDataFrame, a GeoSeries, "
        "an array of shapely geometries or an Arrow array of WKB"
    )


def refuse_other_types(geometries: NDArray[Any], name: str) -> BoolArray:
    """Raise when a geometry is no polygon; else say which rows hold one that is not empty.

    Raises
    ------
    WrongGeometry
        Naming how many and the first.
    """
    kinds = shapely.get_type_id(geometries)
    present = (kinds != -1) & ~shapely.is_empty(geometries)
    strange = np.flatnonzero(present & (kinds != _POLYGON) & (kinds != _MULTIPOLYGON))
    if len(strange):
        first = int(strange[0])
        raise WrongGeometry(
            f"{len(strange)} of {len(geometries)} geometries in {name} are not polygons (the first is row {first}, "
            f"a {geometries[first].geom_type}); areas need polygons or multipolygons, "
            "so take the polygon parts of the layer first"
        )
    return np.asarray(present, dtype=np.bool_)
