"""Merging small pieces into neighbours: borders, order, chains."""

from __future__ import annotations

import heapq
from typing import Any, NamedTuple

import numpy as np
import shapely

from spacegov.tools.foundation._shapes import Floats, Integers, Shapes

Borders = dict[int, dict[int, float]]


class Merge(NamedTuple):
    """One small piece and what became of it; `into` is -1 where it stayed."""

    row: int
    into: int
    area: float
    shared: float
    reason: str


def shared_borders(shapes: Shapes, small: Integers, tolerance: float) -> Borders:
    """Measure the borders that small pieces share with their neighbours.

    Parameters
    ----------
    shapes : array of polygons
        The layer.
    small : array of int
        Rows of the small pieces.
    tolerance : float
        Borders this near to each other are shared.

    Returns
    -------
    dict of dict
        Row → neighbour → metres, both ways; a point of contact is no border.
    """
    reach = max(tolerance, 1e-6)
    piece, neighbour = shapely.STRtree(shapes).query(shapes[small], predicate="dwithin", distance=reach)
    row = small[piece]
    others = (row != neighbour) & ~((row > neighbour) & np.isin(neighbour, small))
    row, neighbour = row[others], neighbour[others]
    # Only the part of a neighbour beside the piece is looked at: it may be a river through the county.
    bounds = shapely.bounds(shapes[row])
    beside = shapely.intersection(
        shapes[neighbour],
        shapely.box(bounds[:, 0] - 1, bounds[:, 1] - 1, bounds[:, 2] + 1, bounds[:, 3] + 1),
    )
    length = shapely.length(shapely.intersection(shapely.boundary(shapes[row]), shapely.buffer(beside, reach)))
    borders: Borders = {}
    for one, other, metres in zip(row.tolist(), neighbour.tolist(), length.tolist(), strict=True):
        if metres > 8 * reach:
            borders.setdefault(one, {})[other] = metres
            borders.setdefault(other, {})[one] = metres
    return borders


def merge_small(
    areas: Floats, smallest: Floats, groups: Any, borders: Borders, names: Any, *, within_group: bool
) -> tuple[list[Merge], Integers]:
    """Merge pieces from small to large.

    Returns
    -------
    merges : list of Merge
        In the order they happened.
    owner : array of int
        The row that each piece ended in.
    """
    area = areas.tolist()
    parent = list(range(len(area)))
    queue = [(area[row], str(names[row]), row) for row in np.flatnonzero(areas < smallest).tolist()]
    heapq.heapify(queue)
    merges: list[Merge] = []
    while queue:
        size, _, row = heapq.heappop(queue)
        if parent[row] != row or size != area[row]:
            # It was merged, or has grown and stands in the queue again.
            continue
        near = borders.get(row, {})
        own = {other: metres for other, metres in near.items() if groups[other] == groups[row]}
        choice = own or ({} if within_group else near)
        if not choice:
            merges.append(Merge(row, -1, size, 0.0, "other-group-only" if near else "no-neighbour"))
            continue
        into = min(choice, key=lambda other: (-round(choice[other], 6), -area[other], str(names[other])))
        merges.append(Merge(row, into, size, choice[into], "same-group" if own else "longest-border"))
        parent[row] = into
        area[into] += size
        _take_over(borders, row, into)
        if area[into] < smallest[into]:
            heapq.heappush(queue, (area[into], str(names[into]), into))
    return merges, _owners(parent)


def _take_over(borders: Borders, row: int, into: int) -> None:
    """Give the borders of a merged piece to its receiver."""
    mine = borders.setdefault(into, {})
    mine.pop(row, None)
    for other, metres in borders.pop(row, {}).items():
        theirs = borders[other]
        theirs.pop(row, None)
        if other != into:
            mine[other] = mine.get(other, 0.0) + metres
            theirs[into] = theirs.get(into, 0.0) + metres


def _owners(parent: list[int]) -> Integers:
    owner = np.asarray(parent, dtype=np.int64)
    while True:
        further = owner[owner]
        if (further == owner).all():
            return owner
        owner = further
