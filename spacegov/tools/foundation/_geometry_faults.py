"""Faults of geometry, found feature by feature in passes over all vertices."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import shapely

from spacegov.ledger import doubt
from spacegov.tools.foundation._mending import mend_shapes
from spacegov.tools.foundation._shapes import LINE, POINT, POLYGON, Booleans, Floats, Integers, Shapes

Allowed: TypeAlias = Literal["any", "points", "lines", "polygons"]

# What GEOS says of an invalid polygon → our code.
_REASONS = {
    "Self-intersection": "self-intersection",
    "Ring Self-intersection": "ring-self-intersection",
    "Nested shells": "nested-parts",
    "Nested holes": "nested-holes",
    "Hole lies outside shell": "hole-outside",
    "Holes are nested": "nested-holes",
    "Interior is disconnected": "disconnected-interior",
    "Duplicate Rings": "duplicate-rings",
    "Too few points in geometry component": "too-few-points",
    "Invalid Coordinate": "invalid-coordinate",
}
MENDS = {
    "missing-geometry": "digitise the feature again or delete the record; an unclosed ring is read as missing",
    "empty-geometry": "digitise the feature again or delete the record",
    "invalid-coordinate": "replace the coordinates that are not numbers",
    "self-intersection": "split or untwist the ring at the crossing (repair=True)",
    "ring-self-intersection": "split the ring where it touches itself (repair=True)",
    "overlapping-parts": "merge the parts, or store them as features of their own (repair=True)",
    "nested-parts": "remove the part that lies inside another, or make it a hole (repair=True)",
    "nested-holes": "join the nested holes (repair=True)",
    "hole-outside": "move the hole into its polygon or delete it (repair=True)",
    "disconnected-interior": "split the polygon into its parts (repair=True)",
    "duplicate-rings": "delete the ring that is there twice (repair=True)",
    "too-few-points": "delete the part, it has no area (repair=True)",
    "unclosed-ring": "join the last vertex to the first if the line is the border of an area",
    "invalid": "repair the polygon (repair=True)",
    "zero-area": "delete the feature, it covers nothing (repair=True)",
    "zero-length": "delete the feature, it leads nowhere (repair=True)",
    "mixed-type": "move the features of another type to their own layer",
    "duplicate-points": "delete the repeated vertices (repair=True)",
    "spike": "look at the vertex and delete it if no such point exists on the ground",
    "z-values": "drop the heights (repair=True), or allow them with allow_z",
    "too-many-vertices": "cut the feature, or simplify it along shared borders",
}
ERRORS = frozenset(
    {
        *(code for code in _REASONS.values()),
        "overlapping-parts",
        "invalid",
        "missing-geometry",
        "empty-geometry",
        "zero-area",
        "zero-length",
        "mixed-type",
    }
)
_FAMILY = {"points": POINT, "lines": LINE, "polygons": POLYGON}
_METRES_PER_DEGREE = 111_320.0


class Faults(NamedTuple):
    """Features with one kind of fault."""

    rows: Integers
    code: str
    counts: Integers
    places: Shapes
    notes: list[str]


def find_faults(
    shapes: Shapes,
    *,
    geometry: Allowed,
    allow_z: bool,
    point_tolerance: float,
    closing_tolerance: float,
    spike_angle: float,
    max_vertices: int,
) -> Iterator[Faults]:
    missing = shapely.is_missing(shapes)
    yield _simple(missing, "missing-geometry", shapes, "no geometry is stored")
    empty = ~missing & shapely.is_empty(shapes)
    yield _simple(empty, "empty-geometry", shapes, "the geometry has no vertex")
    there = ~missing & ~empty
    dimension = shapely.get_dimensions(shapes)
    yield from _type_faults(shapes, there, dimension, geometry)
    if not allow_z:
        yield _simple(
            there & (shapely.has_z(shapes) | shapely.has_m(shapes)), "z-values", shapes, "heights or measures"
        )
    valid = shapely.is_valid(shapes)
    finite = there & np.isfinite(shapely.bounds(shapes)).all(axis=1)
    void = finite & (dimension == POLYGON) & (shapely.area(shapes) == 0)
    # A ring twisted into two equal halves has a sum of 0 and yet covers ground; one folded flat covers none.
    twisted = np.flatnonzero(void & ~valid)
    void[twisted] = shapely.area(mend_shapes(shapes[twisted])) == 0
    broken = [fault for fault in _validity_faults(shapes, there & ~valid) if _explains(fault, void)]
    yield from broken
    void[[fault.rows[0] for fault in broken]] = False
    yield _simple(void, "zero-area", shapes, "its area is 0")
    flat = finite & valid & (dimension == LINE) & (shapely.length(shapes) == 0)
    yield _simple(flat, "zero-length", shapes, "its length is 0")
    counts = shapely.get_num_coordinates(shapes)
    for row in np.flatnonzero(there & (counts > max_vertices)):
        note = [f"{counts[row]} vertices, more than {max_vertices}"]
        yield Faults(np.array([row]), "too-many-vertices", counts[[row]], _first_places(shapes[[row]]), note)
    yield from _unclosed_lines(shapes, finite & (dimension == LINE), closing_tolerance)
    # What has collapsed to a stroke or a dot is named already; its vertices say nothing more.
    collapsed = void.copy()
    collapsed[[fault.rows[0] for fault in broken if fault.code == "too-few-points"]] = True
    yield from _vertex_faults(shapes, finite & ~collapsed & (dimension > POINT), point_tolerance, spike_angle)


def _simple(where: Booleans, code: str, shapes: Shapes, note: str) -> Faults:
    rows = np.flatnonzero(where)
    return Faults(rows, code, np.ones(len(rows), np.int64), _first_places(shapes[rows]), [note] * len(rows))


def _first_places(shapes: Shapes) -> Shapes:
    """Give the first vertex of every shape that has one with finite coordinates."""
    places = np.full(len(shapes), None, dtype=object)
    coordinates, rows = shapely.get_coordinates(shapes, return_index=True)
    finite = np.isfinite(coordinates).all(axis=1)
    rows, first = np.unique(rows[finite], return_index=True)
    places[rows] = shapely.points(coordinates[finite][first])
    return places


def _type_faults(shapes: Shapes, there: Booleans, dimension: Integers, geometry: Allowed) -> Iterator[Faults]:
    collection = shapely.get_type_id(shapes) == shapely.GeometryType.GEOMETRYCOLLECTION
    yield _simple(there & collection, "mixed-type", shapes, "several types in one feature")
    single = there & ~collection
    if geometry == "any":
        kinds = np.unique(dimension[single])
        if len(kinds) > 1:
            names = [name for name, value in _FAMILY.items() if value in kinds]
            doubt(f"the layer holds {' and '.join(names)} together; state its type with geometry=…", "layer")
        return
    wrong = single & (dimension != _FAMILY[geometry])
    rows = np.flatnonzero(wrong)
    notes = [f"{shape.geom_type} in a layer of {geometry}" for shape in shapes[rows]]
    yield Faults(rows, "mixed-type", np.ones(len(rows), np.int64), _first_places(shapes[rows]), notes)


def _validity_faults(shapes: Shapes, broken: Booleans) -> Iterator[Faults]:
    rows = np.flatnonzero(broken)
    reasons = shapely.is_valid_reason(shapes[rows])
    for row, reason in zip(rows, reasons, strict=True):
        words, _, place = str(reason).partition("[")
        x, _, y = place.rstrip("]").partition(" ")
        at = shapely.Point(float(x), float(y)) if y and math.isfinite(float(x) + float(y)) else None
        code = _REASONS.get(words.strip(), "invalid")
        if code == "self-intersection" and shapely.is_valid(shapely.get_parts(shapes[row])).all():
            code = "overlapping-parts"
        yield Faults(np.array([row]), code, np.ones(1, np.int64), np.array([at], dtype=object), [words.strip()])


def _explains(fault: Faults, void: Booleans) -> bool:
    """Tell whether a validity fault says more of a polygon without area than that it has none."""
    return fault.code in {"too-few-points", "invalid-coordinate"} or not void[fault.rows[0]]


def _unclosed_lines(shapes: Shapes, lines: Booleans, tolerance: float) -> Iterator[Faults]:
    rows = np.flatnonzero(lines)
    parts, owner = shapely.get_parts(shapes[rows], return_index=True)
    start, end = shapely.get_point(parts, 0), shapely.get_point(parts, -1)
    gap = shapely.distance(start, end)
    bad = (shapely.get_num_points(parts) >= 4) & (gap > 0) & (gap <= tolerance)
    for part in np.flatnonzero(bad):
        yield Faults(
            rows[owner[[part]]],
            "unclosed-ring",
            np.ones(1, np.int64),
            start[[part]],
            [f"its ends lie {gap[part]:.3g} apart"],
        )


def _vertex_faults(shapes: Shapes, where: Booleans, tolerance: float, spike_angle: float) -> Iterator[Faults]:
    """Find repeated vertices and spikes, in one pass over the vertices of all rings and lines."""
    features = np.flatnonzero(where)
    paths, owner = _paths(shapes[features])
    coordinates, path = shapely.get_coordinates(paths, return_index=True)
    if len(coordinates) < 2:
        return
    closed = shapely.is_closed(paths)
    same_path = path[1:] == path[:-1]
    near = np.hypot(*(coordinates[1:] - coordinates[:-1]).T) <= tolerance
    # Two vertices at the two ends of a ring are one vertex by definition, those between are repeats.
    repeated = np.flatnonzero(same_path & near) + 1
    yield from _by_feature(repeated, "duplicate-points", coordinates, features[owner[path]], "vertices repeat")
    keep = np.ones(len(coordinates), bool)
    keep[repeated] = False
    coordinates, path = coordinates[keep], path[keep]
    spikes, degrees = _spikes(coordinates, path, closed, spike_angle)
    yield from _by_feature(
        spikes,
        "spike",
        coordinates,
        features[owner[path]],
        "edges meet at {:.3g}°",
        dict(zip(spikes, degrees, strict=True)),
    )


def _paths(shapes: Shapes) -> tuple[Shapes, Integers]:
    """Split into rings and lines, with the row each came from."""
    parts, rows = shapely.get_parts(shapes, return_index=True)
    while (shapely.get_type_id(parts) == shapely.GeometryType.GEOMETRYCOLLECTION).any():
        inner, of = shapely.get_parts(parts, return_index=True)
        parts, rows = inner, rows[of]
    parts, of = shapely.get_parts(parts, return_index=True)
    rows = rows[of]
    polygon = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    rings, of = shapely.get_rings(parts[polygon], return_index=True)
    line = shapely.get_dimensions(parts) == LINE
    paths = np.concatenate([rings, parts[line]])
    owners = np.concatenate([rows[polygon][of], rows[line]]).astype(np.int64)
    order = np.argsort(owners, kind="stable")
    return paths[order], owners[order]


def _spikes(coordinates: Floats, path: Integers, closed: Booleans, limit: float) -> tuple[Integers, Floats]:
    """Give the vertices whose two edges meet at less than `limit` degrees, and the angle."""
    if len(coordinates) < 3:
        return np.zeros(0, np.int64), np.zeros(0)
    first = np.flatnonzero(np.r_[True, path[1:] != path[:-1]])
    last = np.r_[first[1:] - 1, len(path) - 1]
    before = np.arange(len(path)) - 1
    after = np.arange(len(path)) + 1
    inner = np.ones(len(path), bool)
    inner[first], inner[last] = False, False
    # A closed path's first vertex stands between the second and the last but one.
    ring = closed[path[first]] & (last - first >= 3)
    inner[first[ring]] = True
    before[first[ring]] = last[ring] - 1
    middle = np.flatnonzero(inner)
    back = coordinates[before[middle]] - coordinates[middle]
    ahead = coordinates[after[middle]] - coordinates[middle]
    cross = np.abs(back[:, 0] * ahead[:, 1] - back[:, 1] * ahead[:, 0])
    angle = np.degrees(np.arctan2(cross, (back * ahead).sum(axis=1)))
    sharp = angle < limit
    return middle[sharp], angle[sharp]


def _by_feature(
    vertices: Integers,
    code: str,
    coordinates: Floats,
    feature: Integers,
    note: str,
    values: dict[Any, Any] | None = None,
) -> Iterator[Faults]:
    """Count the vertices at fault by feature, the first being the place."""
    rows, first, counts = np.unique(feature[vertices], return_index=True, return_counts=True)
    places = np.asarray(shapely.points(coordinates[vertices[first]]), dtype=object).reshape(-1)
    notes = [note.format(values[vertex]) if values else note for vertex in vertices[first]]
    yield Faults(np.asarray(rows, np.int64), code, counts.astype(np.int64), places, notes)
