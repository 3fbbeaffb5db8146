"""Shapes of polygons that meet: pieces, ground counted once, slivers.

Areas of pairs come from `spacegov.kernels`; the functions here make the shapes of the pairs that matter.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from spacegov.kernels import polygon_areas
from spacegov.kinds import AreaBasis

Shapes = npt.NDArray[Any]
"""An array of shapely geometries."""
_POLYGON, _MULTIPOLYGON, _COLLECTION = 3, 6, 7


def shapes_of(frame: gpd.GeoDataFrame) -> Shapes:
    """Give the geometries of a frame as an array."""
    return np.asarray(frame.geometry.values, dtype=object)


def polygons_only(shapes: Shapes) -> Shapes:
    """Leave out the lines and points that an overlay leaves where polygons only touch.

    Parameters
    ----------
    shapes : array of geometries (n,)

    Returns
    -------
    array of geometries (n,)
        Polygons and multipolygons; an empty polygon where nothing with an area is left.

    Examples
    --------
    >>> touch = shapely.from_wkt("GEOMETRYCOLLECTION (POLYGON ((0 0, 1 0, 1 1, 0 0)), LINESTRING (0 0, 5 5))")
    >>> polygons_only(np.array([touch]))[0].wkt
    'POLYGON ((0 0, 1 0, 1 1, 0 0))'
    """
    kinds = shapely.get_type_id(shapes)
    clean = shapes.copy()
    clean[~np.isin(kinds, (_POLYGON, _MULTIPOLYGON, _COLLECTION))] = shapely.Polygon()
    for position in np.flatnonzero(kinds == _COLLECTION):
        parts = shapely.get_parts(shapes[position])
        polygons = shapely.get_parts(parts[np.isin(shapely.get_type_id(parts), (_POLYGON, _MULTIPOLYGON))])
        clean[position] = polygons[0] if len(polygons) == 1 else shapely.multipolygons(polygons)
    clean[shapely.is_empty(clean)] = shapely.Polygon()
    return clean


def intersections(left: Shapes, right: Shapes) -> Shapes:
    """Give what each pair of polygons has in common, as polygons."""
    return polygons_only(np.asarray(shapely.intersection(left, right), dtype=object))


def differences(left: Shapes, right: Shapes) -> Shapes:
    """Give what the first of each pair of polygons has for itself, as polygons."""
    return polygons_only(np.asarray(shapely.difference(left, right), dtype=object))


def union_of(shapes: Shapes) -> Any:
    """Unite polygons; ground that several of them cover is there once."""
    return polygons_only(np.array([shapely.disjoint_subset_union_all(shapes)], dtype=object))[0]


def areas_of(shapes: Shapes, crs: Any, area_basis: AreaBasis) -> npt.NDArray[np.float64]:
    """Measure polygons in m²."""
    if not len(shapes):
        return np.zeros(0)
    return polygon_areas(gpd.GeoSeries(shapes, crs=crs), area_basis=area_basis, trusted=True)


def ground_area(shapes: Shapes, crs: Any, area_basis: AreaBasis) -> float:
    """Measure the ground under polygons in m², every place counted once."""
    if not len(shapes):
        return 0.0
    return float(areas_of(np.array([union_of(shapes)], dtype=object), crs, area_basis)[0])


def slivers(shapes: Shapes, width: float) -> npt.NDArray[np.bool_]:
    """Find polygons nowhere wider than a tolerance: those that vanish under a negative buffer of half of it.

    Parameters
    ----------
    shapes : array of polygons (n,)
    width : float
        Metres; 0 finds none.

    Returns
    -------
    bool (n,)

    Examples
    --------
    >>> slivers(np.array([shapely.box(0, 0, 5000, 0.001), shapely.box(0, 0, 10, 10)]), 0.002)
    array([ True, False])
    """
    found = np.zeros(len(shapes), dtype=bool)
    if not width:
        return found
    # a polygon within half a width of its border has at most that area for each metre of it; others need no buffer
    thin = np.flatnonzero(shapely.area(shapes) <= shapely.length(shapes) * width / 2)
    found[thin] = shapely.is_empty(shapely.buffer(shapes[thin], -width / 2))
    return found


def canonical_order(shapes: Shapes) -> npt.NDArray[np.int64]:
    """Order polygons by place and size, so that an answer does not depend on the order of the input."""
    bounds = shapely.bounds(shapes)
    return np.lexsort((shapely.area(shapes), bounds[:, 3], bounds[:, 2], bounds[:, 1], bounds[:, 0]))
