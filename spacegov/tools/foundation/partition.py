"""Whether a zoning tiles its scope: overlaps, gaps, what lies outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from spacegov.checks import checked
from spacegov.errors import EmptyLayer, WrongGeometry
from spacegov.kinds import AreaBasis, ColumnOf, Features, Metres, Polygons
from spacegov.ledger import balance, dropped, figure, progress
from spacegov.tools.foundation._network_faults import PairFaults, line_faults, point_faults
from spacegov.tools.foundation._overlaps import overlapping_pairs
from spacegov.tools.foundation._records import answer_frame, record_names
from spacegov.tools.foundation._shapes import LINE, POLYGON, Integers, Shapes, pieces
from spacegov.tools.overlay import areas_of, differences, intersections, shapes_of, slivers, union_of

CODES = ("duplicate", "contained", "overlap", "self-crossing", "crossing", "touch-inside", "gap", "outside")


class PartitionCheck(NamedTuple):
    """Faults with their shapes, and a point for each so that the smallest is seen on a map."""

    faults: gpd.GeoDataFrame
    places: gpd.GeoDataFrame


@checked(partition=None)
def check_partition(
    zoning: Features,
    scope: Polygons | None = None,
    *,
    id_column: Annotated[str | None, ColumnOf("zoning")] = None,
    tolerance: Metres = 0.002,
    gaps: bool = True,
    area_basis: AreaBasis = "plane",
) -> PartitionCheck:
    """Find where a zoning does not tile its scope.

    Parameters
    ----------
    zoning : GeoDataFrame
        Polygons that should tile the scope; or lines or points that should lie in it and not on each other.
    scope : GeoDataFrame, optional
        The ground to be tiled; without it, gaps are holes enclosed by the zoning, and nothing lies outside.
    id_column : str, optional
        Column that names a record; the row label without it.
    tolerance : float
        A width: ground nowhere wider than this is a matter of drawing and no fault; lines and points may lie this far
        outside the scope, points this near to each other are the same.
    gaps : bool
        Whether the zoning must leave no gap.
    area_basis : {"plane", "ellipsoid"}
        How areas are measured.

    Returns
    -------
    faults : GeoDataFrame
        A row for each fault: `fault` (number), `code`, `feature_1`, `feature_2` (names; empty where there is none),
        `area_m2` (m²), `length_m` (m, of lines), `share_1`, `share_2` (of the features' area or length, 0–1),
        `geometry` (the ground, stretch or places concerned). Pairs stand in the order of the layer. Codes: `duplicate`
        (equal), `contained` (feature_1 lies wholly in feature_2), `overlap`; of lines also `self-crossing`, `crossing`
        (no node where they cross), `touch-inside` (one ends on the middle of the other); `gap`, `outside`.
    places : GeoDataFrame
        A Point in each fault: `fault`, `code`, `area_m2`.

    Raises
    ------
    EmptyLayer
        The zoning has no feature.
    WrongGeometry
        The zoning mixes points, lines and polygons, or holds arcs.
    UnsuitableCrs, InvalidGeometry, MissingColumn
        See `spacegov.checks`.

    Notes
    -----
    Overlaps are counted as pairs, so that a feature in a feature in a feature makes three, and a chain of three makes
    two; containment is found from areas, which a test for crossing borders would miss. A polygon is contained when
    what it has outside the other is nowhere wider than the tolerance. A line that touches the border of the scope from
    within lies inside. What is left out under the tolerance is counted and summed. The scope's area is balanced: zoning
    inside + gaps. Not split, since gaps need the whole zoning. A join of all pairs and a union of the zoning: about
    10,000 polygons a second.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> box = lambda *corners: shapely.box(*corners)
    >>> zoning = gpd.GeoDataFrame(geometry=[box(5e5, 0, 500_010, 10), box(500_008, 0, 500_015, 10)], crs="EPSG:4549")
    >>> scope = gpd.GeoDataFrame(geometry=[box(5e5, 0, 500_016, 10)], crs="EPSG:4549")
    >>> check_partition(zoning, scope).faults[["code", "feature_1", "feature_2", "area_m2"]].values.tolist()
    [['overlap', '0', '1', 20.0], ['gap', '', '', 10.0]]
    """
    shapes = shapes_of(zoning)
    if not len(shapes):
        raise EmptyLayer("zoning: the layer has no feature, at least one is needed; check the layer or its filter")
    dimensions = np.unique(shapely.get_dimensions(shapes))
    if len(dimensions) > 1:
        raise WrongGeometry("zoning: points, lines and polygons are mixed, one type is needed; split the layer by type")
    dimension = int(dimensions[0])
    ground = None if scope is None or not len(scope) else union_of(shapes_of(scope))
    if dimension == POLYGON:
        found = list(_polygon_faults(zoning, shapes, ground, tolerance, area_basis, gaps=gaps))
    else:
        pairs = line_faults(shapes, tolerance) if dimension == LINE else point_faults(shapes, tolerance)
        found = [*pairs, _beyond(shapes, ground, tolerance, dimension)]
    return _answer(zoning, shapes, found, record_names(zoning, id_column), dimension, area_basis)


def _polygon_faults(
    zoning: gpd.GeoDataFrame,
    shapes: Shapes,
    ground: Any,
    tolerance: float,
    area_basis: AreaBasis,
    *,
    gaps: bool,
) -> Iterator[PairFaults]:
    crs = zoning.crs
    first, second = overlapping_pairs(shapes, crs)
    shared = intersections(shapes[first], shapes[second])
    first, second, shared = _wide(first, second, shared, tolerance, "overlaps", crs, area_basis)
    progress(0.4, "overlaps")
    first_in = slivers(differences(shapes[first], shapes[second]), tolerance) | _covered(shapes, first, second)
    second_in = slivers(differences(shapes[second], shapes[first]), tolerance) | _covered(shapes, second, first)
    equal = first_in & second_in
    contained = first_in ^ second_in
    yield PairFaults("duplicate", first[equal], second[equal], shared[equal])
    inner = np.where(first_in, first, second)[contained]
    outer = np.where(first_in, second, first)[contained]
    yield PairFaults("contained", inner, outer, shared[contained])
    rest = ~first_in & ~second_in
    yield PairFaults("overlap", first[rest], second[rest], shared[rest])
    whole = union_of(shapes)
    progress(0.7, "union of the zoning")
    if gaps:
        holes = _gaps(whole, ground, crs, area_basis)
        none = np.full(len(holes), -1)
        yield PairFaults("gap", *_wide(none, none, holes, tolerance, "gaps", crs, area_basis))
    if ground is not None:
        shapely.prepare(ground)
        rows = np.flatnonzero(~shapely.covers(ground, shapes))
        beyond = differences(shapes[rows], np.full(len(rows), ground, dtype=object))
        none = np.full(len(rows), -1)
        yield PairFaults("outside", *_wide(rows, none, beyond, tolerance, "parts outside", crs, area_basis))


def _covered(shapes: Shapes, inner: Integers, outer: Integers) -> Any:
    return shapely.covers(shapes[outer], shapes[inner])


def _gaps(whole: Any, ground: Any, crs: Any, area_basis: AreaBasis) -> Shapes:
    """Give the ground of the scope that the zoning leaves free, one shape for each gap."""
    if ground is None:
        rings = shapely.get_rings(shapely.get_parts(whole))
        filled = np.asarray(shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(whole))), dtype=object)
        free = shapely.difference(shapely.union_all(filled), whole) if len(rings) > len(filled) else shapely.Polygon()
        return pieces(np.array([free], dtype=object))[0]
    both = np.array([ground, whole], dtype=object)
    free, beyond = differences(both, both[::-1])
    scope_area, whole_area, free_area, beyond_area = areas_of(
        np.array([ground, whole, free, beyond], dtype=object), crs, area_basis
    )
    balance(scope_area, [whole_area - beyond_area, free_area], what="area of the scope: zoning inside and gaps")
    return pieces(np.array([free], dtype=object))[0]


def _wide(
    first: Integers, second: Integers, shapes: Shapes, tolerance: float, what: str, crs: Any, area_basis: AreaBasis
) -> tuple[Integers, Integers, Shapes]:
    """Leave out ground that is nowhere wider than the tolerance, and say how much that is."""
    thin = slivers(shapes, tolerance) | (shapely.area(shapes) == 0)
    area = float(areas_of(shapes[thin], crs, area_basis).sum())
    dropped(int(thin.sum()), f"{what} nowhere wider than {tolerance:g} m", area_m2=area)
    return first[~thin], second[~thin], shapes[~thin]


def _beyond(shapes: Shapes, ground: Any, tolerance: float, dimension: int) -> PairFaults:
    """Find lines and points that leave the scope by more than the tolerance."""
    if ground is None:
        return PairFaults("outside", np.empty(0, np.int64), np.empty(0, np.int64), shapes[:0])
    room = shapely.buffer(ground, tolerance) if tolerance else ground
    shapely.prepare(room)
    rows = np.flatnonzero(~shapely.covers(room, shapes))
    out = np.asarray(shapely.difference(shapes[rows], room), dtype=object)
    rows, out = (rows[shapely.length(out) > 0], out[shapely.length(out) > 0]) if dimension == LINE else (rows, out)
    return PairFaults("outside", rows, np.full(len(rows), -1), out)


def _answer(
    zoning: gpd.GeoDataFrame,
    shapes: Shapes,
    found: list[PairFaults],
    names: Any,
    dimension: int,
    area_basis: AreaBasis,
) -> PartitionCheck:
    code = np.repeat([CODES.index(faults.code) for faults in found], [len(faults.first) for faults in found])
    first = np.concatenate([faults.first for faults in found]).astype(np.int64)
    second = np.concatenate([faults.second for faults in found]).astype(np.int64)
    geometry = np.concatenate([faults.shapes for faults in found])
    order = _order(code, first, second, geometry)
    code, first, second, geometry = code[order], first[order], second[order], geometry[order]
    words = np.asarray(CODES, dtype=object)[code]
    area = np.zeros(len(code))
    length = shapely.length(geometry) if dimension == LINE else np.zeros(len(code))
    size = shapely.length(shapes)
    if dimension == POLYGON:
        area = areas_of(geometry, zoning.crs, area_basis)
        size = areas_of(shapes, zoning.crs, area_basis)
    measure = area if dimension == POLYGON else length
    for name in CODES:
        figure(name.replace("-", "_"), int((words == name).sum()))
    for name in ("overlap", "gap", "outside"):
        kinds = ("duplicate", "contained", "overlap") if name == "overlap" else (name,)
        figure(f"{name}_m2", float(area[np.isin(words, kinds)].sum()))
    faults = answer_frame(
        {
            "fault": (np.arange(1, len(code) + 1), "int64"),
            "code": (words, "str"),
            "feature_1": (_named(names, first), "str"),
            "feature_2": (_named(names, second), "str"),
            "area_m2": (area, "float64"),
            "length_m": (length, "float64"),
            "share_1": (_shares(measure, size, first), "float64"),
            "share_2": (_shares(measure, size, second), "float64"),
        },
        geometry,
        zoning.crs,
    )
    points = shapely.point_on_surface(geometry) if len(geometry) else geometry
    places = faults[["fault", "code", "area_m2"]].set_geometry(gpd.GeoSeries(points, crs=zoning.crs))
    return PartitionCheck(faults, places)


def _order(code: Integers, first: Integers, second: Integers, geometry: Shapes) -> Integers:
    """Sort by kind, then record, then place, so that the answer does not depend on how it was found."""
    bounds = shapely.bounds(geometry)
    return np.lexsort((bounds[:, 1], bounds[:, 0], second, first, code))


def _named(names: Any, rows: Integers) -> list[str]:
    return ["" if row < 0 else str(names[row]) for row in rows]


def _shares(measure: Any, size: Any, rows: Integers) -> Any:
    whole = np.where(rows >= 0, size[rows], np.nan)
    return np.divide(measure, whole, out=np.full(len(rows), np.nan), where=whole > 0).clip(max=1.0)
