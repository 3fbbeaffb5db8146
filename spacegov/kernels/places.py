"""The first of many places that holds each of many points, and how many different people were there."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from spacegov.kernels.compilation import ensure_compiled
from spacegov.kernels.parallel import even_slices, in_threads
from spacegov.kernels.pieces import cut_pieces
from spacegov.kernels.ragged import FloatArray, IntArray, from_shapely

# pairs that only GEOS can decide, by point; more room is made when it runs out
_OPEN_SHARE = 0.25
_FREE = -1
# cells along each side in which points are put in order
_CELLS = 256


class Places:
    """Polygons made ready once, to be asked for many points.

    Parameters
    ----------
    shapes : object (G,)
        Valid shapely polygons and multipolygons; they may overlap, be empty or missing.
    threads : int
        Threads to use.

    Notes
    -----
    Large polygons are cut into pieces, and all pieces stand in a packed tree: a point costs the walk down to the few
    pieces around it, whatever the number of places. Points within 1e-9 of their coordinates from a border are decided
    by GEOS.
    """

    def __init__(self, shapes: NDArray[Any], *, threads: int = 1) -> None:
        ensure_compiled("places")
        from spacegov.kernels.tree import build_tree

        self._shapes = shapes
        self._threads = threads
        pieces = cut_pieces(from_shapely(shapes, "places", threads=threads), threads=threads)
        self._pieces = pieces
        self._whole = np.asarray(~pieces.full & (pieces.first_ring < len(pieces.ring_offsets) - 1))
        self._tree = build_tree(pieces.boxes)

    def __len__(self) -> int:
        return len(self._shapes)

    def first(self, points: FloatArray) -> IntArray:
        """Row of the first place that each point (N, 2) lies in or on the border of; the number of places for none.

        Examples
        --------
        >>> places = Places(np.array([shapely.box(0, 0, 2, 2), shapely.box(1, 0, 4, 2)], dtype=object))
        >>> places.first(np.array([[1.5, 1.0], [2.5, 1.0], [4.0, 2.0], [9.0, 9.0]])).tolist()
        [0, 1, 1, 2]
        """
        points = np.asarray(points, dtype=np.float64)
        order = self._near_each_other(points)
        found = np.empty(len(points), np.int64)
        found[order] = self._first(points[order])
        return found

    def _near_each_other(self, points: FloatArray) -> IntArray:
        """Order points in rows of cells: neighbours walk down the same branches, which then are at hand."""
        if not len(points) or not len(self._tree.boxes):
            return np.arange(len(points))
        low, high = self._tree.boxes[-1, :2], self._tree.boxes[-1, 2:]
        cells = (
            np.nan_to_num((points - low) / np.maximum(high - low, 1e-300) * _CELLS).clip(0, _CELLS - 1).astype(np.int64)
        )
        # every second row runs backwards
        column = np.where(cells[:, 1] & 1, _CELLS - 1 - cells[:, 0], cells[:, 0])
        return np.argsort(cells[:, 1] * _CELLS + column, kind="stable")

    def _first(self, points: FloatArray) -> IntArray:
        """The same for points in order."""
        found = np.full(len(points), len(self), np.int64)
        slices = even_slices(len(points), self._threads)
        for rows, places in in_threads(lambda part: self._search(points, found, *part), slices, self._threads):
            lower = places < found[rows]
            rows, places = rows[lower], places[lower]
            met = shapely.intersects_xy(self._shapes[places], points[rows, 0], points[rows, 1])
            np.minimum.at(found, rows[met], places[met])
        return found

    def _search(self, points: FloatArray, found: IntArray, start: int, stop: int) -> tuple[IntArray, IntArray]:
        """Search for a slice of the points; gives the pairs of row and place left open."""
        from spacegov.kernels.place_search import search_places

        pieces, tree = self._pieces, self._tree
        room = int(_OPEN_SHARE * (stop - start)) + 64
        rows: list[IntArray] = []
        places: list[IntArray] = []
        resume = 0
        while resume < stop - start:
            open_rows, open_places = np.empty(room, np.int64), np.empty(room, np.int64)
            began = resume
            count, resume = search_places(
                points[start:stop],
                resume,
                tree.boxes,
                tree.levels,
                tree.items,
                pieces.owner,
                pieces.full,
                self._whole,
                pieces.first_ring,
                pieces.last_ring,
                pieces.coordinates,
                pieces.ring_offsets,
                pieces.cut_coordinates,
                pieces.cut_ring_offsets,
                found[start:stop],
                open_rows,
                open_places,
            )
            rows.append(open_rows[:count] + start)
            places.append(open_places[:count])
            if resume == began:
                room *= 2
        if not rows:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        return np.concatenate(rows), np.concatenate(places)


class DistinctPairs:
    """Different pairs of a cell and a person, counted by cell.

    A table of open addressing: a pair costs one look, however many are held; 16 bytes for each of up to twice as many
    slots as pairs.

    Examples
    --------
    >>> seen = DistinctPairs()
    >>> seen.add(np.array([5, 5, 7]), np.array([1, 1, 1]))
    >>> seen.add(np.array([5]), np.array([2]))
    >>> seen.counts()
    (array([5, 7]), array([2, 1]))
    """

    def __init__(self) -> None:
        ensure_compiled("places")
        self._cells = np.full(1 << 16, _FREE, np.int64)
        self._people = np.empty(1 << 16, np.int64)
        self._held = 0

    def add(self, cells: IntArray, people: IntArray) -> None:
        """Take pairs, cells of 0 and more, people any 64 bits; those held already change nothing."""
        from spacegov.kernels.place_search import add_pairs

        size = len(self._cells)
        while 4 * (self._held + len(cells)) > 3 * size:
            size *= 2
        if size > len(self._cells):
            used = self._cells != _FREE
            held = self._cells[used], self._people[used]
            self._cells, self._people = np.full(size, _FREE, np.int64), np.empty(size, np.int64)
            add_pairs(self._cells, self._people, *held)
        self._held += add_pairs(self._cells, self._people, cells, people)

    def counts(self) -> tuple[IntArray, IntArray]:
        """The cells seen, ascending, and the number of different people in each."""
        cells, counts = np.unique(self._cells[self._cells != _FREE], return_counts=True)
        return cells, counts.astype(np.int64)
