"""Large polygons in small pieces, so that a place in them is found without reading all of their border."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_VERTICES = 512
_SAME_AREA = 1e-9


def split(shape: Any, limit: int = MOST_VERTICES) -> list[Any]:
    """Cut a polygon by halving its box until no piece has more than `limit` vertices.

    Parameters
    ----------
    shape : Polygon or MultiPolygon
        Valid.
    limit : int
        Vertices of a piece.

    Returns
    -------
    list of polygons
        Together the same ground, without overlap; the shape itself where cutting would change its area.

    Examples
    --------
    >>> import shapely
    >>> disc = shapely.Point(0, 0).buffer(100, quad_segs=500)
    >>> pieces = split(disc)
    >>> len(pieces) > 1, abs(sum(piece.area for piece in pieces) / disc.area - 1) < 1e-12
    (True, True)
    """
    import shapely

    # A broken polygon, which a layer may hold with a mark, has no pieces that could be told apart.
    if shapely.get_num_coordinates(shape) <= limit or not shape.is_valid:
        return [shape]
    done: list[Any] = []
    waiting = [(shape, shape.bounds)]
    while waiting:
        part, (west, south, east, north) = waiting.pop()
        before = shapely.get_num_coordinates(part)
        if east - west >= north - south:
            middle = (west + east) / 2
            halves = [(west, south, middle, north), (middle, south, east, north)]
        else:
            middle = (south + north) / 2
            halves = [(west, south, east, middle), (west, middle, east, north)]
        for box in halves:
            inside = _polygons(shapely.clip_by_rect(part, *box))
            if inside.is_empty:
                continue
            count = shapely.get_num_coordinates(inside)
            if count <= limit or count >= before:
                done.append(inside if inside.is_valid else _polygons(shapely.intersection(shape, shapely.box(*box))))
            else:
                waiting.append((inside, box))
    total = sum(piece.area for piece in done)
    return done if abs(total - shape.area) <= _SAME_AREA * shape.area else [shape]


def _polygons(shape: Any) -> Any:
    """Leave out the strokes and dots that remain where a border only touches the cut."""
    import shapely

    if shape.geom_type in {"Polygon", "MultiPolygon"}:
        return shape
    parts = shapely.get_parts(shape)
    return shapely.multipolygons(shapely.get_parts(parts[shapely.get_dimensions(parts) == 2]))


def split_all(shapes: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Cut all large polygons of an array; gives the pieces and the row each came from."""
    import shapely

    large = np.flatnonzero(shapely.get_num_coordinates(shapes) > MOST_VERTICES)
    if not len(large):
        return shapes, np.arange(len(shapes))
    cut = dict(zip(large.tolist(), (split(shapes[row]) for row in large), strict=True))
    counts = np.ones(len(shapes), np.int64)
    counts[large] = [len(cut[row]) for row in large.tolist()]
    rows = np.repeat(np.arange(len(shapes)), counts)
    pieces = shapes[rows]
    starts = np.cumsum(counts) - counts
    for row, parts in cut.items():
        pieces[starts[row] : starts[row] + len(parts)] = parts
    return pieces, rows
