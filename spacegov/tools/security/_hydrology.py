"""Where water goes over a terrain: filled depressions, D8 directions, and what they reach."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.int64]

# D8 codes of ESRI, as steps in rows and columns; every other code is a pit or no data
D8_STEPS = {1: (0, 1), 2: (1, 1), 4: (1, 0), 8: (1, -1), 16: (0, -1), 32: (-1, -1), 64: (-1, 0), 128: (-1, 1)}
_NODATA = -9999.0


@dataclass(frozen=True)
class Flow:
    """A terrain made to drain.

    Attributes
    ----------
    filled : array of float64, shape (rows, columns)
        Heights with depressions filled to their lowest outlet; NaN for no data.
    direction : array of uint8, shape (rows, columns)
        D8 codes; 0 where water leaves the terrain or enters the given drainage, 247 for no data.
    downstream : array of int64, shape (cells,)
        Flat index of the next cell; its own where the path ends, -1 for no data.
    cell_size : tuple of float
        Width and height of a cell.
    """

    filled: Grid
    direction: NDArray[np.uint8]
    downstream: Index
    cell_size: tuple[float, float] = (1.0, 1.0)


def drain(heights: Grid, outlets: Mask | None = None, cell_size: tuple[float, float] = (1.0, 1.0)) -> Flow:
    """Fill depressions and find D8 directions.

    Parameters
    ----------
    heights : array of float64
        Terrain, NaN for no data.
    outlets : array of bool, optional
        Cells where paths end besides the edge of the data, such as rivers.
    cell_size : tuple of float
        Width and height of a cell.

    Notes
    -----
    Depressions by priority flood from the outlets inwards (Wang and Liu 2006), by pyflwdir, with heights as float32.
    Directions by steepest descent (O'Callaghan and Mark 1984); on flats and in filled depressions along the flood's
    own tree, so that no path closes on itself. Of equal slopes the first clockwise from east is taken. Level
    ground that ends at the edge, such as the sea, is left over its nearest edge: rivers that reach it in several places
    have as many outlets.
    """
    from pyflwdir.dem import fill_depressions

    if np.isnan(heights).all():
        nothing = np.full(heights.shape, 247, np.uint8)
        return Flow(heights.copy(), nothing, np.full(heights.size, -1, np.int64), cell_size)
    valid = np.isfinite(heights)
    # heights are shifted so that none equals the mark for no data
    base = float(np.nanmin(heights))
    raised = np.where(valid, heights - base, _NODATA).astype(np.float32)
    ends = edge_cells(valid)
    if outlets is not None:
        ends |= outlets & valid
    filled, direction = fill_depressions(
        raised, outlets="edge", idxs_pit=np.flatnonzero(ends).astype(np.int64), nodata=np.float32(_NODATA)
    )
    direction = _steepest(filled, direction, valid, cell_size)
    if outlets is not None:
        # cells of the edge drain inwards where a neighbour is lower; given outlets never do
        direction = np.where(outlets & valid, np.uint8(0), direction).astype(np.uint8)
    direction = _over_level_edges(filled, direction, valid, outlets)
    rise = np.where(valid, filled.astype(np.float64) - raised.astype(np.float64), 0.0)
    return Flow(np.where(valid, heights + rise, np.nan), direction, downstream_of(direction, valid), cell_size)


def _steepest(
    filled: NDArray[np.float32], direction: NDArray[np.uint8], valid: Mask, cell_size: tuple[float, float]
) -> NDArray[np.uint8]:
    """Point every cell that has a lower neighbour down the steepest slope; the others keep their direction."""
    width, height = cell_size
    rows, columns = filled.shape
    padded = np.pad(np.where(valid, filled, np.inf).astype(np.float64), 1, constant_values=np.inf)
    centre = padded[1:-1, 1:-1]
    best = np.zeros(filled.shape)
    answer = direction.copy()
    for code, (down, right) in D8_STEPS.items():
        there = padded[1 + down : 1 + down + rows, 1 + right : 1 + right + columns]
        distance = math.hypot(down * height, right * width)
        slope = np.zeros(filled.shape)
        np.subtract(centre, there, out=slope, where=valid & np.isfinite(there))
        slope /= distance
        better = slope > best
        best[better] = slope[better]
        answer[better] = code
    return answer


def _over_level_edges(
    filled: NDArray[np.float32], direction: NDArray[np.uint8], valid: Mask, outlets: Mask | None
) -> NDArray[np.uint8]:
    """Let level ground that ends at the edge drain over its nearest edge.

    The flood's tree leads all of it to the first cell of the edge, as if the sea drained into a corner.
    """
    end = path_end(downstream_of(direction, valid), np.zeros(valid.shape, dtype=bool))
    heights, last = filled.ravel(), np.maximum(end, 0)
    waiting = (end >= 0) & (heights == heights[last])
    if outlets is not None:
        waiting &= ~outlets.ravel()[last]
    front = np.flatnonzero(waiting & edge_cells(valid).ravel())
    rows, columns = valid.shape
    answer = direction.copy().ravel()
    answer[front], waiting[front] = 0, False
    steps = sorted(D8_STEPS.items(), key=lambda step: abs(step[1][0]) + abs(step[1][1]))
    while len(front):
        found = []
        for code, (down, right) in steps:
            row, column = front // columns - down, front % columns - right
            there = (row * columns + column)[(row >= 0) & (row < rows) & (column >= 0) & (column < columns)]
            there = there[waiting[there]]
            answer[there], waiting[there] = code, False
            found.append(there)
        front = np.concatenate(found)
    return answer.reshape(valid.shape)


def edge_cells(valid: Mask) -> Mask:
    """Cells with data beside the raster's edge or a cell without data."""
    padded = np.pad(valid, 1, constant_values=False)
    inner = np.ones_like(valid)
    rows, columns = valid.shape
    for row in range(3):
        for column in range(3):
            inner &= padded[row : row + rows, column : column + columns]
    return valid & ~inner


def downstream_of(direction: NDArray[np.uint8], valid: Mask) -> Index:
    """Turn D8 codes into the flat index of the next cell."""
    rows, columns = direction.shape
    own = np.arange(direction.size).reshape(direction.shape)
    row, column = own // columns, own % columns
    for code, (down, right) in D8_STEPS.items():
        there = direction == code
        row[there] += down
        column[there] += right
    target: Index = (row * columns + column).astype(np.int64)
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    return np.where(valid, np.where(inside, target, own), -1).ravel().astype(np.int64)


def path_end(downstream: Index, stops: Mask) -> Index:
    """Give for every cell the first stop on its flow path, or the cell where the path ends.

    Parameters
    ----------
    downstream : array of int64, shape (cells,)
        Next cell, own index at the end, -1 for no data.
    stops : array of bool
        Cells where following ends.

    Notes
    -----
    Pointer doubling: the number of passes is the logarithm of the longest path.
    """
    own = np.arange(downstream.size, dtype=np.int64)
    here = np.where((downstream < 0) | stops.ravel(), own, downstream)
    while True:
        further = here[here]
        if np.array_equal(further, here):
            return np.where(downstream < 0, np.int64(-1), here)
        here = further


def height_above_drainage(heights: Grid, drainage: Mask, flow: Flow | None = None) -> tuple[Grid, Grid, Mask]:
    """Height of every cell above the drainage cell that its flow path reaches (HAND).

    Parameters
    ----------
    heights : array of float64
        Terrain, NaN for no data.
    drainage : array of bool
        Cells of rivers, streams or other drained ends.
    flow : Flow, optional
        Directions; by default those of the terrain with the drainage as outlets.

    Returns
    -------
    height : array of float64
        Metres above the drainage cell reached; NaN where none is reached.
    barrier : array of float64
        The same for the highest ground on the way: what water must rise to get there.
    reached : array of bool
        Whether the path ends in the drainage and not at the edge of the terrain.

    Notes
    -----
    Rennó et al. 2008; Nobre et al. 2011. The path runs over filled ground, so `barrier` is at least `height`.

    Examples
    --------
    >>> profile = np.array([[2.0, 5.0, 9.0, 4.0, 1.0]])
    >>> height_above_drainage(profile, np.array([[True, False, False, False, True]]))[0]
    array([[0., 3., 8., 3., 0.]])
    """
    flow = flow or drain(heights, drainage)
    end = path_end(flow.downstream, drainage)
    valid = end >= 0
    reached = valid & drainage.ravel()[np.where(valid, end, 0)]
    base = np.where(reached, heights.ravel()[np.where(valid, end, 0)], np.nan).reshape(heights.shape)
    return heights - base, flow.filled - base, reached.reshape(heights.shape)
