"""Parts of shapes, by dimension and one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Shapes = NDArray[Any]
Booleans = NDArray[np.bool_]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64] | NDArray[np.int32]

POINT, LINE, POLYGON = 0, 1, 2


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


def pieces(shapes: Shapes) -> tuple[Shapes, Integers]:
    """Split into single polygons, with the row each came from."""
    parts, rows = shapely.get_parts(shapes, return_index=True)
    keep = ~shapely.is_empty(parts)
    return parts[keep], np.asarray(rows[keep], dtype=np.int64)
