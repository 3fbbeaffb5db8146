"""Sites grown on a grid: in one piece, as large as wanted, nowhere narrower than wanted, and the best first.

A site is a union of squares as wide as the least width, each a neighbour of the last, so that no part of it is
narrower. It grows from a seed to where the ground is best, and the less so the farther from the seed.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Cells = NDArray[np.int64]


class Wanted(NamedTuple):
    """What a site must be: cells, width in cells, how much shape counts against score (0 to 1)."""

    cells: int
    width: int
    shape_weight: float


class Grown(NamedTuple):
    """A site: its cells (as row × columns + column), sorted, and the mean of their scores."""

    cells: Cells
    score: float


def grow_sites(score: Floats, wanted: Wanted, number: int, fits: Callable[[Cells], bool]) -> list[Grown]:
    """Grow the best sites that do not overlap.

    Parameters
    ----------
    score : array (rows, columns)
        0 to 1; NaN where nothing may be built.
    wanted : Wanted
        Size and shape.
    number : int
        How many sites at most.
    fits : callable
        Whether cells make a site of an acceptable form.

    Returns
    -------
    list of Grown
        Best first.

    Notes
    -----
    Seeds are the squares around which the ground, as far as a compact site reaches, is best, no two closer than half a
    site. From each a site grows; the best is taken, those that overlap it grow anew on what is left, and so on.
    """
    grid = _Grid(score, wanted)
    # a heap of (-score, seed, cells); the seed settles ties, so that an answer is one
    heap: list[tuple[float, int, Grown]] = []
    for seed in grid.seeds(limit=max(400, 40 * number)):
        _push(heap, grid, seed, fits)
    taken: list[Grown] = []
    while heap and len(taken) < number:
        _, seed, site = heapq.heappop(heap)
        if grid.free.ravel()[site.cells].all():
            taken.append(site)
            grid.take(site.cells)
        else:
            _push(heap, grid, seed, fits)
    # one that grew anew on other ground may turn out better than one taken before
    return sorted(taken, key=lambda site: (-round(site.score, 12), int(site.cells[0])))


def _push(heap: list[tuple[float, int, Grown]], grid: _Grid, seed: int, fits: Callable[[Cells], bool]) -> None:
    site = grid.grow(seed)
    if site is not None and fits(site.cells):
        heapq.heappush(heap, (-round(site.score, 12), seed, site))


class _Grid:
    def __init__(self, score: Floats, wanted: Wanted) -> None:
        self.score, self.wanted = score, wanted
        self.free: Flags = ~np.isnan(score)
        self.rows, self.columns = score.shape
        self.side = max(round(math.sqrt(wanted.cells)), wanted.width)
        k = np.arange(wanted.width)
        self.block = (k[:, None] * self.columns + k[None, :]).ravel()

    def starts(self) -> Flags:
        """Squares of the least width that are free, by their first corner."""
        count = _boxes(self.free.astype(np.float64), self.wanted.width)
        starts = np.zeros(self.free.shape, dtype=bool)
        starts[: count.shape[0], : count.shape[1]] = count >= self.wanted.width**2 - 0.5
        return starts

    def seeds(self, limit: int) -> list[int]:
        """The squares around which a compact site would be best, spread over the ground."""
        starts = self.starts()
        known = np.nan_to_num(self.score)
        half = (self.side - self.wanted.width) // 2
        padded = np.pad(known, self.side)
        around = _boxes(padded, self.side)
        row, column = np.nonzero(starts)
        # ground that is not free counts as nothing: the middle of good ground is the best seed
        value = around[row + self.side - half, column + self.side - half]
        order = np.lexsort((row * self.columns + column, -value.round(9)))
        spacing = max(self.side // 2, 1)
        far: Flags = np.ones(self.free.shape, dtype=bool)
        found: list[int] = []
        for position in order:
            r, c = int(row[position]), int(column[position])
            if not far[r, c]:
                continue
            found.append(r * self.columns + c)
            far[max(r - spacing + 1, 0) : r + spacing, max(c - spacing + 1, 0) : c + spacing] = False
            if len(found) == limit:
                break
        return found

    def take(self, cells: Cells) -> None:
        self.free.ravel()[cells] = False

    def grow(self, seed: int) -> Grown | None:
        """Grow a site from a square; None where the ground around it is too small."""
        free, score = self.free.ravel(), self.score.ravel()
        width, reach = self.wanted.width, 2.0 * math.sqrt(self.wanted.cells / math.pi)
        last_row, last_column = self.rows - width, self.columns - width
        home = divmod(seed, self.columns)
        seen = {seed}
        inside: set[int] = set()
        border: list[tuple[float, int]] = [(0.0, seed)]
        while border and len(inside) < self.wanted.cells:
            _, start = heapq.heappop(border)
            cells = start + self.block
            if not free[cells].all():
                continue
            inside.update(cells.tolist())
            row, column = divmod(start, self.columns)
            for r, c in ((row - 1, column), (row, column - 1), (row, column + 1), (row + 1, column)):
                near = r * self.columns + c
                if not (0 <= r <= last_row and 0 <= c <= last_column) or near in seen:
                    continue
                seen.add(near)
                mean = float(score[near + self.block].mean())
                if math.isnan(mean):
                    continue
                off = math.hypot(r - home[0], c - home[1]) / reach
                shape = self.wanted.shape_weight
                heapq.heappush(border, (shape * off - (1 - shape) * mean, near))
        if len(inside) < self.wanted.cells:
            return None
        cells = np.array(sorted(inside), dtype=np.int64)
        return Grown(cells, float(score[cells].mean()))


def _boxes(values: Floats, side: int) -> Floats:
    """Sums of all squares of a side, by their first corner."""
    total = np.pad(values, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    if min(values.shape) < side:
        return np.zeros((0, 0))
    return np.asarray(total[side:, side:] - total[:-side, side:] - total[side:, :-side] + total[:-side, :-side])
