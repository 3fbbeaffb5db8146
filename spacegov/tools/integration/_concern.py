"""How a layer concerns a place: area, length or count, pieces united first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from spacegov.errors import InvalidGeometry
from spacegov.kinds import AreaBasis
from spacegov.tools.overlay import Shapes, areas_of, differences, grouped, shapes_of, union_of
from spacegov.tools.values import labels_of, texts_of


@dataclass(frozen=True)
class Concern:
    """What a layer has on one place."""

    geometry: Any
    objects: int
    area_m2: float
    length_m: float
    share: float
    records: str | None
    values: str | None


NOTHING = Concern(shapely.Polygon(), 0, 0.0, 0.0, 0.0, None, None)


def concern_of(places: Shapes, frame: gpd.GeoDataFrame, *, classes: str | None, area_basis: AreaBasis) -> list[Concern]:
    """Find what a layer has on each place.

    Parameters
    ----------
    places : array of geometries (n,)
        Points, lines or polygons.
    frame : GeoDataFrame
        The layer, in the same CRS.
    classes : str, optional
        Column whose values are told.
    area_basis : {"plane", "ellipsoid"}

    Raises
    ------
    InvalidGeometry
        A feature that meets a place is broken.
    """
    shapes, records = shapes_of(frame), labels_of(frame)
    values = texts_of(frame[classes]) if classes in frame.columns else np.full(len(frame), None, dtype=object)
    place, feature = shapely.STRtree(shapes).query(places, predicate="intersects")
    broken = np.unique(feature)[~shapely.is_valid(shapes[np.unique(feature)])]
    if len(broken):
        raise InvalidGeometry(
            f"{len(broken)} features there are broken and have no defined area, the first is {records[broken[0]]}; "
            "run check-geometry on the layer"
        )
    found = [NOTHING] * len(places)
    for number, own in zip(*grouped(place, feature), strict=True):
        pieces = shapely.intersection(places[number], shapes[own])
        # a polygon that only touches a place shares no ground with it
        dimension = np.minimum(shapely.get_dimensions(places[number]), shapely.get_dimensions(shapes[own]))
        real = shapely.get_dimensions(pieces) == dimension
        if real.any():
            found[int(number)] = _measure(
                places[number], pieces[real], records[own[real]], values[own[real]], frame.crs, area_basis
            )
    return found


def _measure(place: Any, pieces: Shapes, records: Any, values: Any, crs: Any, area_basis: AreaBasis) -> Concern:
    highest = int(shapely.get_dimensions(pieces).max())
    if highest == 2:
        united = union_of(np.asarray(pieces, dtype=object))
    else:
        united = shapely.union_all(pieces)
    area = float(areas_of(np.array([united], dtype=object), crs, area_basis)[0]) if highest == 2 else 0.0
    length = float(shapely.length(united)) if highest == 1 else 0.0
    whole = shapely.get_dimensions(place)
    if whole == 2:
        share = area / float(areas_of(np.array([place], dtype=object), crs, area_basis)[0])
    elif whole == 1:
        share = length / float(shapely.length(place)) if highest == 1 else 0.0
    else:
        share = 1.0
    listed = sorted({value for value in values if value is not None})
    return Concern(
        united, len(records), area, length, min(share, 1.0), "; ".join(sorted(records)), "; ".join(listed) or None
    )


def uncovered(
    places: Shapes, coverage: gpd.GeoDataFrame | None, crs: Any, area_basis: AreaBasis
) -> npt.NDArray[np.float64]:
    """Measure how much of each place a layer does not answer for.

    Returns
    -------
    float64 (n,)
        m² of a polygon; infinite for a line or a point that is not wholly covered; 0 where all is.
    """
    if coverage is None:
        return np.zeros(len(places))
    known = union_of(shapes_of(coverage))
    rest = np.asarray(shapely.difference(places, known), dtype=object)
    areal = shapely.get_dimensions(places) == 2
    gaps = np.where(shapely.is_empty(rest) | areal, 0.0, np.inf)
    if areal.any():
        flat = differences(places[areal], np.full(int(areal.sum()), known, dtype=object))
        # borders of two surveys rarely agree to the millimetre
        flat[shapely.is_empty(shapely.buffer(flat, -0.05))] = shapely.Polygon()
        gaps[areal] = areas_of(flat, crs, area_basis)
    return gaps
