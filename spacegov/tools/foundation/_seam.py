"""The seam between two neighbouring layers: ground, classes and line ends on both sides."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import shapely

from spacegov.tools.foundation._overlaps import shared_areas
from spacegov.tools.foundation._shapes import LINE, Floats, Integers, Shapes, parts_of_dimension, pieces
from spacegov.tools.overlay import intersections, polygons_only, slivers


class Found(NamedTuple):
    """Faults of one kind; features are -1 where one side has none."""

    code: str
    left: Integers
    right: Integers
    distance: Floats
    shapes: Shapes


def _none(count: int) -> Integers:
    return np.full(count, -1, dtype=np.int64)


def near_rows(left: Shapes, right: Shapes, reach: float) -> tuple[Integers, Integers]:
    """Give the rows of either side within reach of the other."""
    first, second = shapely.STRtree(right).query(left, predicate="dwithin", distance=reach)
    return np.unique(first).astype(np.int64), np.unique(second).astype(np.int64)


def overlaps(left: Shapes, right: Shapes, crs: Any, tolerance: float) -> Found:
    """Find ground that both sides claim."""
    first, second, _ = shared_areas(left, right, crs, "plane")
    shared = intersections(left[first], right[second])
    wide = ~slivers(shared, tolerance)
    return Found("overlap", first[wide], second[wide], np.zeros(int(wide.sum())), shared[wide])


def gaps(left: Shapes, right: Shapes, reach: float, tolerance: float) -> Found:
    """Find strips no wider than the reach that lie between both sides and belong to none."""
    near_left, near_right = near_rows(left, right, reach)
    sides = [shapely.union_all(left[near_left]), shapely.union_all(right[near_right])]
    whole = shapely.union_all(sides)
    closed = shapely.buffer(shapely.buffer(whole, reach / 2, join_style="mitre"), -reach / 2, join_style="mitre")
    free, _ = pieces(polygons_only(np.array([shapely.difference(closed, whole)], dtype=object)))
    free = free[~slivers(free, tolerance)]
    touch = max(tolerance, 1e-6)
    between = shapely.dwithin(free, sides[0], touch) & shapely.dwithin(free, sides[1], touch)
    free = free[between]
    return Found("gap", _neighbour(free, left, touch), _neighbour(free, right, touch), np.zeros(len(free)), free)


def _neighbour(shapes: Shapes, side: Shapes, touch: float) -> Integers:
    """Give for each shape the feature of one side with the longest shared border."""
    row, other = shapely.STRtree(side).query(shapes, predicate="dwithin", distance=touch)
    length = shapely.length(shapely.intersection(shapely.boundary(shapes[row]), shapely.buffer(side[other], touch)))
    best = _none(len(shapes))
    order = np.lexsort((other, -np.round(length, 6), row))
    first = np.r_[True, row[order][1:] != row[order][:-1]] if len(order) else np.zeros(0, bool)
    best[row[order][first]] = other[order][first]
    return best


def class_breaks(left: Shapes, right: Shapes, classes: tuple[Any, Any], tolerance: float, least: float) -> Found:
    """Find stretches of the shared border where the classes of both sides differ."""
    touch = max(tolerance, 1e-6)
    second, first = shapely.STRtree(left).query(right, predicate="dwithin", distance=touch)
    differ = classes[0][first] != classes[1][second]
    first, second = first[differ], second[differ]
    along = shapely.intersection(shapely.boundary(left[first]), shapely.buffer(right[second], touch))
    along = parts_of_dimension(shapely.line_merge(parts_of_dimension(along, LINE)), LINE)
    long = shapely.length(along) > max(least, 8 * touch)
    return Found("class-break", first[long], second[long], np.zeros(int(long.sum())), along[long])


class Ends(NamedTuple):
    """Ends of lines near the border: row of the line and place."""

    row: Integers
    place: Shapes


def ends_at(lines: Shapes, border: Any, reach: float, tolerance: float) -> Ends:
    """Give the ends of lines within reach of the border, one for each place.

    Where two lines of the layer meet short of the border, the one carries the other on and neither ends there; where
    they meet on the border, they reach it together.
    """
    parts, row = shapely.get_parts(lines, return_index=True)
    places = np.concatenate([shapely.get_point(parts, 0), shapely.get_point(parts, -1)])
    rows = np.concatenate([row, row])
    at_border = np.tile(~shapely.is_closed(parts), 2) & shapely.dwithin(places, border, reach)
    places, rows = places[at_border], rows[at_border]
    order = np.lexsort((shapely.get_y(places), shapely.get_x(places), rows))
    places, rows = places[order], rows[order]
    _, first, where, count = np.unique(
        shapely.get_coordinates(places), axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    alone = count[where.ravel()] == 1
    keep = alone | shapely.dwithin(places, border, max(tolerance, 1e-9))
    keep &= np.isin(np.arange(len(rows)), first)
    return Ends(rows[keep].astype(np.int64), places[keep])


def match_ends(left: Ends, right: Ends, classes: tuple[Any, Any], reach: float) -> tuple[Integers, Integers, Floats]:
    """Match ends of both sides, each with one, the nearest of the same class first.

    Returns
    -------
    left, right : arrays of int
        Positions in the ends.
    distance : array of float
    """
    if not len(left.place) or not len(right.place):
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    first, second = shapely.STRtree(right.place).query(left.place, predicate="dwithin", distance=reach)
    distance = shapely.distance(left.place[first], right.place[second])
    other_class = classes[0][left.row[first]] != classes[1][right.row[second]]
    order = np.lexsort((second, first, np.round(distance, 6), other_class))
    taken_left, taken_right, chosen = set(), set(), []
    for position in order.tolist():
        a, b = int(first[position]), int(second[position])
        if a not in taken_left and b not in taken_right:
            taken_left.add(a)
            taken_right.add(b)
            chosen.append(position)
    picked = np.array(sorted(chosen), dtype=np.int64)
    return first[picked].astype(np.int64), second[picked].astype(np.int64), distance[picked]
