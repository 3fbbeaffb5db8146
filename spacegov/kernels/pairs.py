"""Areas of intersection by pair of polygons, without building the intersections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spacegov.kernels.compilation import ensure_compiled
from spacegov.kernels.intake import AreaBasis, Care, take_layers
from spacegov.kernels.parallel import thread_count
from spacegov.kernels.ragged import FloatArray

if TYPE_CHECKING:
    import pandas as pd


def pair_areas(
    left: Any,
    right: Any,
    *,
    area_basis: AreaBasis = "plane",
    threads: int | None = None,
    repair: bool = False,
    trusted: bool = False,
) -> pd.DataFrame:
    """Area of intersection of every pair of polygons that share a positive area.

    Parameters
    ----------
    left, right : GeoDataFrame, GeoSeries, array of shapely geometries, or Arrow array of WKB
        Polygons and multipolygons in one CRS; missing and empty geometries share nothing.
    area_basis : {'plane', 'ellipsoid'}
        Areas in the layers' own grid, or on their ellipsoid.
    threads : int, optional
        Threads to use; all cores by default.
    repair : bool
        Make invalid polygons valid, with the change in area on record, instead of refusing them.
    trusted : bool
        The polygons are known to be valid, as in a layer checked at import: skip the test.

    Returns
    -------
    DataFrame
        left_index : int64, row position in `left`
        right_index : int64, row position in `right`
        area_m2 : float64, square metres
        sorted by both positions.

    Raises
    ------
    InvalidGeometry
        When polygons are invalid and neither `repair` nor `trusted` is set.
    UnsuitableCrs
        When the CRS differ, or are degrees with area_basis='plane'.
    WrongGeometry
        When rows are not polygons.

    Notes
    -----
    Method: the area is a sum over pairs of edges (spacegov.kernels.edges), exact up to rounding; large polygons are
    first cut into tiles (spacegov.kernels.pieces). The error is below 1e-9 of the smaller polygon's area plus
    8 · 2⁻⁵² · largest coordinate · perimeter. Pairs whose area is below four units in the last place of the
    coordinates along the box they share count as touching and are left out. Areas do not depend on the number of
    threads, the order of rows or the other rows, to the last bit. Without a CRS, coordinates are taken as metres.

    Examples
    --------
    >>> import geopandas, shapely
    >>> plots = geopandas.GeoSeries([shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)], crs=32650)
    >>> zones = geopandas.GeoSeries([shapely.box(5, 5, 12, 20)], crs=32650)
    >>> pair_areas(plots, zones)
       left_index  right_index  area_m2
    0           0            0     25.0
    1           1            0     10.0
    """
    ensure_compiled("area")
    count = thread_count(threads)
    (a, b), factor = take_layers(
        [(left, "left"), (right, "right")], area_basis=area_basis, care=Care(repair, trusted), threads=count
    )
    from spacegov.kernels.matching import match

    return _frame(*match(a, b, threads=count), factor)


def self_pair_areas(
    frame: Any,
    *,
    area_basis: AreaBasis = "plane",
    threads: int | None = None,
    repair: bool = False,
    trusted: bool = False,
) -> pd.DataFrame:
    """Area of intersection of every pair of polygons of one layer that overlap.

    Parameters
    ----------
    frame : GeoDataFrame, GeoSeries, array of shapely geometries, or Arrow array of WKB
        Polygons and multipolygons.
    area_basis, threads, repair, trusted
        As for `pair_areas`.

    Returns
    -------
    DataFrame
        Columns as for `pair_areas`; each pair once, with left_index < right_index.

    Raises
    ------
    InvalidGeometry, UnsuitableCrs, WrongGeometry
        As for `pair_areas`.

    Examples
    --------
    >>> import geopandas, shapely
    >>> plots = geopandas.GeoSeries([shapely.box(0, 0, 10, 10), shapely.box(9, 0, 20, 10)], crs=32650)
    >>> self_pair_areas(plots)
       left_index  right_index  area_m2
    0           0            1     10.0
    """
    ensure_compiled("area")
    count = thread_count(threads)
    (layer,), factor = take_layers(
        [(frame, "the layer")], area_basis=area_basis, care=Care(repair, trusted), threads=count
    )
    from spacegov.kernels.matching import match_self

    return _frame(*match_self(layer, threads=count), factor)


def polygon_areas(
    layer: Any,
    *,
    area_basis: AreaBasis = "plane",
    threads: int | None = None,
    repair: bool = False,
    trusted: bool = False,
) -> FloatArray:
    """Area of every polygon.

    Parameters
    ----------
    layer : GeoDataFrame, GeoSeries, array of shapely geometries, or Arrow array of WKB
        Polygons and multipolygons; missing and empty geometries have area 0.
    area_basis, threads, repair, trusted
        As for `pair_areas`.

    Returns
    -------
    float64 (G,)
        Square metres, in the order of the rows.

    Raises
    ------
    InvalidGeometry, UnsuitableCrs, WrongGeometry
        As for `pair_areas`.

    Examples
    --------
    >>> import geopandas, shapely
    >>> polygon_areas(geopandas.GeoSeries([shapely.box(0, 0, 10, 10)], crs=32650))
    array([100.])
    """
    ensure_compiled("area")
    count = thread_count(threads)
    (ragged,), factor = take_layers(
        [(layer, "the layer")], area_basis=area_basis, care=Care(repair, trusted), threads=count
    )
    from spacegov.kernels.rings import geometry_areas

    areas = np.zeros(len(ragged))
    geometry_areas(ragged.coordinates, ragged.ring_offsets, ragged.geometry_offsets, areas)
    return areas * factor


def _frame(left: Any, right: Any, areas: FloatArray, factor: float) -> pd.DataFrame:
    """Pairs as a table."""
    import pandas as pd

    return pd.DataFrame({"left_index": left, "right_index": right, "area_m2": areas * factor})
