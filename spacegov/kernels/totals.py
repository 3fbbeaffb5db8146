"""Sums of areas by class that do not depend on the order of the addends."""

from __future__ import annotations

import math

import numpy as np

from spacegov.kernels.jit import kernel
from spacegov.kernels.ragged import FloatArray, IntArray

# An area is split into two whole numbers: units of 2⁻⁴⁶ of the layer's box, and of 2⁻⁷⁸. A hundred thousand
# coverings of the box and four thousand million pairs of one class fit into 64 bits.
_HIGH_BITS = 46
_LOW_BITS = 32
# The unit is the same for boxes of about the same size: the box of a frame and that in a file's statistics may differ
# by rounding.
_EXPONENT_STEP = 8
# a table of at most this many cells is summed in place, a larger one by sorting
_DENSE_CELLS = 1 << 20
# a cell is its left class shifted by this, plus its right class
_CLASS_BITS = 31


@kernel
def _add_exactly(cells: IntArray, areas: FloatArray, unit: float, high: IntArray, low: IntArray) -> None:
    """Add areas to their cells as whole numbers of `unit` and of unit · 2⁻³²."""
    for k in range(len(cells)):
        scaled = areas[k] / unit
        upper = np.rint(scaled)
        high[cells[k]] += int(upper)
        low[cells[k]] += int(np.rint((scaled - upper) * 4294967296.0))


class ExactTotals:
    """Areas summed by pair of classes, the same to the last bit in whatever order and parts they come.

    Parameters
    ----------
    box_area : float
        About the largest area a single pair may have.
    """

    def __init__(self, box_area: float) -> None:
        self.box_area = box_area
        _, exponent = math.frexp(box_area)
        exponent = -(-exponent // _EXPONENT_STEP) * _EXPONENT_STEP
        self.unit = math.ldexp(1.0, exponent - _HIGH_BITS)
        self._pending: list[tuple[IntArray, IntArray, IntArray]] = []
        self._pending_cells = 0
        self._summed_cells = 0

    def add(
        self, left: IntArray, right: IntArray, areas: FloatArray, left_classes: IntArray, right_classes: IntArray
    ) -> None:
        """Add the pairs of one part.

        Parameters
        ----------
        left, right : int64 (P,)
            Classes of each pair, as numbered within the part.
        areas : float64 (P,)
            Their areas.
        left_classes, right_classes : int64
            What the part's class numbers are in the whole table.
        """
        width = max(len(right_classes), 1)
        cells = left * np.int64(width) + right
        size = max(len(left_classes), 1) * width
        if size <= max(_DENSE_CELLS, 4 * len(cells)):
            high, low = np.zeros(size, np.int64), np.zeros(size, np.int64)
            _add_exactly(cells, areas, self.unit, high, low)
            kept = np.flatnonzero(high | low)
            high, low = high[kept], low[kept]
        else:
            kept, position = np.unique(cells, return_inverse=True)
            high, low = np.zeros(len(kept), np.int64), np.zeros(len(kept), np.int64)
            _add_exactly(position.astype(np.int64), areas, self.unit, high, low)
        if len(kept):
            self._append((left_classes[kept // width] << _CLASS_BITS) | right_classes[kept % width], high, low)

    def merge(self, other: ExactTotals) -> None:
        """Add another thread's totals."""
        for cells, high, low in other._pending:
            self._append(cells, high, low)

    def _append(self, cells: IntArray, high: IntArray, low: IntArray) -> None:
        """Keep sums for later; when as many wait as are summed up, sum them all up."""
        self._pending.append((cells, high, low))
        self._pending_cells += len(cells)
        if self._pending_cells > 2 * self._summed_cells + _DENSE_CELLS:
            self._sum_up()

    def _sum_up(self) -> None:
        """Bring what waits to one sum for each cell, sorted by cell."""
        if len(self._pending) != 1:
            columns = [np.concatenate(column) for column in zip(*self._pending, strict=True)]
            kept, position = np.unique(columns[0], return_inverse=True)
            sums = []
            for column in columns[1:]:
                total = np.zeros(len(kept), np.int64)
                np.add.at(total, position, column)
                sums.append(total)
            self._pending = [(kept, sums[0], sums[1])]
        self._pending_cells = self._summed_cells = len(self._pending[0][0])

    def result(self) -> tuple[IntArray, IntArray, FloatArray]:
        """Give the classes left and right that share an area, sorted, and the areas."""
        if not self._pending:
            return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
        self._sum_up()
        cells, high, low = self._pending[0]
        order = np.argsort(cells, kind="stable")
        order = order[(high[order] | low[order]) != 0]
        cells, high, low = cells[order], high[order], low[order]
        carry = low >> _LOW_BITS
        upper = (high + carry).astype(np.float64)
        lower = (low - (carry << _LOW_BITS)).astype(np.float64)
        areas = upper * self.unit + lower * math.ldexp(self.unit, -_LOW_BITS)
        return cells >> _CLASS_BITS, cells & ((1 << _CLASS_BITS) - 1), areas
