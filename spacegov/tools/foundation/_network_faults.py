"""Faults between lines, and between points, of one layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import shapely

from spacegov.tools.foundation._shapes import LINE, POINT, Integers, Shapes, parts_of_dimension


class PairFaults(NamedTuple):
    """Pairs of features (first < second, -1 where there is one only) with one kind of fault."""

    code: str
    first: Integers
    second: Integers
    shapes: Shapes


def line_faults(lines: Shapes, tolerance: float) -> Iterator[PairFaults]:
    """Find lines that run on each other, cross without a node, end on another's middle, or cross themselves."""
    alone = np.flatnonzero(~shapely.is_simple(lines))
    knots = [_knots(line) for line in lines[alone]]
    yield PairFaults("self-crossing", alone, np.full(len(alone), -1), _array(knots))
    first, second = shapely.STRtree(lines).query(lines, predicate="intersects")
    once = first < second
    first, second = first[once], second[once]
    order = np.lexsort((second, first))
    first, second = first[order], second[order]
    shared = np.asarray(shapely.intersection(lines[first], lines[second]), dtype=object)
    along = parts_of_dimension(shared, LINE)
    runs = shapely.length(along) > tolerance
    equal = runs & shapely.equals(lines[first], lines[second])
    one_in_other = shapely.covers(lines[first], lines[second]) | shapely.covers(lines[second], lines[first])
    contained = runs & ~equal & one_in_other
    for code, where in (("duplicate", equal), ("contained", contained), ("overlap", runs & ~equal & ~contained)):
        yield PairFaults(code, first[where], second[where], along[where])
    points = parts_of_dimension(shared, POINT)
    yield from _meetings(lines, first, second, points, tolerance)


def _meetings(
    lines: Shapes, first: Integers, second: Integers, points: Shapes, tolerance: float
) -> Iterator[PairFaults]:
    """Tell the points where lines meet by how many end there: both, a node; one, a touch; none, a crossing."""
    place, pair = shapely.get_parts(points, return_index=True)
    ends = _ends(lines)
    at_first = shapely.dwithin(place, ends[first[pair]], tolerance)
    at_second = shapely.dwithin(place, ends[second[pair]], tolerance)
    for code, where in (("touch-inside", at_first ^ at_second), ("crossing", ~at_first & ~at_second)):
        pairs = np.unique(pair[where])
        places = [shapely.multipoints(place[where & (pair == number)]) for number in pairs]
        yield PairFaults(code, first[pairs], second[pairs], _array(places))


def _ends(lines: Shapes) -> Shapes:
    """Give the ends of all parts of every line; a closed ring ends where it begins."""
    parts, row = shapely.get_parts(lines, return_index=True)
    ends = np.concatenate([shapely.get_point(parts, 0), shapely.get_point(parts, -1)])
    rows = np.concatenate([row, row])
    order = np.argsort(rows, kind="stable")
    return np.asarray(shapely.multipoints(ends[order], indices=rows[order]), dtype=object)


def _knots(line: Any) -> Any:
    """Give the places where a line meets itself."""
    noded = shapely.get_parts(shapely.node(line))
    ends = shapely.get_coordinates(np.concatenate([shapely.get_point(noded, 0), shapely.get_point(noded, -1)]))
    places, count = np.unique(ends, axis=0, return_counts=True)
    met = places[count > 2]
    return shapely.multipoints(met) if len(met) else shapely.Point(shapely.get_coordinates(line)[0])


def point_faults(points: Shapes, tolerance: float) -> Iterator[PairFaults]:
    """Find points that lie on each other."""
    first, second = shapely.STRtree(points).query(points, predicate="dwithin", distance=tolerance)
    once = first < second
    order = np.lexsort((second[once], first[once]))
    first, second = first[once][order], second[once][order]
    yield PairFaults("duplicate", first, second, points[first])


def _array(shapes: list[Any]) -> Shapes:
    made = np.empty(len(shapes), dtype=object)
    made[:] = shapes
    return made
