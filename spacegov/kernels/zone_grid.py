"""The grid of a set of zones: for each cell the zone that covers it, and the stricter ones whose border crosses it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spacegov.kernels.ragged import IntArray, Ragged

_LARGEST_GRID = 2048
_SMALLEST_GRID = 32


class ZoneGrid(NamedTuple):
    """Zones drawn into a square grid of cells.

    Attributes
    ----------
    base : int32 (cells, cells)
        Strictest zone that covers a cell wholly, −1 for none.
    border_offsets : int64 (cells² + 1,)
        First entry of each cell in `border_zones`.
    border_zones : int32
        Zones stricter than the base whose border crosses the cell, strictest first.
    xmin, ymin, cell : float
        Corner and cell size.
    """

    base: NDArray[np.int32]
    border_offsets: IntArray
    border_zones: NDArray[np.int32]
    xmin: float
    ymin: float
    cell: float


def draw_zones(zones: Ragged, levels: IntArray, nothing: int, shapes: int) -> ZoneGrid:
    """Draw zones for about so many shapes to be classified.

    Parameters
    ----------
    zones : Ragged
        The zones.
    levels : int64 (zones,)
        Their levels, 0 the strictest.
    nothing : int
        The level outside all zones.
    shapes : int
        More shapes are worth a finer grid.
    """
    from spacegov.kernels.zone_cells import COVERED, CROSSED, draw_zone

    size = int(np.clip(2 ** np.ceil(np.log2(max(shapes, 1)) / 2 + 1), _SMALLEST_GRID, _LARGEST_GRID))
    low, high = zones.boxes[:, :2].min(axis=0, initial=np.inf), zones.boxes[:, 2:].max(axis=0, initial=-np.inf)
    if not np.isfinite(low).all():
        low = high = np.zeros(2)
    # a little wider than the zones, so that no border runs along the edge of the grid
    reach = float((high - low).max()) * 1.001 + 1e-9 * float(np.abs([low, high]).max()) + 1e-6
    xmin, ymin = (low + high) / 2 - reach / 2
    cell = reach / size
    base = np.full((size, size), -1, np.int32)
    base_level = np.full((size, size), nothing, np.int64)
    crossed_cells, crossing_zones = [np.empty(0, np.int64)], [np.empty(0, np.int32)]
    for zone in np.flatnonzero(zones.boxes[:, 0] <= zones.boxes[:, 2]):
        column0, row0 = np.floor((zones.boxes[zone, :2] - [xmin, ymin]) / cell).astype(int).clip(0, size - 1)
        column1, row1 = np.floor((zones.boxes[zone, 2:] - [xmin, ymin]) / cell).astype(int).clip(0, size - 1)
        window = np.zeros((row1 - row0 + 1, column1 - column0 + 1), np.uint8)
        draw_zone(
            zones.coordinates,
            zones.ring_offsets,
            zones.geometry_offsets[zone],
            zones.geometry_offsets[zone + 1],
            xmin + column0 * cell,
            ymin + row0 * cell,
            cell,
            window,
        )
        place = (slice(row0, row1 + 1), slice(column0, column1 + 1))
        stricter = (window == COVERED) & (levels[zone] < base_level[place])
        base[place][stricter] = zone
        base_level[place][stricter] = levels[zone]
        rows, columns = np.nonzero(window == CROSSED)
        crossed_cells.append((rows + row0) * size + columns + column0)
        crossing_zones.append(np.full(len(rows), zone, np.int32))
    cells, crossing = np.concatenate(crossed_cells), np.concatenate(crossing_zones)
    kept = levels[crossing] < base_level.reshape(-1)[cells]
    cells, crossing = cells[kept], crossing[kept]
    order = np.lexsort((crossing, levels[crossing], cells))
    offsets = np.zeros(size * size + 1, np.int64)
    np.cumsum(np.bincount(cells, minlength=size * size), out=offsets[1:])
    return ZoneGrid(base, offsets, crossing[order], float(xmin), float(ymin), float(cell))
