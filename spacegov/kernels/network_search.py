"""Searches from many sources, each no further than a limit: work goes by what is reached, not by the network's size.

Nodes wait in buckets of like cost (delta-stepping, Meyer and Sanders 2003): a node whose cost falls while its bucket is
emptied is gone through once more, so the costs are exact, and no order has to be kept within a bucket.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spacegov.kernels.jit import inner_kernel, kernel

Floats = NDArray[np.float64]
Numbers = NDArray[np.int32]


@kernel
def search_within(
    offsets: Numbers,
    heads: Numbers,
    costs: Floats,
    source_offsets: NDArray[np.int64],
    entry_node: Numbers,
    entry_cost: Floats,
    limit: float,
    width: float,
    distance: Floats,
    relaxed: Floats,
    buckets: Numbers,
    waiting_node: Numbers,
    waiting_next: Numbers,
    found_node: Numbers,
    found_cost: Floats,
    found_offsets: NDArray[np.int64],
) -> int:
    """Find the nodes within a cost of each source, in no order.

    Parameters
    ----------
    offsets, heads, costs
        Edges of each node, as rows of a sparse matrix; costs are 0 or more.
    source_offsets, entry_node, entry_cost
        Nodes at which each source enters the network, and what that costs.
    limit
        Largest cost.
    width
        Cost that one bucket takes in.
    distance, relaxed
        One value a node, all infinite; so again afterwards.
    buckets
        One for every width up to the limit, and one more, all -1; so again afterwards.
    waiting_node, waiting_next
        Room for the nodes of one search that wait, each as often as its cost falls.
    found_node, found_cost
        Room for what is found, at least one value a node.
    found_offsets
        One value more than sources: where the nodes of each begin.

    Returns
    -------
    int
        Sources done; fewer than given when there was no room for more. Below 0 where more nodes had to wait than there
        was room for: all is to be given anew then, with more.
    """
    filled = np.int64(0)
    found_offsets[0] = 0
    nodes = len(offsets) - 1
    for position in range(len(source_offsets) - 1):
        if filled + nodes > len(found_node) and filled > 0:
            return position
        last = filled
        waiting = 0
        highest = -1
        for entry in range(source_offsets[position], source_offsets[position + 1]):
            cost, node = entry_cost[entry], entry_node[entry]
            if cost <= limit and cost < distance[node]:
                distance[node] = cost
                bucket = int(cost / width)
                if waiting == len(waiting_node):
                    return -1
                waiting = _wait(buckets, bucket, waiting_node, waiting_next, waiting, node)
                highest = max(highest, bucket)
        room = len(waiting_node)
        bucket = 0
        while bucket <= highest:
            while buckets[bucket] >= 0:
                place = buckets[bucket]
                buckets[bucket] = waiting_next[place]
                node = waiting_node[place]
                cost = distance[node]
                # gone through at this cost already
                if relaxed[node] == cost:
                    continue
                if relaxed[node] == np.inf:
                    found_node[last] = node
                    last += 1
                relaxed[node] = cost
                if waiting + offsets[node + 1] - offsets[node] > room:
                    return -1
                for edge in range(offsets[node], offsets[node + 1]):
                    onward = cost + costs[edge]
                    head = heads[edge]
                    if onward < distance[head] and onward <= limit:
                        distance[head] = onward
                        later = int(onward / width)
                        waiting = _wait(buckets, later, waiting_node, waiting_next, waiting, head)
                        highest = max(highest, later)
            bucket += 1
        for place in range(filled, last):
            node = found_node[place]
            found_cost[place] = distance[node]
            distance[node] = np.inf
            relaxed[node] = np.inf
        filled = last
        found_offsets[position + 1] = filled
    return len(source_offsets) - 1


@inner_kernel
def _wait(buckets: Numbers, bucket: int, waiting_node: Numbers, waiting_next: Numbers, waiting: int, node: int) -> int:
    """Let a node wait in a bucket; give the number of those that ever waited."""
    waiting_node[waiting] = node
    waiting_next[waiting] = buckets[bucket]
    buckets[bucket] = waiting
    return waiting + 1
