"""Sums of areas by class that do not depend on the order of the addends."""

from __future__ import annotations

import math

import numpy as np

from spacegov.kernels.jit import kernel
from spacegov.kernels.ragged import FloatArray, IntArray

# An area is split into two whole numbers: units of 2⁻⁴² of the layer's box, and of 2⁻⁷⁴. Up to two million
# coverings of the box and four thousand million pairs of one class fit into 64 bits.
_HIGH_BITS = 42
_LOW_BITS = 32
# a table of at most this many cells is kept whole
_DENSE_CELLS = 1 << 21


@kernel
def _add_exactly(cells: IntArray, areas: FloatArray, unit: float, high: IntArray, low: IntArray) -> None:
    """Add areas to their cells as whole numbers of `unit` and of unit · 2⁻³²."""
    for k in range(len(cells)):
        scaled = areas[k] / unit
        upper = np.rint(scaled)
        high[cells[k]] += int(upper)
        low[cells[k]] += int(np.rint((scaled - upper) * 4294967296.0))


class ExactTotals:
    """Areas summed by pair of classes, the same to the last bit in whatever order they come.

    Parameters
    ----------
    shape : (int, int)
        Number of classes left and right.
    box_area : float
        No single area is larger than this.
    """

    def __init__(self, shape: tuple[int, int], box_area: float) -> None:
        self.shape = shape
        self.box_area = box_area
        _, exponent = math.frexp(box_area)
        self.unit = math.ldexp(1.0, exponent - _HIGH_BITS)
        self.dense = shape[0] * shape[1] <= _DENSE_CELLS
        size = shape[0] * shape[1] if self.dense else 0
        self.cells = np.arange(size, dtype=np.int64)
        self.high = np.zeros(size, np.int64)
        self.low = np.zeros(size, np.int64)
        self.touched = np.zeros(size, np.bool_)

    def empty_copy(self) -> ExactTotals:
        """Give totals of the same table, all zero: one for each thread."""
        return ExactTotals(self.shape, self.box_area)

    def add(self, left: IntArray, right: IntArray, areas: FloatArray) -> None:
        """Add areas to the classes of their pairs."""
        cells = left * np.int64(self.shape[1]) + right
        if self.dense:
            _add_exactly(cells, areas, self.unit, self.high, self.low)
            self.touched[cells] = True
            return
        kept, position = np.unique(cells, return_inverse=True)
        high, low = np.zeros(len(kept), np.int64), np.zeros(len(kept), np.int64)
        _add_exactly(position.astype(np.int64), areas, self.unit, high, low)
        self._merge(kept, high, low)

    def merge(self, other: ExactTotals) -> None:
        """Add another thread's totals."""
        if self.dense:
            self.high += other.high
            self.low += other.low
            self.touched |= other.touched
        else:
            self._merge(other.cells, other.high, other.low)

    def _merge(self, cells: IntArray, high: IntArray, low: IntArray) -> None:
        """Add cells of a sparse table."""
        kept, position = np.unique(np.concatenate([self.cells, cells]), return_inverse=True)
        sums = []
        for mine, theirs in ((self.high, high), (self.low, low)):
            total = np.zeros(len(kept), np.int64)
            np.add.at(total, position, np.concatenate([mine, theirs]))
            sums.append(total)
        self.cells, (self.high, self.low) = kept, sums

    def result(self) -> tuple[IntArray, IntArray, FloatArray]:
        """Give the classes left and right that share an area, and the areas."""
        rows = np.flatnonzero(self.touched) if self.dense else np.arange(len(self.cells))
        carry = self.low[rows] >> _LOW_BITS
        high = (self.high[rows] + carry).astype(np.float64)
        low = (self.low[rows] - (carry << _LOW_BITS)).astype(np.float64)
        areas = high * self.unit + low * math.ldexp(self.unit, -_LOW_BITS)
        cells = self.cells[rows]
        return cells // self.shape[1], cells % self.shape[1], areas
