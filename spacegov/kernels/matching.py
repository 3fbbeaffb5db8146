"""Pairs of two laid-out layers, with threads and room for the answer."""

from __future__ import annotations

import numpy as np

from spacegov.kernels.join import join_areas
from spacegov.kernels.parallel import balanced_slices, in_threads
from spacegov.kernels.pieces import Pieces, cut_pieces
from spacegov.kernels.ragged import FloatArray, IntArray, Ragged
from spacegov.kernels.tree import Tree, build_tree

PairList = tuple[IntArray, IntArray, FloatArray]

# room for pairs at first; more is made when it runs out
_ROOM = 1 << 14
_ROOM_PER_ROW = 4
_MUCH_LARGER = 4


def match(a: Ragged, b: Ragged, *, threads: int) -> PairList:
    """Pairs of a and b, sorted by (a, b)."""
    if not len(a) or not len(b):
        return no_pairs()
    if len(b) > _MUCH_LARGER * len(a):
        # the tree is built over the smaller layer; areas are the same either way
        right, left, areas = match(b, a, threads=threads)
        order = np.argsort(left, kind="stable")
        return left[order], right[order], areas[order]
    a_pieces, b_pieces = cut_pieces(a, threads=threads), cut_pieces(b, threads=threads)
    return join_layers(a, a_pieces, b, b_pieces, build_tree(b_pieces.boxes), upper_only=False, threads=threads)


def match_self(layer: Ragged, *, threads: int) -> PairList:
    """Pairs i < j of one layer, sorted."""
    if not len(layer):
        return no_pairs()
    pieces = cut_pieces(layer, threads=threads)
    return join_layers(layer, pieces, layer, pieces, build_tree(pieces.boxes), upper_only=True, threads=threads)


def no_pairs() -> PairList:
    """An empty list of pairs."""
    return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)


def join_layers(
    a: Ragged, a_pieces: Pieces, b: Ragged, b_pieces: Pieces, tree: Tree, *, upper_only: bool, threads: int
) -> PairList:
    """Join in slices of a; the answer is the same however it is sliced."""

    def work(rows: tuple[int, int]) -> PairList:
        return join_slice(a, a_pieces, b, b_pieces, tree, rows, upper_only=upper_only)

    parts = list(in_threads(work, balanced_slices(a.vertex_counts + 1, threads), threads))
    if not parts:
        return no_pairs()
    left, right, areas = (np.concatenate(column) for column in zip(*parts, strict=True))
    return left, right, areas


def join_slice(
    a: Ragged,
    a_pieces: Pieces,
    b: Ragged,
    b_pieces: Pieces,
    tree: Tree,
    rows: tuple[int, int],
    *,
    upper_only: bool,
) -> PairList:
    """Join rows of a with all of b; where the room for pairs runs out, go on from there with more."""
    if not len(tree.items):
        # rows of b, but none with a shape: there is no root to start a query from
        return no_pairs()
    found: list[PairList] = []
    resume, stop = rows
    room = _ROOM + _ROOM_PER_ROW * (stop - resume)
    while resume < stop:
        left, right, areas = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room)
        count, resume = join_areas(
            a_pieces, a.boxes, b_pieces, b.boxes, tree, resume, stop, upper_only, left, right, areas
        )
        found.append((left[:count], right[:count], areas[:count]))
        room *= 2
    if len(found) == 1:
        return found[0]
    left, right, areas = (np.concatenate(column) for column in zip(*found, strict=True))
    return left, right, areas
