"""The quick test of validity for polygons of many vertices, of several rings, of several parts."""

from __future__ import annotations

import numpy as np

from spacegov.kernels.jit import inner_kernel, kernel
from spacegov.kernels.ragged import BoolArray, FloatArray, IntArray
from spacegov.kernels.rings import ring_area
from spacegov.kernels.screening import apart, goes_on, star_shaped, turn, well_formed
from spacegov.kernels.tree import STACK, fill_levels, next_hit

# runs of this many edges share a box
_RUN = 8
# rings times vertices up to which the nesting of rings is looked into
_MOST_NESTING_WORK = 20_000_000


@inner_kernel
def _crossings(c: FloatArray, start: int, stop: int, x: float, y: float) -> int:
    """How often a ray to the right of a point meets a ring; −1 when rounding leaves it open."""
    count = 0
    for i in range(start, stop - 1):
        if (c[i, 1] > y) != (c[i + 1, 1] > y):
            side = turn(c[i, 0], c[i, 1], c[i + 1, 0], c[i + 1, 1], x, y)
            if side == 0:
                return -1
            if (side > 0) == (c[i + 1, 1] > c[i, 1]):
                count += 1
    return count


@inner_kernel
def _well_nested(c: FloatArray, ring_offsets: IntArray, first: int, last: int, shells: BoolArray) -> bool:
    """Whether rings that touch nowhere are certainly nested as shells and holes must be.

    A hole lies in its own shell and, other shells and holes taken together, in nothing else; a shell lies in nothing.
    """
    own = first
    for r in range(first, last):
        if shells[r - first]:
            own = r
        x = c[ring_offsets[r], 0]
        y = c[ring_offsets[r], 1]
        others = 0
        for s in range(first, last):
            if s == r:
                continue
            count = _crossings(c, ring_offsets[s], ring_offsets[s + 1], x, y)
            if count < 0:
                return False
            inside = count % 2
            if s == own:
                if inside == 0:
                    return False
            elif shells[s - first]:
                others += inside
            else:
                others -= inside
        if others != 0:
            return False
    return True


@inner_kernel
def _boxes_meet(c: FloatArray, i: int, first: int, last: int) -> bool:
    """Whether the box of an edge meets that of any edge from `first` to `last`; without branches, as most do not."""
    left = min(c[i, 0], c[i + 1, 0])
    lower = min(c[i, 1], c[i + 1, 1])
    right = max(c[i, 0], c[i + 1, 0])
    upper = max(c[i, 1], c[i + 1, 1])
    meeting = 0
    for j in range(first, last + 1):
        x_meets = (max(c[j, 0], c[j + 1, 0]) >= left) & (min(c[j, 0], c[j + 1, 0]) <= right)
        y_meets = (max(c[j, 1], c[j + 1, 1]) >= lower) & (min(c[j, 1], c[j + 1, 1]) <= upper)
        meeting += x_meets & y_meets
    return meeting > 0


@inner_kernel
def _edges_apart(
    c: FloatArray, edges: IntArray, follows: IntArray, count: int, boxes: FloatArray, levels: IntArray, stack: IntArray
) -> bool:
    """Whether no two edges of a large geometry certainly touch, save where one follows the other.

    Runs of eight consecutive edges share a box, and a tree over these boxes finds the runs that come near each other.
    """
    runs = (count + _RUN - 1) // _RUN
    levels[0] = 0
    levels[1] = runs
    depth = 1
    width = runs
    while width > 1:
        width = (width + 7) // 8
        levels[depth + 1] = levels[depth] + width
        depth += 1
    for node in range(levels[depth]):
        boxes[node, 0] = np.inf
        boxes[node, 1] = np.inf
        boxes[node, 2] = -np.inf
        boxes[node, 3] = -np.inf
    for e in range(count):
        run = e // _RUN
        for i in range(edges[e], edges[e] + 2):
            # a hair wider, since the tree tells apart boxes that only touch
            x_hair = 4e-16 * abs(c[i, 0]) + 1e-300
            y_hair = 4e-16 * abs(c[i, 1]) + 1e-300
            boxes[run, 0] = min(boxes[run, 0], c[i, 0] - x_hair)
            boxes[run, 1] = min(boxes[run, 1], c[i, 1] - y_hair)
            boxes[run, 2] = max(boxes[run, 2], c[i, 0] + x_hair)
            boxes[run, 3] = max(boxes[run, 3], c[i, 1] + y_hair)
    fill_levels(boxes, levels[: depth + 1])
    for run in range(runs):
        stack[0] = 0
        stack[1] = depth - 1
        waiting = 1
        while True:
            other, waiting = next_hit(
                boxes, levels, stack, waiting, boxes[run, 0], boxes[run, 1], boxes[run, 2], boxes[run, 3]
            )
            if other < 0:
                break
            if other < run:
                continue
            for e in range(run * _RUN, min(run * _RUN + _RUN, count)):
                i = edges[e]
                if (
                    max(c[i, 0], c[i + 1, 0]) < boxes[other, 0]
                    or min(c[i, 0], c[i + 1, 0]) > boxes[other, 2]
                    or max(c[i, 1], c[i + 1, 1]) < boxes[other, 1]
                    or min(c[i, 1], c[i + 1, 1]) > boxes[other, 3]
                ):
                    continue
                # the edge that follows always meets this one, which is looked at elsewhere
                first_edge = max(other * _RUN, e + 1)
                last_edge = min(other * _RUN + _RUN, count)
                if first_edge < last_edge and follows[e] == first_edge:
                    first_edge += 1
                if first_edge >= last_edge or not _boxes_meet(c, i, edges[first_edge], edges[last_edge - 1]):
                    continue
                for f in range(first_edge, last_edge):
                    if follows[f] == e:
                        continue
                    if not apart(c, i, edges[f]):
                        return False
    return True


@inner_kernel
def _large_geometry(c: FloatArray, ring_offsets: IntArray, first: int, last: int, shells: BoolArray) -> bool:
    """Whether a geometry of many edges or several rings is certainly valid."""
    most = ring_offsets[last] - ring_offsets[first]
    if (last - first) * most > _MOST_NESTING_WORK:
        return False
    edges = np.empty(most, np.int64)
    follows = np.empty(most, np.int64)
    count = 0
    for r in range(first, last):
        start = ring_offsets[r]
        stop = ring_offsets[r + 1]
        ring_first = count
        for i in range(start, stop - 1):
            if not goes_on(c, i, i + 1 if i < stop - 2 else start):
                return False
            edges[count] = i
            follows[count] = count + 1
            count += 1
        follows[count - 1] = ring_first
    boxes = np.empty((count // 4 + 32, 4))
    levels = np.empty(40, np.int64)
    if not _edges_apart(c, edges, follows, count, boxes, levels, np.empty(STACK, np.int64)):
        return False
    return last - first == 1 or _well_nested(c, ring_offsets, first, last, shells)


@kernel
def screen_large(
    c: FloatArray, ring_offsets: IntArray, geometry_offsets: IntArray, rows: IntArray, sure: BoolArray
) -> None:
    """Mark those of some geometries that are certainly valid."""
    for k in range(len(rows)):
        first = geometry_offsets[rows[k]]
        last = geometry_offsets[rows[k] + 1]
        if not well_formed(c, ring_offsets, first, last):
            continue
        if last - first == 1 and star_shaped(c, ring_offsets[first], ring_offsets[last]):
            sure[rows[k]] = True
            continue
        shells = np.empty(last - first, np.bool_)
        for r in range(first, last):
            shells[r - first] = ring_area(c, ring_offsets[r], ring_offsets[r + 1]) > 0.0
        sure[rows[k]] = shells[0] and _large_geometry(c, ring_offsets, first, last, shells)
