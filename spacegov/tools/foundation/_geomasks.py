"""Ways to hide where a feature is: on a grid, moved, or counted with others."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import shapely

from spacegov.tools.foundation._shapes import LINE, POINT, Floats, Integers, Shapes


def anchors(shapes: Shapes) -> Floats:
    """Give one place for every feature: the point itself, or a point on the line or in the polygon."""
    return np.asarray(shapely.get_coordinates(shapely.point_on_surface(shapes)), dtype=np.float64)


def generalised(shapes: Shapes, cell: float) -> Shapes:
    """Bring points to the middles of cells, and lines and polygons to the grid's corners.

    Polygons that share borders keep them; what is smaller than a cell may vanish and is then empty.
    """
    dimension = int(shapely.get_dimensions(shapes).max()) if len(shapes) else POINT
    if dimension == POINT:
        return np.asarray(
            shapely.transform(shapes, lambda places: (np.floor(places / cell) + 0.5) * cell), dtype=object
        )
    if dimension == LINE:
        simple = shapely.simplify(shapes, cell / 2)
    elif shapely.coverage_is_valid(shapes):
        simple = shapely.coverage_simplify(shapes, cell / 2)
    else:
        simple = shapely.simplify(shapes, cell / 2)
    return np.asarray(shapely.set_precision(simple, cell), dtype=object)


def shifted(shapes: Shapes, least: float, most: float, seed: int) -> Shapes:
    """Move every feature as a whole, by a distance in a ring and in any direction.

    The shift depends on the seed and on the feature's own coordinates, not on the order of features.
    """
    draws = np.array([_draw(shape, seed) for shape in shapes]).reshape(-1, 2)
    angle = 2 * np.pi * draws[:, 0]
    # Even over the ring's area, so that no distance stands out.
    radius = np.sqrt(least**2 + draws[:, 1] * (most**2 - least**2))
    steps = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    coordinates, row = shapely.get_coordinates(shapes, return_index=True)
    moved = shapely.force_2d(shapes)
    return np.asarray(shapely.set_coordinates(moved.copy(), coordinates + steps[row]), dtype=object)


def _draw(shape: Any, seed: int) -> tuple[float, float]:
    """Draw two numbers in 0 to 1 from a keyed hash of the shape."""
    key = int(seed).to_bytes(16, "little", signed=True)
    digest = hashlib.blake2b(shapely.to_wkb(shapely.normalize(shape)), key=key, digest_size=16).digest()
    first, second = (int.from_bytes(digest[part : part + 8], "little") / 2**64 for part in (0, 8))
    return first, second


def cells_of(places: Floats, cell: float) -> tuple[Integers, Shapes]:
    """Number the cells that places lie in, of a grid that starts at the origin and not at the data.

    Returns
    -------
    number : array of int, one for each place
    cells : array of polygons
    """
    corner = np.floor(places / cell).astype(np.int64)
    known, number = np.unique(corner, axis=0, return_inverse=True)
    low = known * cell
    return number.ravel().astype(np.int64), shapely.box(low[:, 0], low[:, 1], low[:, 0] + cell, low[:, 1] + cell)


def crowd(original: Floats, masked: Floats) -> Integers:
    """Count, for every masked place, the original places as near to it as its own: among so many it hides."""
    from scipy.spatial import cKDTree

    if not len(original):
        return np.empty(0, np.int64)
    distance = np.hypot(*(original - masked).T)
    found = cKDTree(original).query_ball_point(masked, distance * (1 + 1e-9) + 1e-9, return_length=True)
    return np.asarray(found, dtype=np.int64)
