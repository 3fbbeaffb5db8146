"""Slope and aspect of a grid of heights after Horn, and the range of heights around a cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spacegov.errors import BadInput
from spacegov.raster import Raster

Grid = NDArray[np.float64]


def gradient(heights: Grid, width: float, height: float) -> tuple[Grid, Grid]:
    """Give the rise per metre to the east and to the north.

    Parameters
    ----------
    heights : array, shape (rows, columns)
        NaN where unknown; rows run from north to south.
    width, height : float
        Size of a cell in metres.

    Returns
    -------
    east, north : arrays of the same shape
        NaN on the outer rows and columns and wherever one of the nine heights is unknown.

    Examples
    --------
    A plane that rises by 1 in 10 to the east:

    >>> east, north = gradient(np.tile(np.arange(3.0), (3, 1)), 10.0, 10.0)
    >>> float(east[1, 1]), float(north[1, 1])
    (0.1, 0.0)
    """
    z = heights
    east = np.full(z.shape, np.nan)
    north = np.full(z.shape, np.nan)
    if min(z.shape) >= 3:
        nw, n, ne = z[:-2, :-2], z[:-2, 1:-1], z[:-2, 2:]
        w, centre, e = z[1:-1, :-2], z[1:-1, 1:-1], z[1:-1, 2:]
        sw, s, se = z[2:, :-2], z[2:, 1:-1], z[2:, 2:]
        # The centre has no weight; without a height there is no slope there either.
        known = centre * 0.0
        east[1:-1, 1:-1] = (ne + 2 * e + se - nw - 2 * w - sw) / (8 * width) + known
        north[1:-1, 1:-1] = (nw + 2 * n + ne - sw - 2 * s - se) / (8 * height) + known
    return east, north


def raster_gradient(raster: Raster, metres_per_unit: float = 1.0) -> tuple[Grid, Grid]:
    """Give the gradient of a raster of heights, window by window."""
    width, height = raster.cell_size
    east = np.full(raster.shape, np.nan)
    north = np.full(raster.shape, np.nan)
    for window in raster.windows(halo=1):
        part = gradient(raster.read(window) * metres_per_unit, width, height)
        rows = slice(window.rows.start + window.inner[0].start, window.rows.start + window.inner[0].stop)
        columns = slice(window.columns.start + window.inner[1].start, window.columns.start + window.inner[1].stop)
        east[rows, columns], north[rows, columns] = part[0][window.inner], part[1][window.inner]
    return east, north


def aspect_of(east: Grid, north: Grid) -> Grid:
    """Give the direction the ground falls to, clockwise from north, 0 to 360; -1 where it is flat."""
    falls_to = np.degrees(np.arctan2(-east, -north)) % 360.0
    flat = (east == 0) & (north == 0)
    return np.where(flat, -1.0, np.where(falls_to >= 360.0, 0.0, falls_to))


def focal_range(heights: Grid, cells: int) -> Grid:
    """Give the highest less the lowest of the known heights in a square of cells around each known cell.

    Parameters
    ----------
    heights : array
        NaN where unknown.
    cells : int
        Cells on a side of the square, odd.

    Examples
    --------
    >>> focal_range(np.array([[1.0, 5.0, 2.0], [3.0, 4.0, np.nan], [0.0, 1.0, 1.0]]), 3).tolist()
    [[4.0, 4.0, 3.0], [5.0, 5.0, nan], [4.0, 4.0, 3.0]]
    """
    from scipy.ndimage import maximum_filter, minimum_filter

    known = ~np.isnan(heights)
    highest = maximum_filter(np.where(known, heights, -np.inf), size=cells, mode="constant", cval=-np.inf)
    lowest = minimum_filter(np.where(known, heights, np.inf), size=cells, mode="constant", cval=np.inf)
    with np.errstate(invalid="ignore"):
        return np.where(known, highest - lowest, np.nan)


def window_cells(elevation: Raster, window: float) -> int:
    """Give the odd number of cells nearest to the width of a window in metres."""
    size = max(elevation.cell_size)
    cells = 2 * round((window / size - 1) / 2) + 1
    if cells < 3:
        raise BadInput(
            f"relief_window: {window:g} m was given for cells of {size:g} m, {2 * size:g} m is the least; widen it"
        )
    return int(cells)
