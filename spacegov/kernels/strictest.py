"""The strictest zone of every building, and what one more zone changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from spacegov.errors import BadInput, MissingColumn, WrongGeometry, suggest
from spacegov.kernels.classes import class_order
from spacegov.kernels.compilation import ensure_compiled
from spacegov.kernels.footprints import FileFootprints, Footprints, FrameFootprints
from spacegov.kernels.geoparquet import GeoParquet
from spacegov.kernels.intake import Care, column_crs, common_crs, geometry_column, take_column
from spacegov.kernels.parallel import in_threads, thread_count
from spacegov.kernels.ragged import IntArray, Ragged, refuse_other_types
from spacegov.kernels.tabulate import is_path
from spacegov.kernels.validity import make_valid
from spacegov.kernels.zone_assignment import ZoneAssignment

if TYPE_CHECKING:
    from spacegov.kernels.zone_grid import ZoneGrid

# one code is for outside
_MOST_LEVELS = 254


def strictest_zone(
    buildings: Any,
    zones: Any,
    *,
    level_column: str,
    order: Sequence[Any] | None = None,
    threads: int | None = None,
    repair: bool = False,
    trusted: bool = False,
) -> ZoneAssignment:
    """Find for every building the strictest zone it belongs to.

    A building belongs to every zone it intersects: to touch a zone's border is enough, as a part of the building then
    lies on it.

    Parameters
    ----------
    buildings : GeoDataFrame, GeoSeries, array of shapely geometries, or path of a GeoParquet file
        Shapes of any type; empty and missing ones are in no zone.
    zones : GeoDataFrame
        Polygons and multipolygons in the CRS of the buildings; they may overlap.
    level_column : str
        Column of `zones` that holds the level.
    order : sequence, optional
        Levels from the strictest to the loosest; by default ascending, 1 before 2.
    threads : int, optional
        Threads to use; all cores by default.
    repair, trusted : bool
        As for `pair_areas`, about the zones; the validity of buildings is not tested.

    Returns
    -------
    ZoneAssignment
        Levels and codes, counts by level, and `add_zone` for what comes later.

    Raises
    ------
    MissingColumn
        When `zones` has no such column.
    BadInput
        When a level is missing or not in `order`.
    InvalidGeometry, UnsuitableCrs, WrongGeometry, UnreadableFile
        As for `tabulate_areas`.

    Notes
    -----
    Method: zones are drawn into a grid of up to 2048² cells. Most buildings are decided by their boxes: the box lies
    in cells that a zone covers, or no edge of a zone comes near it. Shapes are read, and compared by GEOS, of the
    few whose box a border crosses. Cost: seconds for ten million buildings, as most of a file's geometry is never
    read when it has the bbox covering of GeoParquet 1.1. Memory: 17 bytes a building, and a row group for each thread.

    Examples
    --------
    >>> import geopandas, shapely
    >>> houses = geopandas.GeoSeries([shapely.box(x, 0, x + 1, 1) for x in range(4)], crs=32650)
    >>> zones = geopandas.GeoDataFrame(
    ...     {"level": ["control", "containment"]},
    ...     geometry=[shapely.box(0, 0, 2.5, 9), shapely.box(-5, 0, 0.5, 9)], crs=32650)
    >>> found = strictest_zone(houses, zones, level_column="level", order=["containment", "control"])
    >>> found.to_series().tolist()
    ['containment', 'control', 'control', nan]
    >>> found.add_zone(shapely.box(2.5, 0, 9, 9), "containment")
    array([2, 3])
    >>> found.counts()
             level  buildings
    0  containment          3
    1      control          1
    2         None          0
    """
    ensure_compiled("zones")
    count = thread_count(threads)
    names, codes = _number_levels(zones, level_column, order)
    care = Care(repair, trusted)
    column = geometry_column(zones, "zones")
    refuse_other_types(np.asarray(getattr(column, "values", column), dtype=object), "zones")
    ragged = take_column(column, "zones", care=care, threads=count)
    shapes = np.array(getattr(column, "values", column), dtype=object)
    for done in care.repairs:
        shapes[done.rows] = make_valid(shapes[done.rows])
    care.report()
    footprints, crs = _footprints(buildings)
    common_crs([(crs, "buildings"), (column_crs(column), "zones")])
    return _assign(footprints, crs, ragged, shapes, codes, names, count)


def _number_levels(zones: Any, column: str, order: Sequence[Any] | None) -> tuple[tuple[Any, ...], IntArray]:
    """Give the levels in order, strictest first, and the position of each zone's level."""
    if not hasattr(zones, "columns") or column not in zones.columns:
        given = map(str, getattr(zones, "columns", []))
        raise MissingColumn(f"zones has no column {column!r} that could hold the level; {suggest(column, given)}")
    values = zones[column]
    if values.isna().any():
        raise BadInput(f"{int(values.isna().sum())} zones have no level in {column!r}; give every zone its level")
    if order is None:
        present = pd.Index(values.unique())
        order = present.take(class_order(present)[0]).tolist()
    position = {level: k for k, level in enumerate(order)}
    unknown = sorted({str(value) for value in values if value not in position})
    if unknown:
        raise BadInput(f"levels {', '.join(unknown)} of {column!r} are not in order={list(order)}; add them to it")
    if len(position) > _MOST_LEVELS:
        raise BadInput(f"{len(position)} levels were given and at most {_MOST_LEVELS} are kept; group them first")
    return tuple(position), np.array([position[value] for value in values], dtype=np.int64)


def _footprints(buildings: Any) -> tuple[Footprints, Any]:
    """Take the buildings and their coordinate system."""
    if is_path(buildings):
        file = GeoParquet(buildings, "buildings")
        return FileFootprints(file), file.crs
    column = geometry_column(buildings, "buildings")
    shapes = np.asarray(getattr(column, "values", column), dtype=object)
    if not shapely.is_valid_input(shapes).all():
        raise WrongGeometry("buildings holds values that are no geometries; give a GeoSeries or shapely geometries")
    return FrameFootprints(shapes), column_crs(column)


def _assign(
    footprints: Footprints,
    crs: Any,
    zones: Ragged,
    shapes: NDArray[Any],
    levels: IntArray,
    names: tuple[Any, ...],
    threads: int,
) -> ZoneAssignment:
    """Classify all parts, each thread with zones of its own: prepared geometries are not to be shared."""
    from spacegov.kernels.zone_grid import draw_zones

    grid = draw_zones(zones, levels, len(names), footprints.count)
    assignment = ZoneAssignment(names, np.full(footprints.count, len(names), np.uint8), footprints, crs)
    waiting = iter(range(len(footprints.parts)))

    def work(_: int) -> None:
        own = shapely.from_wkb(shapely.to_wkb(shapes))
        shapely.prepare(own)
        # the iterator of a range hands out each number once, whichever thread asks
        for part in waiting:
            _classify_part(assignment, part, grid, zones, own, levels)

    list(in_threads(work, range(threads), threads))
    return assignment


def _classify_part(
    assignment: ZoneAssignment, part: int, grid: ZoneGrid, zones: Ragged, shapes: NDArray[Any], levels: IntArray
) -> None:
    """Classify the buildings of a part by their boxes, then those left open by their shapes."""
    from spacegov.kernels.zone_boxes import classify_boxes, round_outward

    start, stop = assignment._footprints.parts[part]
    boxes = assignment._footprints.boxes(part)
    round_outward(boxes, assignment._boxes[:, start:stop])
    codes = assignment.codes[start:stop]
    room = (stop - start) // 4 + 4 * len(levels) + 64
    resume = 0
    while resume < stop - start:
        rows, candidates = np.empty(room, np.int64), np.empty(room, np.int64)
        count, resume = classify_boxes(
            boxes,
            resume,
            grid.base,
            grid.border_offsets,
            grid.border_zones,
            levels,
            len(assignment.levels),
            zones.coordinates,
            zones.ring_offsets,
            zones.geometry_offsets,
            grid.xmin,
            grid.ymin,
            grid.cell,
            codes,
            rows,
            candidates,
        )
        rows, candidates = rows[:count], candidates[:count]
        useful = levels[candidates] < codes[rows]
        rows, candidates = rows[useful], candidates[useful]
        if len(rows):
            needed, position = np.unique(rows, return_inverse=True)
            met = shapely.intersects(shapes[candidates], assignment._footprints.shapes(part, needed)[position])
            np.minimum.at(codes, rows[met], levels[candidates[met]].astype(np.uint8))
