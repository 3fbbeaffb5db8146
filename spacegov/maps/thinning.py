"""Drawing less where there is too much: simplified borders and left-out specks, always counted and said.

A page draws up to 20,000 features of a layer as they are. Beyond that, or with very many vertices, borders are
simplified, shared ones together where the layer is a coverage, and specks smaller than the tolerance are left out of
the picture; legend and counts stay those of the data. Beyond what a browser can hold the map is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spacegov.errors import BadInput, UnsuitableCrs

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

DRAWN_AS_IS = 20_000  # features of a layer
MOST_FEATURES = 200_000  # features of a map
MOST_VERTICES = 1_000_000  # vertices of a layer without simplification; about 5 MB in the page
TOLERANCES_M = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)


@dataclass(frozen=True)
class DrawnLayer:
    """What of a layer is drawn.

    Attributes
    ----------
    geometry : array of shapely geometry
        In EPSG:4326, of the features drawn.
    kept : array of int
        Their positions in the layer.
    features : int
        How many features the layer has.
    tolerance_m : float
        How far borders may have moved; 0 where they are as given.
    """

    geometry: NDArray[np.object_]
    kept: NDArray[np.int64]
    features: int
    tolerance_m: float = 0.0


def drawn_layer(frame: gpd.GeoDataFrame, name: str) -> DrawnLayer:
    """Bring a layer to longitude and latitude, simplified where it has to be.

    Parameters
    ----------
    frame : GeoDataFrame
        In any CRS.
    name : str
        Its name for messages.

    Raises
    ------
    UnsuitableCrs
        The layer has no CRS, so that its place on the map is not known.
    BadInput
        It has more vertices than a browser can hold, even simplified.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> drawn = drawn_layer(gpd.GeoDataFrame(geometry=[shapely.Point(500_000, 0)], crs="EPSG:4549"), "points")
    >>> round(drawn.geometry[0].x, 6), drawn.features, drawn.tolerance_m
    (120.0, 1, 0.0)
    """
    import geopandas as gpd
    import shapely

    if frame.crs is None:
        raise UnsuitableCrs(f"{name}: the layer has no coordinate reference system, which a map needs; set one")
    geometry = frame.geometry.to_numpy()
    present = np.flatnonzero(~(shapely.is_missing(geometry) | shapely.is_empty(geometry)))
    kept, tolerance = present, 0.0
    thinned = geometry[present]
    crowded = len(present) > DRAWN_AS_IS
    if crowded or shapely.get_num_coordinates(thinned).sum() > MOST_VERTICES:
        simplified, tolerance = _simplified(thinned, _metres_per_unit(frame), name)
        shown = ~shapely.is_empty(simplified)
        if crowded:
            shown &= ~_is_speck(thinned, tolerance / _metres_per_unit(frame))
        thinned, kept = simplified[shown], present[shown]
    placed = gpd.GeoSeries(thinned, crs=frame.crs).to_crs("EPSG:4326").to_numpy()
    return DrawnLayer(placed, kept, len(frame), tolerance)


def check_number(features: int) -> None:
    """Refuse more features than a browser can hold.

    Raises
    ------
    BadInput
        Naming the ways out.
    """
    if features > MOST_FEATURES:
        raise BadInput(
            f"{features:,} features were given, a map in one page holds {MOST_FEATURES:,}; give a box or a filter, "
            "fewer layers, or open the layer in the viewer, which draws tiles"
        )


def _simplified(geometry: NDArray[np.object_], metres: float, name: str) -> tuple[NDArray[np.object_], float]:
    import shapely

    is_area = bool((shapely.get_dimensions(geometry) == 2).all())
    is_coverage = is_area and bool(shapely.is_valid(geometry).all()) and bool(shapely.coverage_is_valid(geometry))
    for tolerance in TOLERANCES_M:
        if is_coverage:
            simplified = shapely.coverage_simplify(geometry, tolerance / metres)
        else:
            simplified = shapely.simplify(geometry, tolerance / metres, preserve_topology=True)
        if shapely.get_num_coordinates(simplified).sum() <= MOST_VERTICES:
            return simplified, tolerance
    raise BadInput(
        f"{name}: {shapely.get_num_coordinates(geometry).sum():,} vertices were given, a map in one page holds "
        f"{MOST_VERTICES:,} of a layer even simplified to {TOLERANCES_M[-1]:g} m; give a box or a filter, or open the "
        "layer in the viewer, which draws tiles"
    )


def _is_speck(geometry: NDArray[np.object_], size: float) -> NDArray[np.bool_]:
    """Tell areas and lines that are smaller than the tolerance both ways; points never are."""
    import shapely

    bounds = shapely.bounds(geometry)
    small = (bounds[:, 2:] - bounds[:, :2] < size).all(axis=1)
    specks: NDArray[np.bool_] = small & (shapely.get_dimensions(geometry) > 0)
    return specks


def _metres_per_unit(frame: gpd.GeoDataFrame) -> float:
    crs = frame.crs
    if crs.is_geographic:
        return 111_320.0 * max(float(np.cos(np.radians(frame.total_bounds[[1, 3]].mean()))), 0.1)
    return float(crs.axis_info[0].unit_conversion_factor) if crs.axis_info else 1.0
