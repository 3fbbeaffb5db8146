"""A quick test that a polygon is certainly valid.

Every step either proves what it needs, in spite of rounding, or gives up: what is not proved here is left to GEOS,
so that the decision is always the same as GEOS would make, at a tenth of the time for ordinary layers.
"""

from __future__ import annotations

import numpy as np

from spacegov.kernels.jit import inner_kernel, kernel
from spacegov.kernels.ragged import BoolArray, FloatArray, IntArray

# rings up to this many vertices are tested by all pairs of their edges
SHORT_RING = 40


@kernel
def turn(ax: float, ay: float, bx: float, by: float, cx: float, cy: float) -> int:
    """On which side of the line a → b the point c lies: 1 left, −1 right, 0 when rounding leaves it open."""
    first = (bx - ax) * (cy - ay)
    second = (by - ay) * (cx - ax)
    bound = 3.3306690738754716e-16 * (abs(first) + abs(second))
    if first - second > bound:
        return 1
    if second - first > bound:
        return -1
    return 0


@kernel
def apart(c: FloatArray, i: int, j: int) -> bool:
    """Whether two edges, each given by its first vertex, certainly have no point in common."""
    ax = c[i, 0]
    ay = c[i, 1]
    bx = c[i + 1, 0]
    by = c[i + 1, 1]
    px = c[j, 0]
    py = c[j, 1]
    qx = c[j + 1, 0]
    qy = c[j + 1, 1]
    if max(ax, bx) < min(px, qx) or max(px, qx) < min(ax, bx):
        return True
    if max(ay, by) < min(py, qy) or max(py, qy) < min(ay, by):
        return True
    if turn(ax, ay, bx, by, px, py) * turn(ax, ay, bx, by, qx, qy) > 0:
        return True
    return bool(turn(px, py, qx, qy, ax, ay) * turn(px, py, qx, qy, bx, by) > 0)


@inner_kernel
def goes_on(c: FloatArray, i: int, j: int) -> bool:
    """Whether edge j, which begins where edge i ends, certainly does not run back over it."""
    ux = c[i + 1, 0] - c[i, 0]
    uy = c[i + 1, 1] - c[i, 1]
    vx = c[j + 1, 0] - c[j, 0]
    vy = c[j + 1, 1] - c[j, 1]
    if (ux == 0.0 and uy == 0.0) or (vx == 0.0 and vy == 0.0):
        return False
    if turn(c[i, 0], c[i, 1], c[i + 1, 0], c[i + 1, 1], c[j + 1, 0], c[j + 1, 1]) != 0:
        return True
    return bool(ux * vx + uy * vy > 0.0)


@inner_kernel
def star_shaped(c: FloatArray, start: int, stop: int) -> bool:
    """Whether a ring certainly winds once round the middle of its box, every edge turning the same way.

    Such a ring is simple, whatever its length, and most parcels and buildings are such rings.
    """
    left = np.inf
    lower = np.inf
    right = -np.inf
    upper = -np.inf
    for i in range(start, stop):
        left = min(left, c[i, 0])
        lower = min(lower, c[i, 1])
        right = max(right, c[i, 0])
        upper = max(upper, c[i, 1])
    x = 0.5 * (left + right)
    y = 0.5 * (lower + upper)
    leftward = 0
    rightward = 0
    risings = 0
    for i in range(start, stop - 1):
        first = (c[i, 0] - x) * (c[i + 1, 1] - y)
        second = (c[i, 1] - y) * (c[i + 1, 0] - x)
        # the differences too are rounded
        bound = 8.881784197001252e-16 * (abs(first) + abs(second))
        leftward += first - second > bound
        rightward += second - first > bound
        risings += (c[i, 1] <= y) & (c[i + 1, 1] > y)
    return bool(risings == 1 and (leftward == stop - start - 1 or rightward == stop - start - 1))


@inner_kernel
def _simple_ring(c: FloatArray, start: int, stop: int) -> bool:
    """Whether a short ring is certainly simple, by all pairs of its edges."""
    last = stop - 2
    for i in range(start, stop - 1):
        if not goes_on(c, i, i + 1 if i < last else start):
            return False
        for j in range(i + 2, stop - 1):
            if i == start and j == last:
                continue
            if not apart(c, i, j):
                return False
    return True


@inner_kernel
def well_formed(c: FloatArray, ring_offsets: IntArray, first: int, last: int) -> bool:
    """Whether rings are closed, long enough, and finite."""
    for r in range(first, last):
        start = ring_offsets[r]
        stop = ring_offsets[r + 1]
        if stop - start < 4 or c[start, 0] != c[stop - 1, 0] or c[start, 1] != c[stop - 1, 1]:
            return False
        for i in range(start, stop):
            if not (abs(c[i, 0]) < np.inf and abs(c[i, 1]) < np.inf):
                return False
    return True


@kernel
def screen_simple(
    c: FloatArray, ring_offsets: IntArray, geometry_offsets: IntArray, start: int, stop: int, sure: BoolArray
) -> None:
    """Mark the geometries start … stop that are certainly valid: nothing, or one short ring."""
    for g in range(start, stop):
        first = geometry_offsets[g]
        last = geometry_offsets[g + 1]
        sure[g] = first == last
        if last - first == 1 and ring_offsets[last] - ring_offsets[first] <= SHORT_RING:
            formed = well_formed(c, ring_offsets, first, last)
            sure[g] = formed and (
                star_shaped(c, ring_offsets[first], ring_offsets[last])
                or _simple_ring(c, ring_offsets[first], ring_offsets[last])
            )
