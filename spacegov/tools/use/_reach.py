"""The part of a network within reach of a place, edges at the limit cut where the limit falls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacegov.kernels.network import Network, Snapped

Floats = NDArray[np.float64]


def reached_lines(
    network: Network, places: Snapped, limit: float, start: Floats, *, reverse: bool
) -> Iterator[tuple[int, Any]]:
    """Go through the places with the lines each reaches: (place, array of shapely LineString).

    Parameters
    ----------
    network : Network
        Costs in the unit of the limit.
    places : Snapped
        Places; those off the network reach nothing.
    limit : float
        Cost, the way to the network included.
    start : array of float64
        Cost of the way from each place to the network.
    reverse : bool
        Ways to the place instead of from it.
    """
    on = np.flatnonzero(places.on)
    # what it costs to go along an edge away from its tail, and away from its head
    from_tail, from_head = (network.backward, network.forward) if reverse else (network.forward, network.backward)
    for number, nodes, costs in network.reached(places.take(on), limit, reverse=reverse):
        place = int(on[number])
        left = np.full(len(network.nodes), -np.inf)
        left[nodes] = limit - start[place] - costs
        ahead, back = _share(left[network.tail], from_tail), _share(left[network.head], from_head)
        own, at, rest = int(places.edge[place]), float(places.share[place]), limit - float(start[place])
        pieces = [_cut(network.shapes, ahead, back)]
        if rest >= 0:
            begin = at - float(_share(np.array([rest]), from_head[[own]])[0]) if at > 0 else at
            end = at + float(_share(np.array([rest]), from_tail[[own]])[0]) if at < 1 else at
            pieces.append(_part(network.shapes[[own]], np.array([max(begin, 0.0)]), np.array([min(end, 1.0)])))
        yield place, np.concatenate(pieces)


def _share(left: Floats, cost: Floats) -> Floats:
    """Share of an edge that what is left pays for, 0 to 1."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(cost > 0, left / cost, np.where(left >= 0, 1.0, 0.0))
    return np.asarray(np.clip(np.nan_to_num(share, nan=0.0), 0.0, 1.0))


def _cut(shapes: Any, ahead: Floats, back: Floats) -> Any:
    whole = ahead + back >= 1
    head = np.flatnonzero(~whole & (back > 0))
    tail = np.flatnonzero(~whole & (ahead > 0))
    return np.concatenate(
        [
            shapes[whole],
            _part(shapes[tail], np.zeros(len(tail)), ahead[tail]),
            _part(shapes[head], 1 - back[head], np.ones(len(head))),
        ]
    )


def _part(shapes: Any, begin: Floats, end: Floats) -> Any:
    from shapely.ops import substring

    parts = [
        substring(shape, first, last, normalized=True)
        for shape, first, last in zip(shapes, begin.tolist(), end.tolist(), strict=True)
        if last > first
    ]
    lines = np.empty(len(parts), dtype=object)
    lines[:] = parts
    return lines
