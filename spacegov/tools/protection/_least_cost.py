"""Least cost from a habitat over the cells of a raster, up to a limit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacegov.kernels.jit import inner_kernel, kernel

_DOWN = np.array([-1, -1, -1, 0, 0, 1, 1, 1], dtype=np.int64)
_ACROSS = np.array([-1, 0, 1, -1, 1, -1, 0, 1], dtype=np.int64)
_LENGTH = np.hypot(_DOWN, _ACROSS)


def spread(
    ground: NDArray[np.float64], cells: NDArray[np.int64], limit: float
) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Give the least cost of reaching each cell, and by which of eight neighbours.

    Parameters
    ----------
    ground : array
        Resistance of each cell; barriers are below 0.
    cells : array (n, 2)
        Rows and columns where the way begins, at no cost.
    limit : float
        Cost, in cells of resistance 1, beyond which nothing is looked for.

    Returns
    -------
    cost : array
        Infinite beyond the limit and behind barriers.
    step : array of int8
        Number of the step that led to the cell; -1 where a way begins or none leads.

    Notes
    -----
    Dijkstra's algorithm: a step costs its length times the mean resistance of both cells.

    Examples
    --------
    >>> cost, _ = spread(np.array([[1.0, 2.0, -1.0, 1.0]]), np.array([[0, 0]]), 9.0)
    >>> cost.tolist()
    [[0.0, 1.5, inf, inf]]
    """
    cost = np.full(ground.size, np.inf)
    step = np.full(ground.size, -1, dtype=np.int8)
    begins = cells[:, 0] * ground.shape[1] + cells[:, 1]
    _spread(np.ascontiguousarray(ground).ravel(), ground.shape[1], begins, float(limit), cost, step)
    cost[cost > limit] = np.inf
    return cost.reshape(ground.shape), step.reshape(ground.shape)


def way_back(step: NDArray[np.int8], row: int, column: int) -> NDArray[np.int64]:
    """Give the cells of the way that leads to a cell, from its beginning."""
    way = [(row, column)]
    while step[row, column] >= 0:
        number = int(step[row, column])
        row, column = row - int(_DOWN[number]), column - int(_ACROSS[number])
        way.append((row, column))
    return np.array(way[::-1], dtype=np.int64)


@inner_kernel
def _rise(heap: Any, place: Any, cost: Any, at: Any) -> None:
    cell = heap[at]
    while at > 0:
        above = (at - 1) // 2
        if cost[heap[above]] <= cost[cell]:
            break
        heap[at] = heap[above]
        place[heap[at]] = at
        at = above
    heap[at] = cell
    place[cell] = at


@inner_kernel
def _sink(heap: Any, place: Any, cost: Any, size: Any) -> None:
    cell = heap[0]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        if below + 1 < size and cost[heap[below + 1]] < cost[heap[below]]:
            below += 1
        if cost[heap[below]] >= cost[cell]:
            break
        heap[at] = heap[below]
        place[heap[at]] = at
        at = below
    heap[at] = cell
    place[cell] = at


@kernel
def _spread(ground: Any, width: Any, begins: Any, limit: Any, cost: Any, step: Any) -> None:
    count = len(ground)
    height = count // width
    heap = np.empty(count, np.int64)
    # place in the heap; -1 before a cell is met
    place = np.full(count, -1, np.int64)
    size = 0
    for cell in begins:
        if ground[cell] >= 0.0 and place[cell] < 0:
            cost[cell] = 0.0
            heap[size] = cell
            place[cell] = size
            size += 1
    while size > 0:
        cell = heap[0]
        so_far = cost[cell]
        if so_far > limit:
            break
        size -= 1
        if size > 0:
            heap[0] = heap[size]
            place[heap[0]] = 0
            _sink(heap, place, cost, size)
        row, column = cell // width, cell % width
        for number in range(8):
            there_row, there_column = row + _DOWN[number], column + _ACROSS[number]
            if there_row < 0 or there_row >= height or there_column < 0 or there_column >= width:
                continue
            there = there_row * width + there_column
            if ground[there] < 0.0:
                continue
            reached = so_far + _LENGTH[number] * (ground[cell] + ground[there]) / 2.0
            if reached < cost[there]:
                cost[there] = reached
                step[there] = number
                if place[there] < 0:
                    heap[size] = there
                    place[there] = size
                    size += 1
                _rise(heap, place, cost, place[there])
