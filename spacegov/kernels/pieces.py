"""Layers cut into pieces of bounded size, without a single new vertex.

A polygon of thousands of vertices against another of thousands would cost millions of edge pairs. It is cut once into
tiles. For a tile, of every run of vertices wholly on one outer side only the first and the last are kept: nothing
changes inside the tile, and every vertex kept is an original one, so that no rounding enters. A tile that no edge
crosses is either outside, and dropped, or covered, and becomes a rectangle.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spacegov.kernels.compilation import ensure_compiled
from spacegov.kernels.parallel import balanced_slices, in_threads
from spacegov.kernels.ragged import BoolArray, FloatArray, IntArray, Ragged

# pieces of about this many vertices: smaller ones repeat too many edges, larger ones cost too many pairs
PIECE_VERTICES = 96
# room for the vertices of pieces, by those of the layer; more is made when it runs out
_ROOM_FACTOR = 2.0


class Pieces(NamedTuple):
    """Pieces of a layer, those of one geometry side by side.

    Attributes
    ----------
    coordinates, ring_offsets
        Of the layer itself.
    cut_coordinates, cut_ring_offsets
        Of the pieces that were cut.
    boxes : float64 (P, 4)
        Where the piece answers for its geometry.
    owner : int64 (P,)
        Geometry of the piece.
    first_ring, last_ring : int64 (P,)
        Rings of the piece; numbers from R on count the cut rings.
    full : bool (P,)
        The piece is its whole box.
    piece_offsets : int64 (G + 1,)
        First piece of each geometry.
    widest : int
        Vertices of the largest piece.
    """

    coordinates: FloatArray
    ring_offsets: IntArray
    cut_coordinates: FloatArray
    cut_ring_offsets: IntArray
    boxes: FloatArray
    owner: IntArray
    first_ring: IntArray
    last_ring: IntArray
    full: BoolArray
    piece_offsets: IntArray
    widest: int


def whole_pieces(layer: Ragged) -> Pieces:
    """Take every geometry as one piece."""
    count = len(layer)
    counts = layer.vertex_counts
    return Pieces(
        layer.coordinates,
        layer.ring_offsets,
        np.empty((0, 2)),
        np.zeros(1, np.int64),
        layer.boxes,
        np.arange(count, dtype=np.int64),
        layer.geometry_offsets[:-1],
        layer.geometry_offsets[1:],
        np.zeros(count, np.bool_),
        np.arange(count + 1, dtype=np.int64),
        int(counts.max()) if count else 0,
    )


def cut_pieces(layer: Ragged, *, threads: int = 1, piece_vertices: int = PIECE_VERTICES) -> Pieces:
    """Cut the large polygons of a layer; the small ones stay whole.

    The pieces of a geometry depend on nothing but the geometry.
    """
    counts = layer.vertex_counts
    large = np.flatnonzero(counts > piece_vertices)
    if not len(large):
        return whole_pieces(layer)
    ensure_compiled("large")
    slices = balanced_slices(counts[large], threads)
    room = _ROOM_FACTOR
    while True:
        cut = _cut_slices(layer, large, slices, threads, piece_vertices, room)
        if cut is not None:
            return _assemble(layer, large, cut)
        room *= 2.0


class _Cut(NamedTuple):
    """What the threads cut, slice behind slice; the ring offsets of slices have their unused room between them."""

    coordinates: FloatArray
    rings: IntArray
    boxes: FloatArray
    first_ring: IntArray
    last_ring: IntArray
    full: BoolArray
    counts: IntArray


def _cut_slices(
    layer: Ragged,
    large: IntArray,
    slices: list[tuple[int, int]],
    threads: int,
    piece_vertices: int,
    room: float,
) -> _Cut | None:
    """Cut slices of the large geometries side by side into shared arrays; None when the room was too small."""
    from spacegov.kernels.cutting import arena_size, cut_geometries

    vertices = layer.vertex_counts[large]
    rings = (layer.geometry_offsets[1:] - layer.geometry_offsets[:-1])[large]
    # room is address space only until it is written to
    vertex_room = [int(room * vertices[start:stop].sum()) + 4096 for start, stop in slices]
    piece_room = [int(4 * room * (vertices[start:stop] // piece_vertices + 2).sum()) for start, stop in slices]
    ring_room = [
        int(room * rings[start:stop].sum()) + 2 * pieces + 64
        for (start, stop), pieces in zip(slices, piece_room, strict=True)
    ]
    vertex_base, piece_base, ring_base = (np.cumsum([0, *sizes]) for sizes in (vertex_room, piece_room, ring_room))
    coordinates = np.empty((vertex_base[-1], 2))
    ring_offsets = np.empty(ring_base[-1], np.int64)
    boxes = np.empty((piece_base[-1], 4))
    first_ring, last_ring = np.empty(piece_base[-1], np.int64), np.empty(piece_base[-1], np.int64)
    full = np.empty(piece_base[-1], np.bool_)
    counts = np.empty(len(large), np.int64)

    def work(k: int) -> tuple[int, int]:
        start, stop = slices[k]
        most_vertices, most_rings = arena_size(int(vertices[start:stop].max()), int(rings[start:stop].max()))
        at = slice(int(piece_base[k]), int(piece_base[k + 1]))
        written, _, pieces = cut_geometries(
            layer.coordinates,
            layer.ring_offsets,
            layer.geometry_offsets,
            layer.boxes,
            large[start:stop],
            piece_vertices,
            np.empty((most_vertices, 2)),
            np.empty(most_rings, np.int64),
            coordinates[vertex_base[k] : vertex_base[k + 1]],
            ring_offsets[ring_base[k] : ring_base[k + 1]],
            int(vertex_base[k]),
            boxes[at],
            first_ring[at],
            last_ring[at],
            full[at],
            counts[start:stop],
        )
        first_ring[at] += ring_base[k]
        last_ring[at] += ring_base[k]
        return written, pieces

    done = list(in_threads(work, range(len(slices)), threads))
    if any(written < 0 for written, _ in done):
        return None
    kept = np.concatenate(
        [np.arange(base, base + pieces) for base, (_, pieces) in zip(piece_base[:-1], done, strict=True)]
    )
    return _Cut(coordinates, ring_offsets, boxes[kept], first_ring[kept], last_ring[kept], full[kept], counts)


def _assemble(layer: Ragged, large: IntArray, cut: _Cut) -> Pieces:
    """Put whole and cut geometries into one list of pieces, in the order of the geometries."""
    counts = np.ones(len(layer), np.int64)
    counts[large] = cut.counts
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    owner = np.repeat(np.arange(len(layer)), counts)
    is_large = np.zeros(len(layer), np.bool_)
    is_large[large] = True
    of_large = is_large[owner]
    small = np.flatnonzero(~is_large)
    own_rings = len(layer.ring_offsets) - 1
    total = int(offsets[-1])
    boxes = np.empty((total, 4))
    first, last = np.empty(total, np.int64), np.empty(total, np.int64)
    full = np.zeros(total, np.bool_)
    boxes[of_large], boxes[~of_large] = cut.boxes, layer.boxes[small]
    first[of_large], first[~of_large] = cut.first_ring + own_rings, layer.geometry_offsets[small]
    last[of_large], last[~of_large] = cut.last_ring + own_rings, layer.geometry_offsets[small + 1]
    full[of_large] = cut.full
    sizes = cut.rings[cut.last_ring] - cut.rings[cut.first_ring]
    widest = max(int(sizes[~cut.full].max(initial=0)), int(layer.vertex_counts[small].max(initial=0)))
    return Pieces(
        layer.coordinates,
        layer.ring_offsets,
        cut.coordinates,
        cut.rings,
        boxes,
        owner,
        first,
        last,
        full,
        offsets,
        widest,
    )
