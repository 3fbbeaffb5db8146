"""Segments of a habitat map: core, its boundaries, islets, and what connects cores."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spacegov.kernels.jit import kernel

Mask = NDArray[np.bool_]
CORE, ISLET, PERFORATION, EDGE, LOOP, BRIDGE, BRANCH = 1, 2, 3, 4, 5, 6, 7
_EIGHT = np.ones((3, 3), dtype=bool)
_FOUR = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], dtype=bool)


class Segments(NamedTuple):
    """Class of every cell, 0 off the habitat, and how many cells are transitions."""

    classes: NDArray[np.uint8]
    transitions: int


def segment(habitat: Mask, known: Mask, width: int, corners: bool, transition: bool) -> Segments:
    """Divide habitat into the seven classes.

    Parameters
    ----------
    habitat : array of bool
        Habitat cells.
    known : array of bool
        Cells with data; others are neither habitat nor its opposite, and make no edge.
    width : int
        Width of edges in cells.
    corners : bool
        Whether habitat connects across corners.
    transition : bool
        Whether a connector's cells within an edge belong to the connector.
    """
    from scipy import ndimage

    joined, other = (_EIGHT, _FOUR) if corners else (_FOUR, _EIGHT)
    matrix = known & ~habitat
    apart = ndimage.distance_transform_edt(~matrix) if matrix.any() else np.full(habitat.shape, np.inf)
    core = habitat & (apart >= width + 1 - 1e-9)
    classes = np.zeros(habitat.shape, dtype=np.uint8)
    pieces, count = ndimage.label(habitat, joined)
    with_core = np.zeros(count + 1, dtype=bool)
    with_core[pieces[core]] = True
    classes[habitat & ~with_core[pieces]] = ISLET
    rest = habitat & with_core[pieces]
    if not core.any():
        return Segments(classes, 0)
    cores, _ = ndimage.label(core, joined)
    distance, nearest = ndimage.distance_transform_edt(~core, return_indices=True)
    rim = rest & ~core & (distance < width + 1 - 1e-9)
    owner = cores[nearest[0], nearest[1]]
    inside = _enclosing(core, cores, other) == owner
    classes[rest] = BRANCH
    classes[rim] = np.where(inside[rim], PERFORATION, EDGE)
    classes[core] = CORE
    thin = _thin(rest, core, np.rint(apart**2) if matrix.any() else np.zeros(habitat.shape), corners)
    links, links_count = ndimage.label(thin & ~core, joined)
    crossed = 0
    kinds = _kinds_of(links, links_count, cores, corners)
    solid = ndimage.binary_opening(rest, np.ones((2, 2), dtype=bool))
    for kind in (LOOP, BRIDGE):
        spine = (kinds == kind)[links] & (links > 0)
        if not spine.any():
            continue
        near = ndimage.distance_transform_edt(~spine) < width + 1 - 1e-9
        body = (spine | (near & solid)) & (classes == BRANCH)
        classes[body] = kind
        gate = (spine & rim) | _between(body, rim, core, width)
        crossed += int(np.count_nonzero(gate & ((classes == EDGE) | (classes == PERFORATION))))
        if transition:
            classes[gate] = kind
    return Segments(classes, crossed)


def _enclosing(core: Mask, cores: NDArray[Any], other: Mask) -> NDArray[np.int64]:
    """Number of the core that encloses each cell's part of the ground without core; −1 on open ground."""
    from scipy import ndimage

    holes, count = ndimage.label(~core, other)
    around = np.full(count + 1, -1, dtype=np.int64)
    rim = np.unique(np.concatenate([holes[0], holes[-1], holes[:, 0], holes[:, -1]]))
    places = np.flatnonzero(holes)
    # above the first cell of a hole, row by row, lies the core around it
    numbers, first = np.unique(holes.ravel()[places], return_index=True)
    rows, columns = np.unravel_index(places[first], holes.shape)
    closed = ~np.isin(numbers, rim)
    around[numbers[closed]] = cores[rows[closed] - 1, columns[closed]]
    around[0] = -1
    return np.asarray(around[holes], dtype=np.int64)


def _kinds_of(links: NDArray[Any], count: int, cores: NDArray[Any], corners: bool) -> NDArray[np.int64]:
    """Tell bridges, which meet two cores or more, from loops, which come back to their own."""
    lowest = np.full(count + 1, np.iinfo(np.int64).max)
    highest = np.zeros(count + 1, dtype=np.int64)
    height, width = links.shape
    for down in (-1, 0, 1):
        for across in (-1, 0, 1):
            if not corners and down and across:
                continue
            here = (slice(max(-down, 0), height + min(-down, 0)), slice(max(-across, 0), width + min(-across, 0)))
            there = (slice(max(down, 0), height + min(down, 0)), slice(max(across, 0), width + min(across, 0)))
            meets = (links[here] > 0) & (cores[there] > 0)
            np.minimum.at(lowest, links[here][meets], cores[there][meets])
            np.maximum.at(highest, links[here][meets], cores[there][meets])
    return np.where(highest == 0, 0, np.where(lowest == highest, LOOP, BRIDGE))


def _between(body: Mask, rim: Mask, core: Mask, width: int) -> Mask:
    """Cells of the rim that lie straight between a connector and a core."""
    found = np.zeros(body.shape, dtype=bool)
    for turn in range(4):
        turned_body, turned_rim, turned_core = (np.rot90(mask, turn) for mask in (body, rim, core))
        answer = np.zeros(turned_body.shape, dtype=bool)
        for length in range(1, width + 1):
            # connector, `length` cells of rim, core, from left to right
            if turned_body.shape[1] < length + 2:
                break
            end = turned_body.shape[1] - length - 1
            line = turned_body[:, :end] & turned_core[:, length + 1 :]
            for step in range(1, length + 1):
                line = line & turned_rim[:, step : end + step]
            for step in range(1, length + 1):
                answer[:, step : end + step] |= line
        found |= np.rot90(answer, -turn)
    return found


def _thin(habitat: Mask, core: Mask, order: NDArray[np.float64], corners: bool) -> Mask:
    """Take away cells from the outside as long as nothing parts or opens; cores stay."""
    free = np.flatnonzero(habitat & ~core)
    free = free[np.argsort(order.ravel()[free], kind="stable")]
    padded = np.zeros((habitat.shape[0] + 2, habitat.shape[1] + 2), dtype=np.uint8)
    padded[1:-1, 1:-1] = habitat
    rows, columns = np.divmod(free, habitat.shape[1])
    _peel(padded, rows + 1, columns + 1, order.ravel()[free], corners)
    return padded[1:-1, 1:-1].astype(bool)


@kernel
def _removable(cells: Any, row: int, column: int, corners: bool) -> bool:
    """Whether a cell can go without parting the habitat or opening its holes (its crossing number is one)."""
    ring = (
        cells[row, column + 1],
        cells[row - 1, column + 1],
        cells[row - 1, column],
        cells[row - 1, column - 1],
        cells[row, column - 1],
        cells[row + 1, column - 1],
        cells[row + 1, column],
        cells[row + 1, column + 1],
    )
    crossing = 0
    for k in range(0, 8, 2):
        a, b, c = int(ring[k]), int(ring[k + 1]), int(ring[(k + 2) % 8])
        if corners:
            a, b, c = 1 - a, 1 - b, 1 - c
        crossing += a - a * b * c
    return crossing == 1


@kernel
def _peel(cells: Any, rows: Any, columns: Any, order: Any, corners: bool) -> None:
    total = rows.size
    start = 0
    while start < total:
        end = start
        while end < total and order[end] == order[start]:
            end += 1
        # a level may free cells of the levels before it
        changed = True
        while changed:
            changed = False
            for position in range(end):
                row, column = rows[position], columns[position]
                if cells[row, column] == 1 and _removable(cells, row, column, corners):
                    cells[row, column] = 0
                    changed = True
        start = end
