"""The graph of a network: snapping points and finding what lies how far."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse import csgraph

from spacegov.kernels.network_bounded import BoundedSearch
from spacegov.kernels.parallel import in_threads, thread_count

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]

_BATCH_CELLS = 8_000_000


@dataclass(frozen=True)
class Snapped:
    """Points on a network.

    Attributes
    ----------
    edge : array of int64
        Edge of each point; -1 where none is near enough.
    share : array of float64
        Place along the edge, 0 at its tail and 1 at its head.
    distance_m : array of float64
        How far the point lies from the network; infinite where it is off it.
    """

    edge: Indices
    share: Floats
    distance_m: Floats

    def __len__(self) -> int:
        return len(self.edge)

    @property
    def on(self) -> Flags:
        """Whether a point is on the network."""
        return np.asarray(self.edge >= 0)

    def take(self, positions: ArrayLike) -> Snapped:
        """Give some of the points."""
        chosen = np.asarray(positions)
        return Snapped(self.edge[chosen], self.share[chosen], self.distance_m[chosen])


@dataclass(frozen=True)
class Network:
    """Edges between nodes, with a cost each way.

    Attributes
    ----------
    nodes : array of float64, shape (nodes, 2)
        Coordinates.
    tail, head : array of int64, shape (edges,)
        Nodes of each edge, in the direction its line was drawn.
    line : array of int64
        Row position of the line each edge is a part of.
    length_m : array of float64
        Length of each edge.
    forward, backward : array of float64
        Cost of going with and against its drawing; infinite where that is not allowed.
    shapes : array of shapely LineString
        The edges.
    open : array of bool
        Edges that are not blocked.
    """

    nodes: Floats
    tail: Indices
    head: Indices
    line: Indices
    length_m: Floats
    forward: Floats
    backward: Floats
    shapes: Any
    open: Flags

    def __len__(self) -> int:
        return len(self.tail)

    def block(self, edges: Flags) -> Network:
        """Give the network with some edges closed both ways."""
        return replace(
            self,
            forward=np.where(edges, np.inf, self.forward),
            backward=np.where(edges, np.inf, self.backward),
            open=self.open & ~edges,
        )

    def meets(self, barriers: Any, tolerance: float = 0.0) -> Flags:
        """Tell which edges barriers lie on or across.

        Parameters
        ----------
        barriers : array of shapely geometries
            Points, lines or polygons.
        tolerance : float
            Metres within which a barrier counts as lying on an edge.
        """
        hit = np.zeros(len(self), dtype=bool)
        there = np.asarray([shape for shape in barriers if shape is not None and not shape.is_empty], dtype=object)
        if len(there):
            hit[self._tree.query(there, predicate="dwithin", distance=tolerance)[1]] = True
        return hit

    @cached_property
    def _tree(self) -> Any:
        return shapely.STRtree(self.shapes)

    @cached_property
    def components(self) -> Indices:
        """Number of the connected part each node lies in, ignoring one-way; 0 is the largest."""
        usable = np.isfinite(self.forward) | np.isfinite(self.backward)
        graph = cost_matrix(len(self.nodes), self.tail[usable], self.head[usable], np.ones(int(usable.sum())))
        _, labels = csgraph.connected_components(graph, directed=False)
        sizes = np.bincount(labels)
        order = np.argsort(-sizes, kind="stable")
        rank: Indices = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        return np.asarray(rank[labels], dtype=np.int64)

    def snap(self, points: Any, max_distance: float = np.inf) -> Snapped:
        """Put points on the nearest open edge; of equally near ones the first.

        Parameters
        ----------
        points : array of shapely Point
            In the network's CRS.
        max_distance : float
            Metres beyond which a point is off the network.
        """
        places = np.asarray(points, dtype=object)
        count = len(places)
        edge = np.full(count, -1, dtype=np.int64)
        distance = np.full(count, np.inf)
        usable = np.flatnonzero(self.open)
        if count and len(usable):
            tree = self._tree if len(usable) == len(self) else shapely.STRtree(self.shapes[usable])
            limit = None if np.isinf(max_distance) else max(max_distance, np.finfo(float).tiny)
            found, metres = tree.query_nearest(places, max_distance=limit, return_distance=True)
            first = np.lexsort((found[1], found[0]))
            point, start = np.unique(found[0][first], return_index=True)
            edge[point] = usable[found[1][first][start]]
            distance[point] = metres[first][start]
        share = np.zeros(count)
        on = np.flatnonzero(edge >= 0)
        if len(on):
            share[on] = shapely.line_locate_point(self.shapes[edge[on]], places[on], normalized=True)
        return Snapped(edge, share, distance)

    def entries(self, points: Snapped, *, reverse: bool = False) -> tuple[Indices, Indices, Floats]:
        """Give the ways from snapped points to the ends of their edges: (point, node, cost).

        Parameters
        ----------
        points : Snapped
            Points; those off the network have no way.
        reverse : bool
            Ways from the ends to the points instead.
        """
        on = np.flatnonzero(points.on)
        edge, share = points.edge[on], points.share[on]
        ahead, back = (self.backward, self.forward) if reverse else (self.forward, self.backward)
        point = np.concatenate([on, on])
        node = np.concatenate([self.head[edge], self.tail[edge]])
        with np.errstate(invalid="ignore"):
            cost = np.concatenate([part_of(ahead[edge], 1 - share), part_of(back[edge], share)])
        usable = np.isfinite(cost)
        return point[usable], node[usable], cost[usable]

    def graph(self, sources: Snapped, *, reverse: bool = False) -> Any:
        """Give the matrix of costs between nodes, with a further node for each source that leads into the network."""
        point, node, cost = self.entries(sources, reverse=reverse)
        among = self._backwards if reverse else self._forwards
        count = len(sources)
        into = cost_matrix(max(len(self.nodes), count), point, node, cost)[:count, : len(self.nodes)]
        rows = sparse.vstack([among, into], format="csr")
        rows.resize(rows.shape[0], rows.shape[0])
        return rows

    @cached_property
    def _forwards(self) -> Any:
        tail, head = np.concatenate([self.tail, self.head]), np.concatenate([self.head, self.tail])
        cost = np.concatenate([self.forward, self.backward])
        usable = np.isfinite(cost)
        return cost_matrix(len(self.nodes), tail[usable], head[usable], cost[usable])

    @cached_property
    def _backwards(self) -> Any:
        return self._forwards.T.tocsr()

    def costs(self, sources: Snapped, targets: Snapped, *, limit: float = np.inf, reverse: bool = False) -> Floats:
        """Give the cost from every source to every target.

        Parameters
        ----------
        sources, targets : Snapped
            Points on the network.
        limit : float
            Cost beyond which nothing is looked for.
        reverse : bool
            Costs from the targets to the sources instead.

        Returns
        -------
        array of float64, shape (sources, targets)
            Infinite where there is no way.
        """
        answer = np.full((len(sources), len(targets)), np.inf)
        for rows, distance in self._searches(sources, limit, reverse):
            answer[rows] = self._arrive(distance, targets, reverse)
        self._along_same_edge(answer, sources, targets, reverse)
        answer[answer > limit] = np.inf
        return answer

    def nearest(
        self,
        sources: Snapped,
        targets: Snapped,
        *,
        limit: float = np.inf,
        reverse: bool = False,
        start: Floats | None = None,
    ) -> tuple[Indices, Floats]:
        """Give the source from which each target is reached first, and its cost.

        Parameters
        ----------
        sources, targets : Snapped
            Points on the network.
        limit : float
            Cost beyond which nothing is looked for.
        reverse : bool
            Ways from the targets to the sources instead.
        start : array of float64, optional
            Cost at each source before the network is entered, such as the way from a door to the road.

        Returns
        -------
        source : array of int64
            Position of the source, one of them where several are equally near; -1 where none reaches the target.
        cost : array of float64
            Infinite where none does.
        """
        count = len(self.nodes)
        source = np.full(len(targets), -1, dtype=np.int64)
        cost = np.full(len(targets), np.inf)
        if not len(sources) or not len(targets):
            return source, cost
        graph = self.graph(sources, reverse=reverse)
        before = np.zeros(len(sources)) if start is None else np.where(sources.on, start, 0.0)
        graph.data[graph.indptr[count] :] += np.repeat(before, np.diff(graph.indptr[count:]))
        # one search from all sources at once
        distance, _, origin = csgraph.dijkstra(
            graph, indices=np.arange(count, count + len(sources)), limit=limit, min_only=True, return_predecessors=True
        )
        point, node, weight = self.entries(targets, reverse=not reverse)
        total = distance[node] + weight
        same_target, same_source, same_cost = self._same_edge(sources, targets, reverse)
        point = np.concatenate([point, same_target])
        total = np.concatenate([total, same_cost + before[same_source]])
        place = np.concatenate([origin[node] - count, same_source])
        usable = np.isfinite(total) & (total <= limit)
        point, total, place = point[usable], total[usable], place[usable]
        order = np.lexsort((place, total, point))
        first, at = np.unique(point[order], return_index=True)
        source[first], cost[first] = place[order][at], total[order][at]
        return source, cost

    def _searches(self, sources: Snapped, limit: float, reverse: bool) -> Iterator[tuple[slice, Floats]]:
        """Costs to all nodes, a batch of sources at a time, so that memory stays bounded."""
        graph = self.graph(sources, reverse=reverse)
        count = len(self.nodes)
        step = max(1, _BATCH_CELLS // max(graph.shape[0], 1))
        for start in range(0, len(sources), step):
            rows = slice(start, min(start + step, len(sources)))
            found = csgraph.dijkstra(graph, indices=np.arange(count + rows.start, count + rows.stop), limit=limit)
            yield rows, np.atleast_2d(found)[:, :count]

    def reached(
        self, sources: Snapped, limit: float, *, reverse: bool = False, threads: int | None = None
    ) -> Iterator[tuple[int, Indices, Floats]]:
        """Go through the sources with the nodes each reaches within a cost, in no order: (source, nodes, costs)."""
        from spacegov.kernels.compilation import ensure_compiled

        ensure_compiled("network")
        search = BoundedSearch(self._backwards if reverse else self._forwards, limit)
        point, node, cost = self.entries(sources, reverse=reverse)
        order = np.argsort(point, kind="stable")
        starts = np.searchsorted(point[order], np.arange(len(sources) + 1))
        entries = starts, node[order].astype(np.int32), cost[order]
        cores = thread_count(threads)
        # what is found may be all nodes for every source: a round of searches stays within memory, by what was found
        begin, step = 0, max(cores, _BATCH_CELLS // max(len(self.nodes), 1))
        while begin < len(sources):
            numbers, found = np.arange(begin, min(begin + step, len(sources))), 0
            slices = [part for part in np.array_split(numbers, min(4 * cores, len(numbers))) if len(part)]
            number = begin
            for searched in in_threads(partial(search.run, entries), slices, cores):
                for nodes, costs in searched:
                    found += len(nodes)
                    yield number, nodes, costs
                    number += 1
            begin += len(numbers)
            step = max(step, min(_BATCH_CELLS * len(numbers) // max(found, 1), 16 * step))

    def _arrive(self, distance: Floats, targets: Snapped, reverse: bool) -> Floats:
        point, node, weight = self.entries(targets, reverse=not reverse)
        answer = np.full((len(targets), len(distance)), np.inf)
        np.minimum.at(answer, point, (distance[:, node] + weight).T)
        return answer.T

    def _same_edge(self, sources: Snapped, targets: Snapped, reverse: bool) -> tuple[Indices, Indices, Floats]:
        """Ways between a source and a target on one edge, which need no node."""
        order = np.argsort(sources.edge, kind="stable")
        edges = sources.edge[order]
        wanted = np.flatnonzero(targets.on)
        left = np.searchsorted(edges, targets.edge[wanted], side="left")
        right = np.searchsorted(edges, targets.edge[wanted], side="right")
        target = np.repeat(wanted, right - left)
        offset = np.arange(len(target)) - np.repeat(np.cumsum(right - left) - (right - left), right - left)
        source = order[np.repeat(left, right - left) + offset]
        edge = targets.edge[target]
        step = targets.share[target] - sources.share[source]
        if reverse:
            step = -step
        cost = np.where(step >= 0, part_of(self.forward[edge], step), part_of(self.backward[edge], -step))
        return target, source, np.asarray(cost, dtype=np.float64)

    def _along_same_edge(self, answer: Floats, sources: Snapped, targets: Snapped, reverse: bool) -> None:
        target, source, cost = self._same_edge(sources, targets, reverse)
        np.minimum.at(answer, (source, target), cost)


def part_of(cost: Floats, share: Floats) -> Floats:
    """Cost of a part of an edge; none at all where one already stands."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(share <= 0, 0.0, cost * share), dtype=np.float64)


def cost_matrix(size: int, tail: Indices, head: Indices, cost: Floats) -> Any:
    """Sparse matrix of costs; of parallel ways the cheapest, where scipy would add them."""
    order = np.lexsort((cost, head, tail))
    tail, head, cost = tail[order], head[order], cost[order]
    first = np.ones(len(tail), dtype=bool)
    first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    return sparse.csr_matrix((cost[first], (tail[first], head[first])), shape=(size, size))
