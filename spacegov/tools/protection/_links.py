"""Links between habitats: least-cost ways, and how the flow is shared out in their corridors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spacegov.ledger import doubt, progress
from spacegov.tools.protection._current_flow import current_shares
from spacegov.tools.protection._least_cost import spread, way_back

if TYPE_CHECKING:
    from affine import Affine

    from spacegov.raster import Raster

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_MOST_CELLS = 400_000


class Link(NamedTuple):
    """Two habitats by number: state, cost in cells of resistance 1, cells of the way, flow and its corner."""

    start: int
    to: int
    status: str
    cost: float | None
    way: NDArray[np.int64] | None
    flow: Floats | None
    corner: tuple[int, int]


def links_between(ground: Floats, cells: list[NDArray[np.int64]], limit: float, detour: float) -> Iterator[Link]:
    """Give the links of every habitat with all later ones.

    Parameters
    ----------
    ground : array
        Resistance; barriers are below 0.
    cells : list of array (n, 2)
        Cells of each habitat.
    limit : float
        Cost up to which two are linked, in cells of resistance 1.
    detour : float
        How much dearer than the least the ways of a corridor are, as a share.
    """
    from scipy.ndimage import label

    groups, _ = label(ground >= 0, structure=np.ones((3, 3)))
    parts = [set(groups[own[:, 0], own[:, 1]].tolist()) for own in cells]
    for first in range(len(cells) - 1):
        progress(first / len(cells), "corridors")
        cost, step = spread(ground, cells[first], limit * (1 + detour))
        for second in range(first + 1, len(cells)):
            ends = cells[second]
            values = cost[ends[:, 0], ends[:, 1]]
            best = int(np.argmin(values))
            least = float(values[best])
            if least > limit:
                status = "no-path" if parts[first].isdisjoint(parts[second]) else "far"
                yield Link(first, second, status, None, None, None, (0, 0))
                continue
            way = way_back(step, int(ends[best, 0]), int(ends[best, 1]))
            flow, corner = _flow(ground, cost, cells[first], ends, least * (1 + detour)) if least else (None, (0, 0))
            yield Link(first, second, "linked" if least else "touching", least, way, flow, corner)


def window_transform(corner: tuple[int, int], raster: Raster) -> Affine:
    """Give the transform of a part of a raster that begins at a row and column."""
    from affine import Affine

    place = raster.transform
    return Affine(place.a, 0, place.c + corner[1] * place.a, 0, place.e, place.f + corner[0] * place.e)


def _flow(
    ground: Floats, cost: Floats, start: NDArray[np.int64], end: NDArray[np.int64], dearest: float
) -> tuple[Floats | None, tuple[int, int]]:
    """Share out the flow in the corridor of two habitats: the ground of all ways that are not dearer."""
    back, _ = spread(ground, end, dearest)
    corridor = cost + back <= dearest * (1 + 1e-9)
    if int(corridor.sum()) > _MOST_CELLS:
        doubt(f"a corridor of {int(corridor.sum())} cells is too wide for pinch points; make detour smaller")
        return None, (0, 0)
    rows, columns = np.flatnonzero(corridor.any(axis=1)), np.flatnonzero(corridor.any(axis=0))
    window = (slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1))
    ends = []
    for cells in (start, end):
        inside = np.zeros(ground.shape, dtype=bool)
        inside[cells[:, 0], cells[:, 1]] = True
        ends.append(inside[window])
    return current_shares(ground[window], corridor[window], ends[0], ends[1]), (window[0].start, window[1].start)
