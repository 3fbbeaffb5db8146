"""The join: pieces of one layer against the tree of another, each pair of geometries' area summed exactly."""

from __future__ import annotations

import math

import numpy as np

from spacegov.kernels.edges import common_area, load_edges
from spacegov.kernels.jit import kernel
from spacegov.kernels.pieces import Pieces
from spacegov.kernels.ragged import FloatArray, IntArray
from spacegov.kernels.tree import STACK, Tree, next_hit

# A pair counts when its area exceeds this many units in the last place of the coordinates along the box the two share:
# less than that cannot be told from touching, since the vertices themselves are rounded by as much.
RESOLUTION_ULPS = 4.0


@kernel
def pair_resolution(a: FloatArray, i: int, b: FloatArray, j: int) -> float:
    """Smallest area of two geometries' intersection that their coordinates can express."""
    width = min(a[i, 2], b[j, 2]) - max(a[i, 0], b[j, 0])
    height = min(a[i, 3], b[j, 3]) - max(a[i, 1], b[j, 1])
    largest = 0.0
    for side in range(4):
        largest = max(largest, max(abs(a[i, side]), abs(b[j, side])))
    return float(RESOLUTION_ULPS * 2.220446049250313e-16 * largest * (width + height))


@kernel
def _sort(values: IntArray, count: int) -> None:
    """Shell sort in place: the lists are short, and numpy's sort would take a second to compile."""
    gap = 1
    while gap < count // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(gap, count):
            value = values[i]
            j = i
            while j >= gap and values[j - gap] > value:
                values[j] = values[j - gap]
                j -= gap
            values[j] = value
        gap //= 3


@kernel
def _load(pieces: Pieces, p: int, xmin: float, ymin: float, width: float, height: float, edges: FloatArray) -> int:
    """Load piece p, from the layer's own vertices or from those of its cut pieces."""
    if pieces.full[p]:
        # a full piece is all below its upper edge, which runs left
        edges[0, 0] = 0.0
        edges[1, 0] = width
        edges[2, 0] = height
        edges[3, 0] = 0.0
        edges[4, 0] = 1.0
        return 1
    own = len(pieces.ring_offsets) - 1
    if pieces.first_ring[p] < own:
        return load_edges(
            pieces.coordinates,
            pieces.ring_offsets,
            pieces.first_ring[p],
            pieces.last_ring[p],
            xmin,
            ymin,
            width,
            height,
            edges,
        )
    return load_edges(
        pieces.cut_coordinates,
        pieces.cut_ring_offsets,
        pieces.first_ring[p] - own,
        pieces.last_ring[p] - own,
        xmin,
        ymin,
        width,
        height,
        edges,
    )


@kernel
def _piece_area(a: Pieces, p: int, b: Pieces, q: int, a_edges: FloatArray, b_edges: FloatArray) -> float:
    """Area common to piece p of layer a and piece q of layer b."""
    xmin = max(a.boxes[p, 0], b.boxes[q, 0])
    ymin = max(a.boxes[p, 1], b.boxes[q, 1])
    width = min(a.boxes[p, 2], b.boxes[q, 2]) - xmin
    height = min(a.boxes[p, 3], b.boxes[q, 3]) - ymin
    if width <= 0.0 or height <= 0.0:
        return 0.0
    if a.full[p] and b.full[q]:
        return float(width * height)
    nb = _load(b, q, xmin, ymin, width, height, b_edges)
    if nb == 0:
        return 0.0
    na = _load(a, p, xmin, ymin, width, height, a_edges)
    return common_area(a_edges, na, b_edges, nb)


@kernel
def join_areas(
    a: Pieces,
    a_boxes: FloatArray,
    b: Pieces,
    b_boxes: FloatArray,
    tree: Tree,
    start: int,
    stop: int,
    upper_only: bool,
    out_a: IntArray,
    out_b: IntArray,
    out_area: FloatArray,
) -> tuple[int, int]:
    """Areas of geometries start … stop of layer a with all geometries of layer b.

    The parts of a pair are summed as whole numbers of a unit that depends on the two boxes alone: the sum is the same
    to the last bit in whatever order the tree gives them.

    Parameters
    ----------
    a, b : Pieces
        The layers.
    a_boxes, b_boxes : float64 (G, 4)
        Boxes of their geometries.
    tree : Tree
        Over the pieces of b.
    upper_only : bool
        Only pairs whose number in b is greater than that in a: a layer with itself.
    out_a, out_b, out_area
        Where the pairs go, sorted by (a, b).

    Returns
    -------
    pairs, resume : int
        Pairs written, and the geometry to go on from: less than `stop` when the room ran out.
    """
    a_edges = np.empty((5, 3 * a.widest + 16))
    b_edges = np.empty((5, 3 * b.widest + 16))
    stack = np.empty(STACK, np.int64)
    # one more than the geometry of a that last met each geometry of b
    seen = np.zeros(len(b_boxes), np.int64)
    parts = np.zeros(len(b_boxes), np.int64)
    unit = np.empty(len(b_boxes))
    touched = np.empty(len(b_boxes), np.int64)
    pairs = 0
    for g in range(start, stop):
        count = 0
        a_cut = a.piece_offsets[g + 1] - a.piece_offsets[g] > 1
        for p in range(a.piece_offsets[g], a.piece_offsets[g + 1]):
            stack[0] = 0
            stack[1] = len(tree.levels) - 2
            depth = 1
            while True:
                leaf, depth = next_hit(
                    tree.boxes,
                    tree.levels,
                    stack,
                    depth,
                    a.boxes[p, 0],
                    a.boxes[p, 1],
                    a.boxes[p, 2],
                    a.boxes[p, 3],
                )
                if leaf < 0:
                    break
                q = tree.items[leaf]
                h = b.owner[q]
                if upper_only and h <= g:
                    continue
                area = _piece_area(a, p, b, q, a_edges, b_edges)
                if not a_cut and b.piece_offsets[h + 1] - b.piece_offsets[h] == 1:
                    parts[h] = 1
                    unit[h] = area
                    touched[count] = h
                    count += 1
                    continue
                if seen[h] != g + 1:
                    seen[h] = g + 1
                    parts[h] = 0
                    unit[h] = _pair_unit(a_boxes, g, b_boxes, h)
                    touched[count] = h
                    count += 1
                parts[h] += int(np.rint(area / unit[h]))
        if pairs + count > len(out_a):
            return pairs, g
        _sort(touched, count)
        for t in range(count):
            h = touched[t]
            area = parts[h] * unit[h]
            if area > pair_resolution(a_boxes, g, b_boxes, h):
                out_a[pairs] = g
                out_b[pairs] = h
                out_area[pairs] = area
                pairs += 1
    return pairs, stop


@kernel
def _pair_unit(a: FloatArray, i: int, b: FloatArray, j: int) -> float:
    """A power of two so small that 2⁶⁰ of them exceed the box two geometries share."""
    width = min(a[i, 2], b[j, 2]) - max(a[i, 0], b[j, 0])
    height = min(a[i, 3], b[j, 3]) - max(a[i, 1], b[j, 1])
    _, exponent = math.frexp(width * height)
    return math.ldexp(1.0, exponent - 60)
