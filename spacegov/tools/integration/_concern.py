"""How a layer concerns a place: area, length or count, pieces united first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from spacegov.errors import InvalidGeometry
from spacegov.tools.overlay import Shapes, differences, grouped, shapes_of, union_of
from spacegov.tools.values import labels_of, texts_of


@dataclass(frozen=True)
class Concern:
    """What a layer has on one place, before it is measured.

    Attributes
    ----------
    geometry : geometry
        The ground, lines or points of the layer there, what lies over another counted once; empty where there is none.
    dimension : int
        2 of ground, 1 of lines, 0 of points, -1 of nothing.
    objects : int
        Features concerned.
    records, values : str or None
        Their labels, and the values of the column that classes them.
    """

    geometry: Any
    dimension: int = -1
    objects: int = 0
    records: str | None = None
    values: str | None = None


NOTHING = Concern(shapely.Polygon())


def concern_of(places: Shapes, frame: gpd.GeoDataFrame, *, classes: str | None) -> list[Concern]:
    """Find what a layer has on each place.

    Parameters
    ----------
    places : array of geometries (n,)
        Points, lines or polygons.
    frame : GeoDataFrame
        The layer, in the same CRS.
    classes : str, optional
        Column whose values are told.

    Raises
    ------
    InvalidGeometry
        A feature that meets a place is broken.
    """
    found = [NOTHING] * len(places)
    shapes = shapes_of(frame)
    place, feature = shapely.STRtree(shapes).query(places, predicate="intersects")
    if not len(feature):
        return found
    near = np.unique(feature)
    broken = near[~shapely.is_valid(shapes[near])]
    part = frame.iloc[near]
    records = np.full(len(frame), None, dtype=object)
    records[near] = labels_of(part)
    if len(broken):
        raise InvalidGeometry(
            f"{len(broken)} features there are broken and have no defined area, the first is {records[broken[0]]}; "
            "run check-geometry on the layer"
        )
    values = np.full(len(frame), None, dtype=object)
    if classes in frame.columns:
        values[near] = texts_of(part[classes])
    for number, own in zip(*grouped(place, feature), strict=True):
        pieces = np.atleast_1d(shapely.intersection(places[number], shapes[own]))
        # a polygon that only touches a place shares no ground with it
        dimension = np.minimum(shapely.get_dimensions(places[number]), shapely.get_dimensions(shapes[own]))
        real = shapely.get_dimensions(pieces) == dimension
        if real.any():
            found[int(number)] = _united(pieces[real], records[own[real]], values[own[real]])
    return found


def _united(pieces: Shapes, records: Any, values: Any) -> Concern:
    highest = int(shapely.get_dimensions(pieces).max())
    if highest == 2:
        united = union_of(np.asarray(pieces, dtype=object))
    else:
        united = shapely.union_all(pieces)
    listed = sorted({value for value in values if value is not None})
    return Concern(united, highest, len(records), "; ".join(sorted(records)), "; ".join(listed) or None)


@dataclass(frozen=True)
class Gap:
    """The ground of each place that a layer does not answer for.

    Attributes
    ----------
    ground : array of polygons (n,)
        Empty for lines and points.
    open : array of bool (n,)
        Lines and points that are not wholly covered.
    """

    ground: Shapes
    open: npt.NDArray[np.bool_]

    @cached_property
    def some(self) -> bool:
        """Whether there is any such ground."""
        return not bool(shapely.is_empty(self.ground).all())


def uncovered(places: Shapes, coverage: gpd.GeoDataFrame | None) -> Gap:
    """Find the ground of each place that a layer does not answer for.

    Parameters
    ----------
    places : array of geometries (n,)
    coverage : GeoDataFrame, optional
        Where the layer is authoritative; everywhere without it.
    """
    ground = np.full(len(places), shapely.Polygon(), dtype=object)
    if coverage is None:
        return Gap(ground, np.zeros(len(places), dtype=bool))
    known = shapes_of(coverage)
    areal = shapely.get_dimensions(places) == 2
    away = np.full(len(places), True)
    away[np.unique(shapely.STRtree(known).query(places, predicate="intersects")[0])] = False
    ground[away & areal] = places[away & areal]
    near = np.flatnonzero(~away)
    if not len(near):
        return Gap(ground, ~areal)
    whole = known[0] if len(known) == 1 else union_of(known)
    shapely.prepare(whole)
    within = shapely.covers(whole, places[near])
    rest = near[~within]
    borders = rest[areal[rest]]
    if len(borders):
        flat = differences(places[borders], np.full(len(borders), whole, dtype=object))
        # borders of two surveys rarely agree to the millimetre
        flat[shapely.is_empty(shapely.buffer(flat, -0.05))] = shapely.Polygon()
        ground[borders] = flat
    open_ = away & ~areal
    open_[rest[~areal[rest]]] = True
    return Gap(ground, open_)
