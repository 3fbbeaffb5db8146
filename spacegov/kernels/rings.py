"""Compiled passes over rings: orientation, boxes, areas."""

from __future__ import annotations

import numpy as np

from spacegov.kernels.jit import inner_kernel, kernel
from spacegov.kernels.ragged import FloatArray, IntArray


@inner_kernel
def ring_area(coordinates: FloatArray, start: int, stop: int) -> float:
    """Signed area of a closed ring, counter-clockwise positive.

    Taken about the first vertex: grid coordinates of seven digits would else cancel away the area of a parcel.
    """
    x0 = coordinates[start, 0]
    y0 = coordinates[start, 1]
    twice = 0.0
    u = 0.0
    v = 0.0
    for i in range(start + 1, stop):
        x = coordinates[i, 0] - x0
        y = coordinates[i, 1] - y0
        twice += u * y - x * v
        u = x
        v = y
    return 0.5 * twice


@inner_kernel
def reverse_ring(coordinates: FloatArray, start: int, stop: int) -> None:
    """Turn a ring round in place."""
    i = start
    j = stop - 1
    while i < j:
        x = coordinates[i, 0]
        y = coordinates[i, 1]
        coordinates[i, 0] = coordinates[j, 0]
        coordinates[i, 1] = coordinates[j, 1]
        coordinates[j, 0] = x
        coordinates[j, 1] = y
        i += 1
        j -= 1


@kernel
def geometry_areas(
    coordinates: FloatArray, ring_offsets: IntArray, geometry_offsets: IntArray, areas: FloatArray
) -> None:
    """Fill the area of each geometry: shells less holes, since the rings are oriented."""
    for g in range(len(areas)):
        total = 0.0
        for r in range(geometry_offsets[g], geometry_offsets[g + 1]):
            if ring_offsets[r + 1] > ring_offsets[r]:
                total += ring_area(coordinates, ring_offsets[r], ring_offsets[r + 1])
        areas[g] = total


@kernel
def reverse_all(coordinates: FloatArray, ring_offsets: IntArray) -> None:
    """Turn every ring round in place."""
    for r in range(len(ring_offsets) - 1):
        reverse_ring(coordinates, ring_offsets[r], ring_offsets[r + 1])


@kernel
def fill_boxes(coordinates: FloatArray, ring_offsets: IntArray, geometry_offsets: IntArray, boxes: FloatArray) -> None:
    """Fill the box of each geometry."""
    for g in range(len(boxes)):
        xmin = np.inf
        ymin = np.inf
        xmax = -np.inf
        ymax = -np.inf
        for i in range(ring_offsets[geometry_offsets[g]], ring_offsets[geometry_offsets[g + 1]]):
            xmin = min(xmin, coordinates[i, 0])
            ymin = min(ymin, coordinates[i, 1])
            xmax = max(xmax, coordinates[i, 0])
            ymax = max(ymax, coordinates[i, 1])
        boxes[g, 0] = xmin
        boxes[g, 1] = ymin
        boxes[g, 2] = xmax
        boxes[g, 3] = ymax


@kernel
def extent(boxes: FloatArray) -> tuple[float, float, float, float]:
    """The box around some boxes; those of empty geometries, whose infinities are turned round, take no part."""
    xmin = np.inf
    ymin = np.inf
    xmax = -np.inf
    ymax = -np.inf
    for k in range(len(boxes)):
        xmin = min(xmin, boxes[k, 0])
        ymin = min(ymin, boxes[k, 1])
        xmax = max(xmax, boxes[k, 2])
        ymax = max(ymax, boxes[k, 3])
    return xmin, ymin, xmax, ymax
