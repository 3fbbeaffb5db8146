"""The ground sites are looked for on: which cells are free, what rules exclude, and how well each cell scores."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from affine import Affine
from numpy.typing import NDArray

from spacegov.errors import BadInput, BadPolicy
from spacegov.raster import Raster
from spacegov.tools.cells import cells_under, values_on
from spacegov.tools.conditions import read_condition, select
from spacegov.tools.overlay import Shapes, shapes_of, union_of
from spacegov.tools.values import text_of

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

CRITERION_COLUMNS = ("criterion", "layer", "where", "measure", "worst", "best", "weight", "source")
RULE_COLUMNS = ("layer", "where", "distance_m", "reason", "source")
MEASURES = ("distance", "slope", "elevation")
_MOST_CELLS = 25_000_000
_ARC = 16


class Criterion(NamedTuple):
    """A wish: a measure of the ground, between worst (score 0) and best (score 1)."""

    name: str
    layer: str
    where: str | None
    measure: str
    worst: float
    best: float
    weight: float
    source: str


def read_criteria(table: pd.DataFrame) -> list[Criterion]:
    """Read a table of criteria.

    Raises
    ------
    BadPolicy
        A name is missing or stands twice, a measure is not known, worst and best are one, a condition is not of the
        language.
    """
    name = table.attrs.get("policy", "criteria")
    found: list[Criterion] = []
    for number, row in enumerate(table.to_dict("records"), start=1):
        key, layer, measure = (text_of(row[column]) for column in ("criterion", "layer", "measure"))
        worst, best, weight = (float(row[column]) for column in ("worst", "best", "weight"))
        if key is None or layer is None or key in [criterion.name for criterion in found]:
            raise BadPolicy(f"{name}, row {number}: the criterion {key!r} is missing or stands twice; name each once")
        if measure not in MEASURES:
            raise BadPolicy(
                f"{name}, row {number}: the measure {measure!r} was given, one of {', '.join(MEASURES)} is needed"
            )
        if not (math.isfinite(worst) and math.isfinite(best)) or worst == best or weight < 0:
            raise BadPolicy(
                f"{name}, row {number} ({key}): worst {worst:g}, best {best:g} and weight {weight:g} were given, two "
                "different numbers and a weight of 0 or more are needed; mend the table"
            )
        where = text_of(row["where"]) or None
        if where is not None:
            read_condition(where)
        found.append(Criterion(key, layer, where, measure, worst, best, weight, text_of(row["source"]) or ""))
    if not found:
        raise BadPolicy(f"{name}: the table has no criterion, at least one is needed; add a row")
    return found


def grid_over(land: gpd.GeoDataFrame, cell: float) -> Raster:
    """Make a grid over land, its lines on multiples of the cell size."""
    west, south, east, north = (
        math.floor(value / cell) if side < 2 else math.ceil(value / cell)
        for side, value in enumerate(land.total_bounds)
    )
    shape = (max(north - south, 1), max(east - west, 1))
    if shape[0] * shape[1] > _MOST_CELLS:
        raise BadInput(
            f"cell: {cell:g} m makes {shape[0] * shape[1]:,} cells over the land, {_MOST_CELLS:,} is the most; widen it"
        )
    transform = Affine(cell, 0.0, west * cell, 0.0, -cell, north * cell)
    return Raster.from_array(np.zeros(shape, dtype=np.uint8), transform, land.crs)


def cells_inside(grid: Raster, shapes: Shapes) -> Flags:
    """Cells that lie wholly in polygons."""
    ground = union_of(shapes)
    inside = cells_under(grid, [ground])
    # only cells that the border meets are in doubt
    edge = np.flatnonzero(cells_under(grid, [shapely.boundary(ground)]))
    shapely.prepare(ground)
    inside.ravel()[edge] = shapely.covers(ground, _squares(grid, edge))
    return inside


def cells_excluded(grid: Raster, shapes: Shapes, distance: float) -> Flags:
    """Cells of which any part lies within a distance of shapes; touching from outside is no part."""
    if not len(shapes):
        return np.zeros(grid.shape, dtype=bool)
    if distance > 0:
        # a circle drawn as a polygon lies inside the true one: widened until it lies around it
        shapes = shapely.buffer(shapes, distance / math.cos(math.pi / (4 * _ARC)), quad_segs=_ARC)
    hit = cells_under(grid, shapes)
    areal = shapes[shapely.get_dimensions(shapes) == 2]
    edge = np.flatnonzero(hit & cells_under(grid, shapely.boundary(areal)))
    squares = _squares(grid, edge)
    deep = np.zeros(len(edge), dtype=bool)
    # polygons reach into a square; lines and points count wherever they meet it
    for kind, one in ((True, areal), (False, shapes[shapely.get_dimensions(shapes) < 2])):
        square, shape = shapely.STRtree(one).query(squares, predicate="intersects")
        if kind:
            square = square[~shapely.touches(one[shape], squares[square])]
        deep[square] = True
    hit.ravel()[edge] = deep
    return hit


def _squares(grid: Raster, cells: Any) -> Shapes:
    """Cells as polygons."""
    row, column = np.divmod(cells, grid.shape[1])
    t = grid.transform
    west, north = t.c + column * t.a, t.f + row * t.e
    return np.asarray(shapely.box(west, north + t.e, west + t.a, north), dtype=object)


def chosen_features(frame: gpd.GeoDataFrame, where: str | None, layer: str) -> Shapes:
    """The features of a layer that a condition of a table holds for."""
    rows = select(None if where is None else read_condition(where), frame, layer)
    return shapes_of(frame)[rows]


def centres(grid: Raster, cells: Any) -> Shapes:
    """Centres of cells."""
    row, column = np.divmod(cells, grid.shape[1])
    t = grid.transform
    return np.asarray(shapely.points(t.c + (column + 0.5) * t.a, t.f + (row + 0.5) * t.e), dtype=object)


def measure_cells(
    criterion: Criterion, grid: Raster, free: Flags, features: Shapes | None, terrain: Raster | None
) -> Floats:
    """Measure free cells by a criterion: metres to the nearest feature, degrees of slope, or metres of height.

    Returns
    -------
    array (rows, columns)
        NaN where nothing is known, and on cells that are not free.
    """
    values = np.full(grid.shape, np.nan)
    if criterion.measure == "distance":
        cells = np.flatnonzero(free)
        if features is not None and len(features) and len(cells):
            nearest, metres = shapely.STRtree(features).query_nearest(
                centres(grid, cells), return_distance=True, all_matches=False
            )
            values.ravel()[cells[nearest[0]]] = metres
        return values
    if terrain is None:
        return values
    if criterion.measure == "slope":
        from spacegov.tools.foundation._horn import raster_gradient

        east, north = raster_gradient(terrain)
        terrain = terrain.like(np.degrees(np.arctan(np.hypot(east, north))))
    return np.asarray(np.where(free, values_on(terrain, grid), np.nan))


def scored(criterion: Criterion, values: Floats) -> Floats:
    """Score values between worst (0) and best (1)."""
    return np.clip((values - criterion.worst) / (criterion.best - criterion.worst), 0.0, 1.0)
