"""Compiled cutting of large polygons into tiles; what it does and why stands in spacegov.kernels.pieces."""

from __future__ import annotations

import numpy as np

from spacegov.kernels.jit import inner_kernel, kernel
from spacegov.kernels.ragged import BoolArray, FloatArray, IntArray
from spacegov.kernels.reduction import reduce_rings

# halving forty times leaves a millionth of a millionth of a box
_DEEPEST = 40
# a piece that keeps this share of its parent's vertices through four halvings is not worth halving further
_STUBBORN = 0.95
_PATIENCE = 4
# nor is a polygon whose pieces have this many times its vertices, such as a spiral of hundreds of windings
_MOST_GROWTH = 16
_STACK = 128


@inner_kernel
def _half_tile(xmin: float, ymin: float, xmax: float, ymax: float, half: int, tile: FloatArray) -> None:
    """Fill in one half of a tile, halved across its longer side."""
    tile[0, 0] = xmin
    tile[0, 1] = ymin
    tile[0, 2] = xmax
    tile[0, 3] = ymax
    if xmax - xmin >= ymax - ymin:
        tile[0, 2 - 2 * half] = 0.5 * (xmin + xmax)
    else:
        tile[0, 3 - 2 * half] = 0.5 * (ymin + ymax)


@inner_kernel
def _copy_box(source: FloatArray, i: int, target: FloatArray, j: int) -> None:
    """Copy one box; an assignment of slices would take numba half a second more to compile."""
    for side in range(4):
        target[j, side] = source[i, side]


@inner_kernel
def _box_within(
    arena: FloatArray,
    start: int,
    stop: int,
    xmin: float,
    ymin: float,
    xmax: float,
    ymax: float,
    boxes: FloatArray,
    piece: int,
) -> None:
    """Fill in the part of a tile that some vertices reach."""
    left = np.inf
    lower = np.inf
    right = -np.inf
    upper = -np.inf
    for i in range(start, stop):
        left = min(left, arena[i, 0])
        lower = min(lower, arena[i, 1])
        right = max(right, arena[i, 0])
        upper = max(upper, arena[i, 1])
    boxes[piece, 0] = max(left, xmin)
    boxes[piece, 1] = max(lower, ymin)
    boxes[piece, 2] = min(right, xmax)
    boxes[piece, 3] = min(upper, ymax)


@inner_kernel
def _write_rings(
    arena: FloatArray,
    rings: IntArray,
    first: int,
    last: int,
    out_coordinates: FloatArray,
    vertices: int,
    first_coordinate: int,
    out_rings: IntArray,
    ring_count: int,
) -> int:
    """Write the rings of a piece behind those written so far; the new number of rings."""
    start = rings[first]
    for i in range(start, rings[last]):
        out_coordinates[vertices + i - start, 0] = arena[i, 0]
        out_coordinates[vertices + i - start, 1] = arena[i, 1]
    for r in range(first, last):
        ring_count += 1
        out_rings[ring_count] = first_coordinate + vertices + rings[r + 1] - start
    return ring_count


@kernel
def cut_geometries(
    coordinates: FloatArray,
    ring_offsets: IntArray,
    geometry_offsets: IntArray,
    boxes: FloatArray,
    rows: IntArray,
    piece_vertices: int,
    arena: FloatArray,
    rings: IntArray,
    out_coordinates: FloatArray,
    out_rings: IntArray,
    first_coordinate: int,
    out_boxes: FloatArray,
    out_first: IntArray,
    out_last: IntArray,
    out_full: BoolArray,
    out_counts: IntArray,
) -> tuple[int, int, int]:
    """Cut some geometries into pieces.

    Parameters
    ----------
    coordinates, ring_offsets, geometry_offsets, boxes
        The layer.
    rows : int64 (C,)
        The geometries to cut.
    piece_vertices : int
        Pieces get about this many vertices.
    arena, rings
        Room to work in, for the largest geometry (see `arena_size`).
    out_coordinates, out_rings, out_boxes, out_first, out_last, out_full
        Vertices and ring offsets of the pieces, `first_coordinate` counted from; boxes; rings of each piece; whether
        a piece is its whole box.
    out_counts : int64 (C,)
        Pieces of each geometry.

    Returns
    -------
    vertices, rings, pieces : int
        How many were written; vertices is −1 when the room was too small.
    """
    stack = np.empty((_STACK, 4), np.int64)
    tiles = np.empty((_STACK, 4))
    tile = np.empty((1, 4))
    vertices = 0
    ring_count = 0
    pieces = 0
    out_rings[0] = first_coordinate
    for c in range(len(rows)):
        g = rows[c]
        pieces_before = pieces
        vertices_before = vertices
        first_ring = geometry_offsets[g]
        own_rings = geometry_offsets[g + 1] - first_ring
        start = ring_offsets[first_ring]
        own_vertices = ring_offsets[first_ring + own_rings] - start
        # the limits depend on the geometry alone: its pieces must not depend on its neighbours
        most_vertices, most_rings = arena_size(own_vertices, own_rings)
        for r in range(own_rings + 1):
            rings[r] = ring_offsets[first_ring + r] - start
        for i in range(own_vertices):
            arena[i, 0] = coordinates[start + i, 0]
            arena[i, 1] = coordinates[start + i, 1]
        depth = 1
        stack[0, 0] = 0
        stack[0, 1] = own_rings
        stack[0, 2] = 0
        stack[0, 3] = 0
        _copy_box(boxes, g, tiles, 0)
        while depth > 0:
            depth -= 1
            first = stack[depth, 0]
            last = stack[depth, 1]
            level = stack[depth, 2]
            idle = stack[depth, 3]
            xmin = tiles[depth, 0]
            ymin = tiles[depth, 1]
            xmax = tiles[depth, 2]
            ymax = tiles[depth, 3]
            count = rings[last] - rings[first]
            if (
                count <= piece_vertices
                or level >= _DEEPEST
                or idle >= _PATIENCE
                or vertices - vertices_before > _MOST_GROWTH * own_vertices
                or rings[last] + 2 * count + 16 > most_vertices
                or last + 2 * (last - first) + 8 > most_rings
            ):
                if (
                    vertices + count > len(out_coordinates)
                    or ring_count + last - first >= len(out_rings)
                    or pieces >= len(out_first)
                ):
                    return -1, 0, 0
                out_first[pieces] = ring_count
                ring_count = _write_rings(
                    arena, rings, first, last, out_coordinates, vertices, first_coordinate, out_rings, ring_count
                )
                vertices += count
                out_last[pieces] = ring_count
                _box_within(arena, rings[first], rings[last], xmin, ymin, xmax, ymax, out_boxes, pieces)
                out_full[pieces] = False
                pieces += 1
                continue
            target = last
            for half in range(2):
                _half_tile(xmin, ymin, xmax, ymax, half, tile)
                end, crosses, winding = reduce_rings(
                    arena, rings, first, last, target, tile[0, 0], tile[0, 1], tile[0, 2], tile[0, 3]
                )
                if crosses:
                    stack[depth, 0] = target
                    stack[depth, 1] = end
                    stack[depth, 2] = level + 1
                    kept = rings[end] - rings[target]
                    stack[depth, 3] = idle + 1 if kept > _STUBBORN * count else 0
                    _copy_box(tile, 0, tiles, depth)
                    depth += 1
                    target = end
                elif winding != 0:
                    if pieces >= len(out_first):
                        return -1, 0, 0
                    _copy_box(tile, 0, out_boxes, pieces)
                    out_full[pieces] = True
                    out_first[pieces] = ring_count
                    out_last[pieces] = ring_count
                    pieces += 1
        out_counts[c] = pieces - pieces_before
    return vertices, ring_count, pieces


@kernel
def arena_size(vertices: int, rings: int) -> tuple[int, int]:
    """Room that cutting one geometry may take: vertices and rings."""
    return 8 * vertices + 4096, 8 * rings + 1024
