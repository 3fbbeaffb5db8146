"""A packed Hilbert tree over boxes, children implied by position.

Boxes are sorted along a Hilbert curve and packed eight by eight; level upon level of enclosing boxes follow in one
array, so that the tree is three arrays and needs no pointers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spacegov.kernels.jit import inner_kernel, kernel
from spacegov.kernels.ragged import FloatArray, IntArray

FANOUT = 8
# a query keeps at most seven siblings a level waiting, and eight levels hold 16 million boxes, twelve 7e10
STACK = 2 * 8 * 16


class Tree(NamedTuple):
    """The packed tree.

    Attributes
    ----------
    boxes : float64 (T, 4)
        Leaves in Hilbert order, then each level above.
    levels : int64 (L + 1,)
        Where each level begins; the last entry is T.
    items : int64 (P,)
        Which box stands at each leaf.
    """

    boxes: FloatArray
    levels: IntArray
    items: IntArray


@kernel
def _hilbert_keys(boxes: FloatArray, keys: IntArray) -> None:
    """Position of each box's centre along a Hilbert curve of 65536² cells over all boxes."""
    xmin = np.inf
    ymin = np.inf
    xmax = -np.inf
    ymax = -np.inf
    for k in range(len(boxes)):
        xmin = min(xmin, boxes[k, 0])
        ymin = min(ymin, boxes[k, 1])
        xmax = max(xmax, boxes[k, 2])
        ymax = max(ymax, boxes[k, 3])
    x_scale = 65535.0 / max(xmax - xmin, 1e-300)
    y_scale = 65535.0 / max(ymax - ymin, 1e-300)
    for k in range(len(boxes)):
        x = int((0.5 * (boxes[k, 0] + boxes[k, 2]) - xmin) * x_scale)
        y = int((0.5 * (boxes[k, 1] + boxes[k, 3]) - ymin) * y_scale)
        key = 0
        side = 32768
        while side > 0:
            right = 1 if x & side else 0
            upper = 1 if y & side else 0
            key += side * side * ((3 * right) ^ upper)
            if upper == 0:
                if right == 1:
                    x = 65535 - x
                    y = 65535 - y
                x, y = y, x
            side >>= 1
        keys[k] = key


@kernel
def fill_levels(boxes: FloatArray, levels: IntArray) -> None:
    """Enclose eight boxes of a level in one of the next."""
    for level in range(1, len(levels) - 1):
        below = levels[level - 1]
        count = levels[level] - below
        for parent in range(levels[level + 1] - levels[level]):
            target = levels[level] + parent
            for child in range(8 * parent, min(8 * parent + 8, count)):
                boxes[target, 0] = min(boxes[target, 0], boxes[below + child, 0])
                boxes[target, 1] = min(boxes[target, 1], boxes[below + child, 1])
                boxes[target, 2] = max(boxes[target, 2], boxes[below + child, 2])
                boxes[target, 3] = max(boxes[target, 3], boxes[below + child, 3])


def build_tree(boxes: FloatArray) -> Tree:
    """Build the tree over boxes (P, 4); boxes of empty geometries are left out."""
    present = np.flatnonzero(boxes[:, 0] <= boxes[:, 2])
    kept = boxes if len(present) == len(boxes) else boxes[present]
    keys = np.empty(len(kept), np.int64)
    _hilbert_keys(kept, keys)
    order = np.argsort(keys, kind="stable")
    levels = [0, len(kept)]
    width = len(kept)
    while width > 1:
        width = -(-width // FANOUT)
        levels.append(levels[-1] + width)
    packed = np.tile(np.array([np.inf, np.inf, -np.inf, -np.inf]), (levels[-1], 1))
    packed[: len(kept)] = kept[order]
    level_array = np.array(levels, np.int64)
    fill_levels(packed, level_array)
    return Tree(packed, level_array, present[order].astype(np.int64))


@inner_kernel
def next_hit(
    boxes: FloatArray,
    levels: IntArray,
    stack: IntArray,
    depth: int,
    xmin: float,
    ymin: float,
    xmax: float,
    ymax: float,
) -> tuple[int, int]:
    """Advance a query to its next leaf whose box overlaps the given one by a positive area.

    The stack holds (position, level) pairs; start with the root and depth 1. Queries are walked, not collected, so
    that no list of pairs is ever held.

    Returns
    -------
    position, depth : int
        Leaf position, −1 when the query has ended; the depth to pass on.
    """
    while depth > 0:
        depth -= 1
        position = stack[2 * depth]
        level = stack[2 * depth + 1]
        node = levels[level] + position
        if boxes[node, 0] >= xmax or boxes[node, 2] <= xmin or boxes[node, 1] >= ymax or boxes[node, 3] <= ymin:
            continue
        if level == 0:
            return position, depth
        below = levels[level - 1]
        for child in range(8 * position, min(8 * position + 8, levels[level] - below)):
            leaf = below + child
            if boxes[leaf, 0] >= xmax or boxes[leaf, 2] <= xmin or boxes[leaf, 1] >= ymax or boxes[leaf, 3] <= ymin:
                continue
            stack[2 * depth] = child
            stack[2 * depth + 1] = level - 1
            depth += 1
    return -1, 0


@inner_kernel
def collect(
    boxes: FloatArray,
    levels: IntArray,
    stack: IntArray,
    box: FloatArray,
    found: IntArray,
    found_boxes: FloatArray,
) -> int:
    """Collect the leaves whose boxes overlap the given one by a positive area.

    Returns
    -------
    int
        How many there are; −1 when there is no room for them.
    """
    count = 0
    stack[0] = 0
    stack[1] = len(levels) - 2
    depth = 1 if len(boxes) > 0 else 0
    while True:
        leaf, depth = next_hit(boxes, levels, stack, depth, box[0], box[1], box[2], box[3])
        if leaf < 0:
            return count
        if count == len(found):
            return -1
        found[count] = leaf
        for side in range(4):
            found_boxes[side, count] = boxes[leaf, side]
        count += 1


@inner_kernel
def next_collected(
    found_boxes: FloatArray, count: int, position: int, xmin: float, ymin: float, xmax: float, ymax: float
) -> int:
    """Position after `position` of the next collected box that overlaps the given one; `count` when there is none."""
    position += 1
    while position < count and (
        found_boxes[0, position] >= xmax
        or found_boxes[2, position] <= xmin
        or found_boxes[1, position] >= ymax
        or found_boxes[3, position] <= ymin
    ):
        position += 1
    return position
