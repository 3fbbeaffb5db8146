"""Distance from every patch to the nearest other patch of its class, between cell centres, exactly."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacegov.kernels.jit import kernel
from spacegov.tools.protection._patches import Patches

_BLOCK = 32
_FAR = np.iinfo(np.int64).max


def nearest_neighbour_cells(
    cells: NDArray[Any], patches: Patches, classes: int, neighbours: int
) -> NDArray[np.float64]:
    """Give each patch's distance to the nearest other patch of its class, in cells; NaN where there is none.

    Parameters
    ----------
    cells : array of int
        Class of each cell.
    patches : Patches
        Their patches.
    classes : int
        Number of classes.
    neighbours : {4, 8}
        As the patches were numbered.

    Notes
    -----
    Only cells at a patch's edge can be nearest, and only on the sides where the next cell is not the patch's own. Each
    looks there within the distance its patch has found so far: a few rings of cells, then blocks of 32 cells on a
    side, of which those without another patch of the class are passed over. Cost: about that of numbering.
    """
    alone = np.bincount(patches.class_of[1:], minlength=classes + 1) < 2
    lowest, highest = _block_labels(cells, patches.labels, classes)
    least = 4 if neighbours == 8 else 2
    squared = _search(cells, patches.labels, len(patches.cells), alone, lowest, highest, least)
    distance: NDArray[np.float64] = np.sqrt(squared.astype(np.float64))
    distance[squared == _FAR] = np.nan
    return distance


@kernel
def _block_labels(cells: Any, labels: Any, classes: int) -> Any:
    """Smallest and largest patch number of every class in every block."""
    height, width = cells.shape
    down, across = (height + _BLOCK - 1) // _BLOCK, (width + _BLOCK - 1) // _BLOCK
    lowest = np.full((down, across, classes + 1), np.iinfo(np.int32).max, dtype=np.int32)
    highest = np.zeros((down, across, classes + 1), dtype=np.int32)
    for row in range(height):
        for column in range(width):
            code, label = cells[row, column], labels[row, column]
            if label < lowest[row // _BLOCK, column // _BLOCK, code]:
                lowest[row // _BLOCK, column // _BLOCK, code] = label
            if label > highest[row // _BLOCK, column // _BLOCK, code]:
                highest[row // _BLOCK, column // _BLOCK, code] = label
    return lowest, highest


@kernel
def _scan(cells: Any, labels: Any, best: Any, row: int, column: int, box: Any) -> None:
    """Look at the cells of a box (top, bottom, left, right, all included) that are nearer than the best so far."""
    top, bottom, left, right = box
    code, own = cells[row, column], labels[row, column]
    for r in range(top, bottom + 1):
        rise = (r - row) * (r - row)
        if rise >= best[own]:
            continue
        for c in range(left, right + 1):
            if cells[r, c] != code or labels[r, c] == own:
                continue
            far = rise + (c - column) * (c - column)
            if far < best[own]:
                best[own] = far
            if far < best[labels[r, c]]:
                best[labels[r, c]] = far


@kernel
def _search(cells: Any, labels: Any, count: int, alone: Any, lowest: Any, highest: Any, least: int) -> Any:
    height, width = cells.shape
    down, across = lowest.shape[0], lowest.shape[1]
    best = np.full(count, _FAR, dtype=np.int64)
    for row in range(height):
        for column in range(width):
            code, own = cells[row, column], labels[row, column]
            if code == 0 or alone[code] or best[own] <= least:
                continue
            # where the next cell is the patch's own, it is nearer to everything on that side
            up = row > 0 and cells[row - 1, column] != code
            below = row < height - 1 and cells[row + 1, column] != code
            west = column > 0 and cells[row, column - 1] != code
            east = column < width - 1 and cells[row, column + 1] != code
            if not (up or below or west or east):
                continue
            for reach in (2, 6):
                # the square of two cells holds everything nearer than three
                if reach == 2 or best[own] > 9:
                    top = max(row - reach, 0) if up else row
                    bottom = min(row + reach, height - 1) if below else row
                    left = max(column - reach, 0) if west else column
                    right = min(column + reach, width - 1) if east else column
                    _scan(cells, labels, best, row, column, (top, bottom, left, right))
            if best[own] <= 49:
                continue
            block_row, block_column = row // _BLOCK, column // _BLOCK
            for ring in range(max(down, across)):
                gap = (ring - 1) * _BLOCK + 1
                if ring > 0 and gap * gap >= best[own]:
                    break
                first = max(block_row - ring, 0) if up else block_row
                last = min(block_row + ring, down - 1) if below else block_row
                for i in range(first, last + 1):
                    step = 1 if abs(i - block_row) == ring else max(2 * ring, 1)
                    for j in range(block_column - ring, block_column + ring + 1, step):
                        if j < 0 or j >= across or highest[i, j, code] == 0:
                            continue
                        if (j < block_column and not west) or (j > block_column and not east):
                            continue
                        if lowest[i, j, code] == own and highest[i, j, code] == own:
                            continue
                        top, left = i * _BLOCK, j * _BLOCK
                        bottom, right = min(top + _BLOCK, height) - 1, min(left + _BLOCK, width) - 1
                        rise = max(top - row, row - bottom, 0)
                        run = max(left - column, column - right, 0)
                        if rise * rise + run * run >= best[own]:
                            continue
                        reach = max(height, width)
                        if best[own] < reach * reach:
                            reach = int(math.sqrt(best[own])) + 1
                        top = max(top, row - reach if up else row)
                        bottom = min(bottom, row + reach if below else row)
                        left = max(left, column - reach if west else column)
                        right = min(right, column + reach if east else column)
                        _scan(cells, labels, best, row, column, (top, bottom, left, right))
    return best
