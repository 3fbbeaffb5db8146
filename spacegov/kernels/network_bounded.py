"""Searches within a limit: room for them, and what they find."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

_MOST_BUCKETS = 65_536


class BoundedSearch:
    """Searches over a sparse matrix of costs, none further than a limit.

    Parameters
    ----------
    costs : sparse matrix in rows
        Costs between nodes, 0 or more.
    limit : float
        Largest cost; may be infinite.
    """

    def __init__(self, costs: Any, limit: float) -> None:
        self.edges = costs.indptr.astype(np.int32), costs.indices.astype(np.int32), costs.data
        self.nodes = costs.shape[0]
        self.limit = limit
        # half an edge to a bucket: narrower ones are gone through in vain, wider ones make nodes be gone through twice
        self.width = max(0.5 * float(costs.data.mean()) if len(costs.data) else 1.0, 1e-12)
        self._free: list[_Scratch] = []

    def run(self, entries: tuple[Indices, NDArray[np.int32], Floats], sources: Indices) -> list[tuple[Indices, Floats]]:
        """Nodes within the limit of each source, and their costs.

        Parameters
        ----------
        entries : tuple
            Offsets, nodes and costs: where each source enters the network.
        sources : array of int64
            Consecutive sources to search from.
        """
        from spacegov.kernels.network_search import search_within

        offsets, nodes, costs = entries
        limit, width = self.limit, self.width
        if not np.isfinite(limit):
            limit = float(self.edges[2].sum() + costs.max(initial=0.0)) + 1.0
        width = max(width, limit / _MOST_BUCKETS)
        scratch = self._free.pop() if self._free else _Scratch(self.nodes, limit, width, 2 * len(self.edges[2]))
        answer: list[tuple[Indices, Floats]] = []
        begin, end = int(sources[0]), int(sources[-1]) + 1
        while begin < end:
            places = np.zeros(end - begin + 1, dtype=np.int64)
            done = search_within(  # type: ignore[call-arg]
                *self.edges, offsets[begin : end + 1], nodes, costs, limit, width, *scratch.arrays, places
            )  # fmt: skip
            if done < 0:
                scratch = _Scratch(self.nodes, limit, width, 2 * scratch.room)
                continue
            found, found_cost = scratch.arrays[-2:]
            for first, last in itertools.pairwise(places[: done + 1].tolist()):
                answer.append((found[first:last].astype(np.int64), found_cost[first:last].copy()))
            begin += done
        self._free.append(scratch)
        return answer


class _Scratch:
    """Room that one thread works in; as it was after every search."""

    def __init__(self, nodes: int, limit: float, width: float, room: int) -> None:
        self.room = max(room, 64)
        self.arrays: tuple[Any, ...] = (
            np.full(nodes, np.inf),
            np.full(nodes, np.inf),
            np.full(int(limit / width) + 2, -1, dtype=np.int32),
            np.empty(self.room, dtype=np.int32),
            np.empty(self.room, dtype=np.int32),
            np.empty(2 * nodes, dtype=np.int32),
            np.empty(2 * nodes),
        )
