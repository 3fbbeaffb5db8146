"""Compiled classification of boxes: the strictest zone of each, and the few that need their shape."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from spacegov.kernels.jit import inner_kernel, kernel
from spacegov.kernels.ragged import FloatArray, IntArray
from spacegov.kernels.zone_cells import INSIDE, UNDECIDED, box_in_zone, hair_of

ByteArray = NDArray[np.uint8]
SmallIntArray = NDArray[np.int32]


@kernel
def round_outward(boxes: FloatArray, rounded: NDArray[np.float32]) -> None:
    """Bring boxes (4, n) to single precision so that they enclose the given ones."""
    for side in range(4):
        outward = -1.0 if side < 2 else 1.0
        given = boxes[side]
        taken = rounded[side]
        for k in range(len(given)):
            near = np.float64(np.float32(given[k]))
            # more than half of the last place, so that it is rounded to the next number or the one after
            beyond = near + outward * (9e-8 * abs(near) + 2e-45)
            taken[k] = np.float32(beyond if (given[k] - near) * outward > 0.0 else near)


@inner_kernel
def _add_zone(zone: int, zones: IntArray, count: int) -> int:
    """Add a zone to a short list without repeating it; the new length."""
    for k in range(count):
        if zones[k] == zone:
            return count
    zones[count] = zone
    return count + 1


@kernel
def classify_boxes(
    boxes: FloatArray,
    start: int,
    base: SmallIntArray,
    border_offsets: IntArray,
    border_zones: SmallIntArray,
    levels: IntArray,
    nothing: int,
    coordinates: FloatArray,
    ring_offsets: IntArray,
    geometry_offsets: IntArray,
    xmin: float,
    ymin: float,
    cell: float,
    codes: ByteArray,
    open_rows: IntArray,
    open_zones: IntArray,
) -> tuple[int, int]:
    """Find the strictest zone of boxes from `start` on.

    Every cell a box reaches promises a level: that of the strictest zone which covers the cell wholly. Wherever in
    the box the shape lies, it is at least as strict as the weakest of these promises. Only zones stricter than that,
    which cover or cross one of the cells, are looked at: by the box, and where the box does not decide, by the shape.

    Parameters
    ----------
    boxes : float64 (4, n)
        xmin, ymin, xmax, ymax; not-a-number for an empty shape.
    start : int
        The first box to look at.
    base : int32 (cells, cells)
        Zone that covers a cell wholly, −1 for none.
    border_offsets, border_zones : int64 (cells² + 1,), int32
        Zones stricter than the base whose border crosses a cell.
    levels : int64 (zones,)
        0 is the strictest.
    nothing : int
        The level outside all zones.
    coordinates, ring_offsets, geometry_offsets
        The zones.
    xmin, ymin, cell : float
        Corner and cell size of the grid.
    codes : uint8 (n,)
        Where the levels go.
    open_rows, open_zones : int64
        Where the pairs of box and zone go that need the shape.

    Returns
    -------
    pairs, resume : int
        Pairs written, and the box to go on from: less than n when their room ran out.
    """
    size = base.shape[0]
    # the grid encloses the zones
    hair = hair_of(xmin, ymin, xmin + size * cell, ymin + size * cell)
    candidates = np.empty(len(levels), np.int64)
    pairs = 0
    for k in range(start, boxes.shape[1]):
        left = boxes[0, k]
        lower = boxes[1, k]
        right = boxes[2, k]
        upper = boxes[3, k]
        codes[k] = nothing
        # false for not-a-number
        if not (left <= right and lower <= upper):
            continue
        first_column = math.floor((left - xmin) / cell)
        first_row = math.floor((lower - ymin) / cell)
        last_column = math.floor((right - xmin) / cell)
        last_row = math.floor((upper - ymin) / cell)
        if not (last_column >= 0 and last_row >= 0 and first_column < size and first_row < size):
            continue
        beyond = first_column < 0 or first_row < 0 or last_column >= size or last_row >= size
        column0 = int(max(first_column, 0))
        row0 = int(max(first_row, 0))
        column1 = int(min(last_column, size - 1))
        row1 = int(min(last_row, size - 1))
        promise = nothing if beyond else 0
        plain = True
        for row in range(row0, row1 + 1):
            for column in range(column0, column1 + 1):
                zone = base[row, column]
                promise = max(promise, nothing if zone < 0 else levels[zone])
                cell_number = row * size + column
                if border_offsets[cell_number + 1] > border_offsets[cell_number]:
                    plain = False
        if plain and column0 == column1 and row0 == row1:
            codes[k] = promise
            continue
        count = 0
        for row in range(row0, row1 + 1):
            for column in range(column0, column1 + 1):
                zone = base[row, column]
                if zone >= 0 and levels[zone] < promise:
                    count = _add_zone(zone, candidates, count)
                cell_number = row * size + column
                for t in range(border_offsets[cell_number], border_offsets[cell_number + 1]):
                    if levels[border_zones[t]] < promise:
                        count = _add_zone(border_zones[t], candidates, count)
        if pairs + count > len(open_rows):
            return pairs, k
        best = promise
        for c in range(count):
            zone = candidates[c]
            if levels[zone] >= best:
                continue
            lies = box_in_zone(
                coordinates,
                ring_offsets,
                geometry_offsets[zone],
                geometry_offsets[zone + 1],
                left,
                lower,
                right,
                upper,
                hair,
            )
            if lies == INSIDE:
                best = levels[zone]
            elif lies == UNDECIDED:
                open_rows[pairs] = k
                open_zones[pairs] = zone
                pairs += 1
        codes[k] = best
    return pairs, boxes.shape[1]


@kernel
def boxes_meeting_zone(
    boxes: NDArray[np.float32],
    blocks: IntArray,
    block_size: int,
    codes: ByteArray,
    level: int,
    coordinates: FloatArray,
    ring_offsets: IntArray,
    xmin: float,
    ymin: float,
    xmax: float,
    ymax: float,
    inside: IntArray,
    undecided: IntArray,
) -> tuple[int, int]:
    """Rows of some blocks of boxes that a zone of a level would make stricter: surely, or only their shape tells."""
    surely = 0
    perhaps = 0
    last = len(ring_offsets) - 1
    hair = hair_of(xmin, ymin, xmax, ymax)
    for b in range(len(blocks)):
        for k in range(blocks[b] * block_size, min(boxes.shape[1], (blocks[b] + 1) * block_size)):
            # a conversion by float() would stay in single precision
            left = np.float64(boxes[0, k])
            lower = np.float64(boxes[1, k])
            right = np.float64(boxes[2, k])
            upper = np.float64(boxes[3, k])
            if codes[k] <= level or not (left <= xmax and right >= xmin and lower <= ymax and upper >= ymin):
                continue
            lies = box_in_zone(coordinates, ring_offsets, 0, last, left, lower, right, upper, hair)
            if lies == INSIDE:
                inside[surely] = k
                surely += 1
            elif lies == UNDECIDED:
                undecided[perhaps] = k
                perhaps += 1
    return surely, perhaps
