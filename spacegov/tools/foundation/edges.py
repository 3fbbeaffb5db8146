"""Whether neighbouring layers meet at their shared border."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from spacegov.checks import checked
from spacegov.errors import BadInput, WrongGeometry
from spacegov.kinds import AreaBasis, ColumnOf, Features, Metres
from spacegov.ledger import figure
from spacegov.tools.foundation._records import answer_frame, record_names
from spacegov.tools.foundation._seam import Ends, Found, class_breaks, ends_at, gaps, match_ends, overlaps
from spacegov.tools.foundation._shapes import LINE, POLYGON, Integers, Shapes
from spacegov.tools.overlay import areas_of, shapes_of
from spacegov.tools.values import texts_of

_SIDES = ("left", "right")
CODES = ("overlap", "gap", "class-break", "offset", "broken")


class EdgeMatch(NamedTuple):
    """What does not meet, and how it could be joined."""

    faults: gpd.GeoDataFrame
    joins: gpd.GeoDataFrame


@checked(partition=None)
def match_edges(
    left: Features,
    right: Features,
    border: Features | None = None,
    *,
    class_column: Annotated[str | None, ColumnOf(("left", "right"))] = None,
    search: Metres = 5.0,
    tolerance: Metres = 0.002,
    min_length: Metres = 1.0,
    id_column: Annotated[str | None, ColumnOf(("left", "right"))] = None,
    area_basis: AreaBasis = "plane",
) -> EdgeMatch:
    """Find gaps, overlaps, class breaks and broken lines along the border of two neighbouring layers.

    Parameters
    ----------
    left, right : GeoDataFrame
        Two neighbours, both of polygons or both of lines.
    border : GeoDataFrame, optional
        The shared border, as a line or as the neighbouring units; needed for lines.
    class_column : str, optional
        Column of the classes; without it nothing is a class break.
    search : float
        How wide a gap between polygons may be, and how far apart the ends of one line may lie.
    tolerance : float
        Ground nowhere wider than this, and ends nearer than this, meet.
    min_length : float
        Shortest stretch of border on which a class break is told.
    id_column : str, optional
        Column that names a record; the layer's own key or the row label without it.
    area_basis : {"plane", "ellipsoid"}
        How areas are measured.

    Returns
    -------
    faults : GeoDataFrame
        A row for each fault, by kind, then names: `fault` (number), `code` (`overlap`, `gap`, `class-break`; of lines
        `offset`: both ends are there and lie apart, `broken`: the line ends at the border and the other side has none,
        `class-break`), `feature_left`, `feature_right` (names; empty where there is none), `class_left`, `class_right`,
        `area_m2` (m²), `length_m` (m of border, or of the way between two ends), `geometry`.
    joins : GeoDataFrame
        A proposal for each fault that has one: `fault`, `action` (`fill`: give the gap to the feature with the longest
        shared border; `cut`: take the overlap off the smaller claim; `join-ends`: move both ends to the point in the
        middle), `side` (`left`, `right`, `both`), `feature`, `length_m` (m that a vertex moves), `geometry`.

    Raises
    ------
    BadInput
        Lines were given without a border.
    WrongGeometry
        The two layers are not of one type, or are points.

    Notes
    -----
    A gap is ground that closing the union of both sides by half of the search distance would fill, and that touches
    both. Ends are matched one to one, those of the same class first, then the nearest. Proposals are for people to
    decide. Not split, since ends are matched along the whole border. Only what lies near the other side is looked at.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> line = lambda *points: shapely.LineString([(5e5 + x, 3e6 + y) for x, y in points])
    >>> west = gpd.GeoDataFrame({"name": ["G1"]}, geometry=[line((0, 0), (100, 0))], crs=4549)
    >>> east = gpd.GeoDataFrame({"name": ["G1"]}, geometry=[line((100, 3), (200, 3))], crs=4549)
    >>> border = gpd.GeoDataFrame(geometry=[line((100, -50), (100, 50))], crs=4549)
    >>> answer = match_edges(west, east, border)
    >>> answer.faults[["code", "length_m"]].values.tolist(), str(answer.joins.geometry[0])
    ([['offset', 3.0]], 'LINESTRING (500100 3000000, 500100 3000001.5, 500100 3000003)')
    """
    sides = (shapes_of(left), shapes_of(right))
    dimension = _one_type(sides)
    classes = (_classes(left, class_column), _classes(right, class_column))
    if dimension == POLYGON:
        found = [
            overlaps(*sides, left.crs, tolerance),
            gaps(*sides, search, tolerance),
            class_breaks(*sides, classes, tolerance, min_length),
        ]
    else:
        found = _line_faults(sides, classes, _border_line(border), search, tolerance)
    names = (record_names(left, id_column), record_names(right, id_column))
    faults, rows = _faults(found, names, classes, left.crs, area_basis)
    for code in CODES:
        figure(code.replace("-", "_"), int((faults["code"] == code).sum()))
        if code in ("overlap", "gap"):
            figure(f"{code}_m2", float(faults.loc[faults["code"] == code, "area_m2"].sum()))
    return EdgeMatch(faults, _joins(faults, rows, sides))


def _one_type(sides: tuple[Shapes, Shapes]) -> int:
    dimensions = set(shapely.get_dimensions(np.concatenate(sides)).tolist())
    if len(dimensions) > 1 or 0 in dimensions:
        raise WrongGeometry(
            "left and right: two layers of polygons or two of lines are needed; split them by type, or give others"
        )
    return dimensions.pop() if dimensions else POLYGON


def _classes(frame: gpd.GeoDataFrame, column: str | None) -> Any:
    if column is None:
        return np.full(len(frame), "", dtype=object)
    return np.array(["" if word is None else word for word in texts_of(frame[column])], dtype=object)


def _border_line(border: gpd.GeoDataFrame | None) -> Any:
    if border is None or not len(border):
        raise BadInput("border: lines were given, the shared border is needed to tell where they end; give border=…")
    shapes = shapes_of(border)
    if len(shapes) > 1 and (shapely.get_dimensions(shapes) == POLYGON).all():
        # Of neighbouring units only what two of them share is a border between layers.
        first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
        first, second = first[first < second], second[first < second]
        lines = shapely.intersection(shapely.boundary(shapes[first]), shapely.boundary(shapes[second]))
    else:
        lines = np.where(shapely.get_dimensions(shapes) == POLYGON, shapely.boundary(shapes), shapes)
    whole = shapely.union_all(lines)
    if shapely.is_empty(whole):
        raise BadInput("border: the units given share no border; give neighbouring units, or the border as a line")
    shapely.prepare(whole)
    return whole


def _line_faults(
    sides: tuple[Shapes, Shapes], classes: tuple[Any, Any], border: Any, search: float, tolerance: float
) -> list[Found]:
    ends = [ends_at(lines, border, search, tolerance) for lines in sides]
    first, second, distance = match_ends(ends[0], ends[1], classes, search)
    ways = _ways(ends[0], ends[1], first, second)
    apart = distance > tolerance
    rows = (ends[0].row[first], ends[1].row[second])
    differ = classes[0][rows[0]] != classes[1][rows[1]]
    found = [
        Found("offset", rows[0][apart], rows[1][apart], distance[apart], ways[apart]),
        Found("class-break", rows[0][differ], rows[1][differ], distance[differ], ways[differ]),
    ]
    for side, matched in ((0, first), (1, second)):
        alone = np.setdiff1d(np.arange(len(ends[side].row)), matched)
        alone = alone[~_continued(ends[side], alone, sides[1 - side], tolerance)]
        none = np.full(len(alone), -1, dtype=np.int64)
        own = ends[side].row[alone]
        pair = (own, none) if side == 0 else (none, own)
        found.append(Found("broken", pair[0], pair[1], np.zeros(len(alone)), ends[side].place[alone]))
    return found


def _continued(ends: Ends, which: Integers, others: Shapes, tolerance: float) -> Any:
    """Tell which ends lie on a line of the other side, which carries on there without an end of its own."""
    if not len(which) or not len(others):
        return np.zeros(len(which), bool)
    end, _ = shapely.STRtree(others).query(ends.place[which], predicate="dwithin", distance=max(tolerance, 1e-9))
    return np.isin(np.arange(len(which)), end)


def _ways(left: Ends, right: Ends, first: Integers, second: Integers) -> Shapes:
    """Draw from end to end, over the point in the middle."""
    a, b = shapely.get_coordinates(left.place[first]), shapely.get_coordinates(right.place[second])
    return np.asarray(shapely.linestrings(np.stack([a, (a + b) / 2, b], axis=1)), dtype=object).reshape(-1)


def _faults(
    found: list[Found], names: tuple[Any, Any], classes: tuple[Any, Any], crs: Any, area_basis: AreaBasis
) -> tuple[gpd.GeoDataFrame, tuple[Integers, Integers]]:
    code = np.repeat([CODES.index(each.code) for each in found], [len(each.left) for each in found])
    left = np.concatenate([each.left for each in found]).astype(np.int64)
    right = np.concatenate([each.right for each in found]).astype(np.int64)
    shapes = np.concatenate([each.shapes for each in found])
    distance = np.concatenate([each.distance for each in found])
    words = [np.asarray(_at(name, rows), dtype=str) for name, rows in zip(names, (left, right), strict=True)]
    bounds = shapely.bounds(shapes)
    order = np.lexsort((bounds[:, 1], bounds[:, 0], words[1], words[0], code))
    polygon = shapely.get_dimensions(shapes) == POLYGON
    area = np.zeros(len(shapes))
    area[polygon] = areas_of(shapes[polygon], crs, area_basis)
    length = np.where(shapely.get_dimensions(shapes) == LINE, shapely.length(shapes), distance)
    frame = answer_frame(
        {
            "fault": (np.arange(1, len(order) + 1), "int64"),
            "code": (np.asarray(CODES, dtype=object)[code[order]], "str"),
            "feature_left": (words[0][order], "str"),
            "feature_right": (words[1][order], "str"),
            "class_left": (_at(classes[0], left[order]), "str"),
            "class_right": (_at(classes[1], right[order]), "str"),
            "area_m2": (area[order], "float64"),
            "length_m": (length[order], "float64"),
        },
        shapes[order],
        crs,
    )
    return frame, (left[order], right[order])


def _at(values: Any, rows: Integers) -> list[str]:
    return ["" if row < 0 else str(values[row]) for row in rows]


def _joins(faults: gpd.GeoDataFrame, rows: tuple[Integers, Integers], sides: tuple[Shapes, Shapes]) -> gpd.GeoDataFrame:
    found: list[tuple[int, str, str, str, float, Any]] = []
    for number, fault in enumerate(faults.itertuples(index=False)):
        pair = [shapes[row[number]] if row[number] >= 0 else None for shapes, row in zip(sides, rows, strict=True)]
        names = (fault.feature_left, fault.feature_right)
        if fault.code == "offset":
            found.append((fault.fault, "join-ends", "both", "", fault.length_m / 2, fault.geometry))
        elif fault.code == "gap":
            side = int(np.argmax([_shared(fault.geometry, shape) for shape in pair]))
            found.append((fault.fault, "fill", _SIDES[side], names[side], 0.0, fault.geometry))
        elif fault.code == "overlap":
            side = 0 if shapely.area(pair[0]) < shapely.area(pair[1]) else 1
            found.append((fault.fault, "cut", _SIDES[side], names[side], 0.0, fault.geometry))
    columns = ("fault", "action", "side", "feature", "length_m")
    kinds = {"fault": "int64", "length_m": "float64"}
    return answer_frame(
        {name: ([row[place] for row in found], kinds.get(name, "str")) for place, name in enumerate(columns)},
        [row[-1] for row in found],
        faults.crs,
    )


def _shared(gap: Any, shape: Any) -> float:
    """Measure the border between a gap and a feature."""
    if shape is None:
        return 0.0
    return float(shapely.length(shapely.intersection(shapely.boundary(gap), shapely.buffer(shape, 1e-3))))
