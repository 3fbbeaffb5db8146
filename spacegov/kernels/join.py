"""The join: pieces of one layer against the tree of another, each pair of geometries' area summed exactly."""

from __future__ import annotations

import math

import numpy as np

from spacegov.kernels.edges import common_area, load_all_edges, load_edges
from spacegov.kernels.jit import inner_kernel, kernel
from spacegov.kernels.pieces import Pieces
from spacegov.kernels.ragged import FloatArray, IntArray
from spacegov.kernels.tree import STACK, Tree, collect, next_collected, next_hit

# A pair counts when its area exceeds this many units in the last place of the coordinates along the box the two share:
# less than that cannot be told from touching, since the vertices themselves are rounded by as much.
RESOLUTION_ULPS = 4.0
# up to this many pairs of edges, taking all of them is quicker than picking those that meet the box
FEW_PAIRS = 1600
# neighbours in the layer mostly lie near each other: what is near so many is looked up in the tree once, unless it is
# more than so much
BLOCK = 16
NEAR = 64


@inner_kernel
def pair_resolution(a: FloatArray, i: int, b: FloatArray, j: int) -> float:
    """Smallest area of two geometries' intersection that their coordinates can express."""
    width = min(a[i, 2], b[j, 2]) - max(a[i, 0], b[j, 0])
    height = min(a[i, 3], b[j, 3]) - max(a[i, 1], b[j, 1])
    largest = 0.0
    for side in range(4):
        largest = max(largest, max(abs(a[i, side]), abs(b[j, side])))
    return float(RESOLUTION_ULPS * 2.220446049250313e-16 * largest * (width + height))


@inner_kernel
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


@inner_kernel
def _load(
    coordinates: FloatArray,
    ring_offsets: IntArray,
    cut_coordinates: FloatArray,
    cut_ring_offsets: IntArray,
    first: int,
    last: int,
    full: bool,
    xmin: float,
    ymin: float,
    width: float,
    height: float,
    edges: FloatArray,
) -> int:
    """Load a piece, from the layer's own vertices or from those of its cut pieces."""
    if full:
        # a full piece is all below its upper edge, which runs left
        edges[0, 0] = 0.0
        edges[1, 0] = width
        edges[2, 0] = height
        edges[3, 0] = 0.0
        edges[4, 0] = 1.0
        return 1
    own = len(ring_offsets) - 1
    if first < own:
        return load_edges(coordinates, ring_offsets, first, last, xmin, ymin, width, height, edges)
    return load_edges(cut_coordinates, cut_ring_offsets, first - own, last - own, xmin, ymin, width, height, edges)


@inner_kernel
def _box_around(boxes: FloatArray, start: int, stop: int, around: FloatArray) -> None:
    """The box around boxes start … stop."""
    for side in range(2):
        lower = np.inf
        upper = -np.inf
        for k in range(start, stop):
            lower = min(lower, boxes[k, side])
            upper = max(upper, boxes[k, side + 2])
        around[side] = lower
        around[side + 2] = upper


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
    # arrays are taken out of the tuples once: each access would count references, which costs more than an edge
    a_boxes_of_pieces, a_first, a_last, a_full, a_pieces = a.boxes, a.first_ring, a.last_ring, a.full, a.piece_offsets
    b_boxes_of_pieces, b_first, b_last, b_full, b_pieces = b.boxes, b.first_ring, b.last_ring, b.full, b.piece_offsets
    a_xy, a_rings, a_cut_xy, a_cut_rings = a.coordinates, a.ring_offsets, a.cut_coordinates, a.cut_ring_offsets
    b_xy, b_rings, b_cut_xy, b_cut_rings = b.coordinates, b.ring_offsets, b.cut_coordinates, b.cut_ring_offsets
    b_owner, tree_boxes, tree_levels, tree_items = b.owner, tree.boxes, tree.levels, tree.items
    a_own = len(a_rings) - 1
    b_own = len(b_rings) - 1
    a_edges = np.empty((5, 3 * a.widest + 16))
    b_edges = np.empty((5, 3 * b.widest + 16))
    stack = np.empty(STACK, np.int64)
    # one more than the geometry of a that last met each geometry of b
    seen = np.zeros(len(b_boxes), np.int64)
    parts = np.zeros(len(b_boxes), np.int64)
    unit = np.empty(len(b_boxes))
    touched = np.empty(len(b_boxes), np.int64)
    near = np.empty(NEAR, np.int64)
    near_boxes = np.empty((4, NEAR))
    near_count = -1
    block_stop = start
    around = np.empty(4)
    pairs = 0
    for g in range(start, stop):
        if g == block_stop:
            block_stop = min(g + BLOCK, stop)
            _box_around(a_boxes, g, block_stop, around)
            near_count = collect(tree_boxes, tree_levels, stack, around, near, near_boxes)
        count = 0
        a_cut = a_pieces[g + 1] - a_pieces[g] > 1
        for p in range(a_pieces[g], a_pieces[g + 1]):
            left = a_boxes_of_pieces[p, 0]
            lower = a_boxes_of_pieces[p, 1]
            right = a_boxes_of_pieces[p, 2]
            upper = a_boxes_of_pieces[p, 3]
            stack[0] = 0
            stack[1] = len(tree_levels) - 2
            # a layer of nothing but empty geometries has a tree without a root
            depth = 1 if len(tree_items) > 0 else 0
            position = -1
            while True:
                if near_count >= 0:
                    position = next_collected(near_boxes, near_count, position, left, lower, right, upper)
                    if position == near_count:
                        break
                    leaf = near[position]
                else:
                    leaf, depth = next_hit(tree_boxes, tree_levels, stack, depth, left, lower, right, upper)
                    if leaf < 0:
                        break
                q = tree_items[leaf]
                h = b_owner[q]
                if upper_only and h <= g:
                    continue
                x = max(left, b_boxes_of_pieces[q, 0])
                y = max(lower, b_boxes_of_pieces[q, 1])
                width = min(right, b_boxes_of_pieces[q, 2]) - x
                height = min(upper, b_boxes_of_pieces[q, 3]) - y
                if a_full[p] and b_full[q]:
                    area = width * height
                elif (
                    a_first[p] < a_own
                    and b_first[q] < b_own
                    and (a_rings[a_last[p]] - a_rings[a_first[p]]) * (b_rings[b_last[q]] - b_rings[b_first[q]])
                    <= FEW_PAIRS
                ):
                    na = load_all_edges(a_xy, a_rings, a_first[p], a_last[p], x, y, width, a_edges)
                    nb = load_all_edges(b_xy, b_rings, b_first[q], b_last[q], x, y, width, b_edges)
                    area = common_area(a_edges, na, b_edges, nb)
                else:
                    na = 0
                    nb = _load(
                        b_xy,
                        b_rings,
                        b_cut_xy,
                        b_cut_rings,
                        b_first[q],
                        b_last[q],
                        b_full[q],
                        x,
                        y,
                        width,
                        height,
                        b_edges,
                    )
                    if nb > 0:
                        na = _load(
                            a_xy,
                            a_rings,
                            a_cut_xy,
                            a_cut_rings,
                            a_first[p],
                            a_last[p],
                            a_full[p],
                            x,
                            y,
                            width,
                            height,
                            a_edges,
                        )
                    area = common_area(a_edges, na, b_edges, nb)
                if not a_cut and b_pieces[h + 1] - b_pieces[h] == 1:
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


@inner_kernel
def _pair_unit(a: FloatArray, i: int, b: FloatArray, j: int) -> float:
    """A power of two so small that 2⁶⁰ of them exceed the box two geometries share."""
    width = min(a[i, 2], b[j, 2]) - max(a[i, 0], b[j, 0])
    height = min(a[i, 3], b[j, 3]) - max(a[i, 1], b[j, 1])
    _, exponent = math.frexp(width * height)
    return math.ldexp(1.0, exponent - 60)
