"""Compiled passes over points: the first place that holds each, and who was seen there before."""

from __future__ import annotations

import numpy as np

from spacegov.kernels.jit import inner_kernel, kernel
from spacegov.kernels.ragged import BoolArray, FloatArray, IntArray
from spacegov.kernels.tree import STACK, next_hit
from spacegov.kernels.zone_cells import INSIDE, UNDECIDED, box_in_zone, hair_of

# an odd number near 2⁶⁴ over the golden ratio: products spread over all bits
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_FREE = -1


@kernel
def search_places(
    points: FloatArray,
    start: int,
    tree_boxes: FloatArray,
    levels: IntArray,
    items: IntArray,
    owner: IntArray,
    full: BoolArray,
    whole: BoolArray,
    first_ring: IntArray,
    last_ring: IntArray,
    coordinates: FloatArray,
    ring_offsets: IntArray,
    cut_coordinates: FloatArray,
    cut_ring_offsets: IntArray,
    first: IntArray,
    open_rows: IntArray,
    open_places: IntArray,
) -> tuple[int, int]:
    """Find the first place that surely holds each point, from `start` on, and the pairs that only GEOS can decide.

    Parameters
    ----------
    points : float64 (N, 2)
        Not-a-number for an empty point.
    start : int
        The first point to look at.
    tree_boxes, levels, items
        A packed tree over the boxes of pieces.
    owner, full, whole, first_ring, last_ring, coordinates, ring_offsets, cut_coordinates, cut_ring_offsets
        The pieces; `whole` says that a piece is a place uncut.
    first : int64 (N,)
        Where the lowest place that surely holds a point goes; holds the number of places at the start.
    open_rows, open_places : int64
        Where the pairs go of a point and a place, lower than its first, that it may lie on the border of.

    Returns
    -------
    pairs, resume : int
        Pairs written, and the point to go on from: less than N when their room ran out.
    """
    own_rings = len(ring_offsets) - 1
    stack = np.empty(STACK, np.int64)
    if not len(tree_boxes):
        return 0, len(points)
    root = tree_boxes[len(tree_boxes) - 1]
    hair = hair_of(root[0], root[1], root[2], root[3])
    pairs = 0
    for k in range(start, len(points)):
        x = points[k, 0]
        y = points[k, 1]
        if not (x == x and y == y):
            continue
        before = pairs
        best = first[k]
        stack[0] = 0
        stack[1] = len(levels) - 2
        depth = 1
        while True:
            leaf, depth = next_hit(tree_boxes, levels, stack, depth, x - hair, y - hair, x + hair, y + hair)
            if leaf < 0:
                break
            piece = items[leaf]
            place = owner[piece]
            if place >= best:
                continue
            # a cut piece says nothing beyond its box, and on the border of it an edge of the place may run
            within = (
                whole[piece]
                or min(
                    x - tree_boxes[leaf, 0], tree_boxes[leaf, 2] - x, y - tree_boxes[leaf, 1], tree_boxes[leaf, 3] - y
                )
                > hair
            )
            ring = first_ring[piece]
            if not within:
                lies = UNDECIDED
            elif full[piece]:
                lies = INSIDE
            elif ring < own_rings:
                lies = box_in_zone(coordinates, ring_offsets, ring, last_ring[piece], x, y, x, y, hair)
            else:
                lies = box_in_zone(
                    cut_coordinates, cut_ring_offsets, ring - own_rings, last_ring[piece] - own_rings, x, y, x, y, hair
                )
            if lies == INSIDE:
                best = place
            elif lies == UNDECIDED:
                if pairs == len(open_rows):
                    return before, k
                open_rows[pairs] = k
                open_places[pairs] = place
                pairs += 1
        first[k] = best
    return pairs, len(points)


@inner_kernel
def _slot(cells: IntArray, people: IntArray, cell: int, person: int) -> int:
    """Where a pair stands in a table of open addressing, or the free slot where it would."""
    mask = len(cells) - 1
    mixed = (np.uint64(cell) ^ (np.uint64(person) * _SPREAD)) * _SPREAD
    slot = int(mixed >> np.uint64(32)) & mask
    while cells[slot] != _FREE and not (cells[slot] == cell and people[slot] == person):
        slot = (slot + 1) & mask
    return slot


@kernel
def add_pairs(cells: IntArray, people: IntArray, new_cells: IntArray, new_people: IntArray) -> int:
    """Put pairs into a table whose length is a power of two and more than they all need; how many were new."""
    count = 0
    for k in range(len(new_cells)):
        slot = _slot(cells, people, new_cells[k], new_people[k])
        if cells[slot] == _FREE:
            cells[slot] = new_cells[k]
            people[slot] = new_people[k]
            count += 1
    return count
