"""Routes through a network, as lines to be drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from scipy.sparse import csgraph

from spacegov.kernels.network_graph import Floats, Indices, Network, Snapped


def routes(
    network: Network, sources: Snapped, targets: Snapped, pairs: tuple[Indices, Indices], *, reverse: bool = False
) -> Any:
    """Give the cheapest way of each pair as a line.

    Parameters
    ----------
    network : Network
        The network.
    sources, targets : Snapped
        Points on it.
    pairs : tuple of two arrays of int64
        Position of the source and of the target of each route.
    reverse : bool
        Ways from the targets to the sources; searched from the sources in either case, so give the fewer as sources.

    Returns
    -------
    array of shapely LineString
        From source to target (from target to source with `reverse`), between their places on the network; an empty
        line where there is no way or where both stand at one place.
    """
    source_of, target_of = (np.asarray(part, dtype=np.int64) for part in pairs)
    lines = np.full(len(source_of), shapely.LineString(), dtype=object)
    search = _Search(network, sources, targets, reverse)
    for source in np.unique(source_of):
        own = np.flatnonzero(source_of == source)
        if sources.edge[source] < 0:
            continue
        distance, predecessor = csgraph.dijkstra(
            search.graph, indices=len(network.nodes) + int(source), return_predecessors=True
        )
        for row in own:
            coordinates = search.way(int(source), int(target_of[row]), distance, predecessor)
            if len(coordinates) > 1:
                lines[row] = shapely.LineString(coordinates[::-1] if reverse else coordinates)
    return lines


class _Search:
    """What every route of one set of sources and targets needs."""

    def __init__(self, network: Network, sources: Snapped, targets: Snapped, reverse: bool) -> None:
        self.network, self.sources, self.targets = network, sources, targets
        self.graph = network.graph(sources, reverse=reverse)
        self.ahead, self.back = (network.backward, network.forward) if reverse else (network.forward, network.backward)
        count = len(network.nodes)
        tail = np.concatenate([network.tail, network.head])
        head = np.concatenate([network.head, network.tail])
        cost = np.concatenate([self.ahead, self.back])
        edge = np.tile(np.arange(len(network)), 2)
        order = np.lexsort((edge, cost, tail * count + head))
        self._key = (tail * count + head)[order]
        self._edge = edge[order]
        self._forward = np.repeat([True, False], len(network))[order]

    def way(self, source: int, target: int, distance: Floats, predecessor: Indices) -> Floats:
        """Coordinates from source to target in the direction of the search."""
        nothing = np.empty((0, 2))
        goal = int(self.targets.edge[target])
        if goal < 0:
            return nothing
        share = float(self.targets.share[target])
        options = [
            (float(distance[node]) + _cost(cost, part), node, begin)
            for node, cost, part, begin in (
                (int(self.network.tail[goal]), float(self.ahead[goal]), share, 0.0),
                (int(self.network.head[goal]), float(self.back[goal]), 1 - share, 1.0),
            )
        ]
        total, node, begin = min(options)
        start = int(self.sources.edge[source])
        place = float(self.sources.share[source])
        if start == goal:
            step = share - place
            straight = _cost(float(self.ahead[goal]), step) if step >= 0 else _cost(float(self.back[goal]), -step)
            if straight <= total and np.isfinite(straight):
                return self._piece(goal, place, share)
        if not np.isfinite(total):
            return nothing
        pieces = [self._piece(goal, begin, share)]
        while int(predecessor[node]) < len(self.network.nodes):
            before = int(predecessor[node])
            pieces.append(self._edge_between(before, node))
            node = before
        end = 1.0 if int(self.network.head[start]) == node else 0.0
        if int(self.network.head[start]) == int(self.network.tail[start]):
            end = 1.0 if float(self.ahead[start]) * (1 - place) <= float(self.back[start]) * place else 0.0
        pieces.append(self._piece(start, place, end))
        joined = np.concatenate([piece for piece in pieces[::-1] if len(piece)] or [nothing])
        # neighbouring pieces share a vertex, which is written once
        keep = np.ones(len(joined), dtype=bool)
        keep[1:] = (joined[1:] != joined[:-1]).any(axis=1)
        return np.asarray(joined[keep])

    def _edge_between(self, before: int, node: int) -> Floats:
        found = int(np.searchsorted(self._key, before * len(self.network.nodes) + node))
        return self._piece(int(self._edge[found]), *((0.0, 1.0) if self._forward[found] else (1.0, 0.0)))

    def _piece(self, edge: int, begin: float, end: float) -> Floats:
        """Coordinates of an edge between two places on it, in that order."""
        from shapely.ops import substring

        shape = self.network.shapes[edge]
        part = (
            shape if {begin, end} == {0.0, 1.0} else substring(shape, min(begin, end), max(begin, end), normalized=True)
        )
        coordinates = shapely.get_coordinates(part)
        return coordinates if begin <= end else coordinates[::-1]


def _cost(cost: float, share: float) -> float:
    return 0.0 if share <= 0 else cost * share
