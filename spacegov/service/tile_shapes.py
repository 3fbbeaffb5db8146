"""Shapes as a tile holds them: whole numbers from its upper left corner, cut a little beyond its sides."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

EXTENT, BUFFER = 4096, 64
_POINTS, _LINES, _POLYGONS = (0, 4), (1, 5), (3, 6)
_MIXED = 7


def tile_shapes(shapes: NDArray[Any], box: tuple[float, float, float, float]) -> NDArray[Any]:
    """Bring shapes into the numbers of a tile.

    Parameters
    ----------
    shapes : object (N,)
        In Web Mercator.
    box : tuple of float
        Of the tile, in Web Mercator.

    Returns
    -------
    object (N,)
        None where nothing is left: outside, or smaller than the tile can show. Polygons are valid, their shells run as
        the format wants it.

    Examples
    --------
    >>> square = shapely.box(0, 0, 5, 5)
    >>> tile_shapes(np.array([square], dtype=object), (0.0, 0.0, 10.0, 10.0))[0].bounds
    (0.0, 2048.0, 2048.0, 4096.0)
    """
    scale = EXTENT / (box[2] - box[0])

    def place(points: Any) -> Any:
        return np.column_stack([(points[:, 0] - box[0]) * scale, (box[3] - points[:, 1]) * scale])

    moved = shapely.transform(shapes, place)
    for number in np.flatnonzero(shapely.get_type_id(moved) == _MIXED):
        moved[number] = _largest_kind(moved[number])
    kinds = shapely.get_type_id(moved)
    bounds = shapely.bounds(moved)
    low, high = -BUFFER, EXTENT + BUFFER
    beyond = (bounds[:, :2] < low).any(axis=1) | (bounds[:, 2:] > high).any(axis=1)
    rounded = shapely.transform(moved, np.round)
    # cut on the grid of whole numbers, which never fails; clip_by_rect does on polygons that touch the sides
    sides = shapely.box(low, low, high, high)
    rounded[beyond] = shapely.intersection(_sound(moved[beyond]), sides, grid_size=1.0)
    areal = np.isin(kinds, _POLYGONS)
    broken = areal & ~shapely.is_valid(rounded)
    # rounding may fold a shape: these few are brought to whole numbers in the same way
    rounded[broken] = shapely.intersection(_sound(moved[broken]), sides, grid_size=1.0)
    for number in np.flatnonzero(beyond | broken):
        rounded[number] = _of_kind(rounded[number], int(kinds[number]))
    rounded[areal] = shapely.orient_polygons(rounded[areal], exterior_cw=False)
    size = np.where(areal, shapely.area(rounded), np.where(np.isin(kinds, _LINES), shapely.length(rounded), 1.0))
    rounded[shapely.is_empty(rounded) | ~(size > 0)] = None
    return rounded


def _sound(shapes: NDArray[Any]) -> NDArray[Any]:
    """Mend what crosses itself, without the lines and points into which parts of it collapse."""
    return np.asarray(shapely.make_valid(shapes, method="structure", keep_collapsed=False), dtype=object)


def _largest_kind(shape: Any) -> Any:
    """Keep of a mixed collection its polygons, else its lines, else its points."""
    for kind in (_POLYGONS[0], _LINES[0], _POINTS[0]):
        kept = _of_kind(shape, kind)
        if kept is not None:
            return kept
    return None


def _of_kind(shape: Any, kind: int) -> Any:
    """Keep the parts of a cut shape that are what it was: a border that lies on a side leaves lines and points."""
    if shape is None:
        return None
    wanted = next(kinds for kinds in (_POINTS, _LINES, _POLYGONS) if kind in kinds)
    if shapely.get_type_id(shape) in wanted:
        return shape
    parts = shapely.get_parts(shapely.get_parts(shape))
    parts = parts[np.isin(shapely.get_type_id(parts), wanted[:1])]
    makers: dict[int, Any] = {0: shapely.multipoints, 1: shapely.multilinestrings, 3: shapely.multipolygons}
    return makers[wanted[0]](parts) if len(parts) else None
