"""The two compiled passes over well-known binary."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spacegov.kernels.jit import inner_kernel, kernel
from spacegov.kernels.memory import copy_bytes
from spacegov.kernels.ragged import BoolArray, FloatArray, IntArray
from spacegov.kernels.rings import reverse_ring, ring_area

ByteArray = NDArray[np.uint8]


@inner_kernel
def _word(data: ByteArray, at: int) -> int:
    """Four bytes as a number, lowest first."""
    return int(data[at]) | int(data[at + 1]) << 8 | int(data[at + 2]) << 16 | int(data[at + 3]) << 24


@inner_kernel
def _count_polygon(data: ByteArray, at: int, end: int) -> tuple[int, int, int]:
    """Rings and vertices of the polygon at a byte, and the byte behind it; −1 for that when it is not plain."""
    if at + 9 > end or data[at] != 1 or _word(data, at + 1) != 3:
        return 0, 0, -1
    rings = _word(data, at + 5)
    vertices = 0
    at += 9
    for _ in range(rings):
        if at + 4 > end:
            return 0, 0, -1
        count = _word(data, at)
        at += 4 + 16 * count
        if at > end:
            return 0, 0, -1
        vertices += count
    return rings, vertices, at


@kernel
def count_parts(data: ByteArray, offsets: IntArray, rings: IntArray, vertices: IntArray, plain: BoolArray) -> None:
    """Count rings and vertices of each value; mark those that are no plain polygon or multipolygon."""
    for k in range(len(offsets) - 1):
        at = offsets[k]
        end = offsets[k + 1]
        rings[k] = 0
        vertices[k] = 0
        plain[k] = True
        if at == end:
            continue
        parts = 1
        if end - at >= 9 and data[at] == 1 and _word(data, at + 1) == 6:
            parts = _word(data, at + 5)
            at += 9
        for _ in range(parts):
            part_rings, part_vertices, at = _count_polygon(data, at, end)
            if at < 0:
                plain[k] = False
                rings[k] = 0
                vertices[k] = 0
                break
            rings[k] += part_rings
            vertices[k] += part_vertices


@kernel
def copy_parts(
    data: ByteArray,
    offsets: IntArray,
    ring_starts: IntArray,
    vertex_starts: IntArray,
    ring_offsets: IntArray,
    coordinates: FloatArray,
    coordinate_bytes: ByteArray,
    boxes: FloatArray,
) -> None:
    """Copy the coordinates of plain values, turn shells counter-clockwise and holes clockwise, fill the boxes.

    They are copied as bytes, as well-known binary keeps no alignment.
    """
    for k in range(len(offsets) - 1):
        at = offsets[k]
        ring = ring_starts[k]
        vertex = vertex_starts[k]
        xmin = np.inf
        ymin = np.inf
        xmax = -np.inf
        ymax = -np.inf
        parts = 0
        if offsets[k + 1] > at:
            parts = 1
            if _word(data, at + 1) == 6:
                parts = _word(data, at + 5)
                at += 9
        for _ in range(parts):
            rings = _word(data, at + 5)
            at += 9
            for r in range(rings):
                count = _word(data, at)
                at += 4
                copy_bytes(coordinate_bytes, 16 * vertex, data, at, 16 * count)
                at += 16 * count
                ring_offsets[ring] = vertex
                ring += 1
                for i in range(vertex, vertex + count):
                    xmin = min(xmin, coordinates[i, 0])
                    ymin = min(ymin, coordinates[i, 1])
                    xmax = max(xmax, coordinates[i, 0])
                    ymax = max(ymax, coordinates[i, 1])
                if count > 0 and (ring_area(coordinates, vertex, vertex + count) < 0.0) == (r == 0):
                    reverse_ring(coordinates, vertex, vertex + count)
                vertex += count
        boxes[k, 0] = xmin
        boxes[k, 1] = ymin
        boxes[k, 2] = xmax
        boxes[k, 3] = ymax
