"""Compiled passes over zones: which cells of a grid a zone covers or crosses, and how it lies to a box."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from spacegov.kernels.jit import inner_kernel, kernel
from spacegov.kernels.ragged import FloatArray, IntArray

ByteArray = NDArray[np.uint8]

# bits of a cell while a zone is drawn, and what they come to
_BORDER, _FLIP = 1, 4
CROSSED, COVERED = 1, 2
# borders are drawn this much of a cell wider, so that rounding never hides one
_MARGIN = 1e-6

OUTSIDE, INSIDE, UNDECIDED = 0, 1, 2


@inner_kernel
def _draw_edge(xa: float, ya: float, xb: float, yb: float, cells: ByteArray) -> None:
    """Mark the cells an edge passes, and flip the centres to the right of it; coordinates count in cells."""
    rows, columns = cells.shape
    if ya > yb:
        xa, xb = xb, xa
        ya, yb = yb, ya
    for row in range(max(math.floor(ya - _MARGIN), 0), min(math.floor(yb + _MARGIN), rows - 1) + 1):
        first = 0.0
        last = 1.0
        if yb > ya:
            first = max((row - _MARGIN - ya) / (yb - ya), 0.0)
            last = min((row + 1 + _MARGIN - ya) / (yb - ya), 1.0)
        start = xa + first * (xb - xa)
        stop = xa + last * (xb - xa)
        left = max(math.floor(min(start, stop) - _MARGIN), 0)
        for column in range(left, min(math.floor(max(start, stop) + _MARGIN), columns - 1) + 1):
            # several edges meet in a cell: the bit is added, the others stay
            cells[row, column] |= _BORDER
    for row in range(max(math.floor(ya - 0.5), 0), min(math.floor(yb - 0.5), rows - 1) + 1):
        centre = row + 0.5
        if ya <= centre < yb:
            column = max(math.floor(xa + (centre - ya) / (yb - ya) * (xb - xa) + 0.5), 0)
            if column < columns:
                cells[row, column] ^= _FLIP


@kernel
def draw_zone(
    coordinates: FloatArray,
    ring_offsets: IntArray,
    first: int,
    last: int,
    xmin: float,
    ymin: float,
    cell: float,
    cells: ByteArray,
) -> None:
    """Draw a zone into a window of cells whose corner is (xmin, ymin): each becomes CROSSED, COVERED or 0."""
    for r in range(first, last):
        for i in range(ring_offsets[r], ring_offsets[r + 1] - 1):
            _draw_edge(
                (coordinates[i, 0] - xmin) / cell,
                (coordinates[i, 1] - ymin) / cell,
                (coordinates[i + 1, 0] - xmin) / cell,
                (coordinates[i + 1, 1] - ymin) / cell,
                cells,
            )
    for row in range(cells.shape[0]):
        inside = False
        for column in range(cells.shape[1]):
            if cells[row, column] & _FLIP:
                inside = not inside
            if cells[row, column] & _BORDER:
                cells[row, column] = CROSSED
            else:
                cells[row, column] = COVERED if inside else 0


@inner_kernel
def hair_of(xmin: float, ymin: float, xmax: float, ymax: float) -> float:
    """What rounding can move no coordinate within a box by, with a margin of a million."""
    return 1e-9 * (abs(xmin) + abs(ymin) + abs(xmax) + abs(ymax))


@inner_kernel
def box_in_zone(
    coordinates: FloatArray,
    ring_offsets: IntArray,
    first: int,
    last: int,
    xmin: float,
    ymin: float,
    xmax: float,
    ymax: float,
    hair: float,
) -> int:
    """How a box lies to a zone: INSIDE, OUTSIDE, or UNDECIDED when an edge of the zone comes within a hair of it.

    An edge misses the box when one of three axes keeps them apart: x, y, and the normal of the edge. The hair is to be
    far more than the rounding of the zone's coordinates, see `hair_of`.
    """
    x_middle = 0.5 * (xmin + xmax)
    y_middle = 0.5 * (ymin + ymax)
    inside = False
    for r in range(first, last):
        for i in range(ring_offsets[r], ring_offsets[r + 1] - 1):
            px = coordinates[i, 0]
            py = coordinates[i, 1]
            qx = coordinates[i + 1, 0]
            qy = coordinates[i + 1, 1]
            if not (
                max(px, qx) < xmin - hair
                or min(px, qx) > xmax + hair
                or max(py, qy) < ymin - hair
                or min(py, qy) > ymax + hair
            ):
                nx = qy - py
                ny = px - qx
                distance = abs(nx * (x_middle - px) + ny * (y_middle - py))
                reach = 0.5 * (abs(nx) * (xmax - xmin) + abs(ny) * (ymax - ymin))
                if distance <= reach + hair * (abs(nx) + abs(ny)):
                    return UNDECIDED
            if (py > ymin) != (qy > ymin) and xmin < px + (ymin - py) / (qy - py) * (qx - px):
                inside = not inside
    return INSIDE if inside else OUTSIDE
