"""Layers cut into pieces of bounded size, without a single new vertex.

A polygon of thousands of vertices against another of thousands would cost millions of edge pairs. It is cut once into
tiles. For a tile, of every run of vertices wholly on one outer side only the first and the last are kept: nothing
changes inside the tile, and every vertex kept is an original one, so that no rounding enters. A tile that no edge
crosses is either outside, and dropped, or covered, and becomes a rectangle.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spacegov.kernels.ragged import FloatArray, IntArray, Ragged

# pieces of about this many vertices: smaller ones repeat too many edges, larger ones cost too many pairs
PIECE_VERTICES = 96


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
    full: NDArray[np.bool_]
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
