"""Shapes of pieces: what is left of an overlay, how wide it is, how large."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from spacegov.kinds import AreaBasis

Shapes = NDArray[Any]
Booleans = NDArray[np.bool_]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64] | NDArray[np.int32]

POINT, LINE, POLYGON = 0, 1, 2


def shapes_of(frame: gpd.GeoDataFrame) -> Shapes:
    """Give the geometries of a frame as an array of shapely objects."""
    return np.asarray(frame.geometry.values._data, dtype=object)


def parts_of_dimension(shapes: Shapes, dimension: int) -> Shapes:
    """Keep of every shape its parts of one dimension (0, 1, 2); empty where there are none.

    An overlay of touching polygons also leaves points and lines, which have no area and break a polygon layer.
    """
    kept = np.array(shapes, dtype=object)
    types = shapely.get_type_id(kept)
    collections = np.flatnonzero(types == shapely.GeometryType.GEOMETRYCOLLECTION)
    for row in collections:
        parts = _leaves(kept[row])
        parts = parts[shapely.get_dimensions(parts) == dimension]
        kept[row] = _multi(parts, dimension)
    single = (types != shapely.GeometryType.GEOMETRYCOLLECTION) & ~shapely.is_missing(kept)
    kept[single & (shapely.get_dimensions(kept) != dimension)] = _multi(np.empty(0, dtype=object), dimension)
    return kept


def _leaves(collection: Any) -> Shapes:
    """Flatten a collection that may hold collections."""
    parts = shapely.get_parts(collection)
    while (shapely.get_type_id(parts) >= shapely.GeometryType.MULTIPOINT).any():
        parts = shapely.get_parts(parts)
    return parts


def _multi(parts: Shapes, dimension: int) -> Any:
    if len(parts) == 1:
        return parts[0]
    if dimension == POLYGON:
        return shapely.multipolygons(parts)
    return shapely.multilinestrings(parts) if dimension == LINE else shapely.multipoints(parts)


def wider_than(shapes: Shapes, width: float) -> Booleans:
    """Tell which polygons do not vanish when half a width is taken off all around.

    A millimetre sliver a kilometre long has a square metre of area and is no fault; its width says so.
    """
    if width <= 0:
        return np.asarray(shapely.area(shapes) > 0)
    shrunk = shapely.buffer(shapes, -width / 2, join_style="mitre", quad_segs=1)
    return np.asarray(~shapely.is_empty(shrunk))


def areas(shapes: Shapes, crs: Any, area_basis: AreaBasis) -> Floats:
    """Measure polygons in square metres on the asked basis."""
    from spacegov.kernels import polygon_areas

    if not len(shapes):
        return np.zeros(0)
    return np.asarray(polygon_areas(gpd.GeoSeries(shapes, crs=crs), area_basis=area_basis, trusted=True))


def pieces(shapes: Shapes) -> tuple[Shapes, Integers]:
    """Split into single polygons, with the row each came from."""
    parts, rows = shapely.get_parts(shapes, return_index=True)
    keep = ~shapely.is_empty(parts)
    return parts[keep], np.asarray(rows[keep], dtype=np.int64)
