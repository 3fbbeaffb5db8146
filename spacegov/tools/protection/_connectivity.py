"""Connectivity of habitat patches as a graph: IIC, PC and what each patch adds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def integral_index(area: NDArray[np.float64], linked: NDArray[np.bool_]) -> float:
    """Numerator of IIC: Σ aᵢaⱼ/(1 + number of links on the shortest path)."""
    from scipy.sparse.csgraph import shortest_path

    steps = shortest_path(linked.astype(np.float64), unweighted=True, directed=False)
    return float((np.outer(area, area) / (1 + steps)).sum())


def probability_index(area: NDArray[np.float64], probability: NDArray[np.float64]) -> float:
    """Numerator of PC: Σ aᵢaⱼp*ᵢⱼ over the most probable paths."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import shortest_path

    row, column = np.nonzero(probability > 0)
    apart = row != column
    row, column = row[apart], column[apart]
    # a certain link has no length, which a sparse matrix would take for no link
    length = np.maximum(-np.log(probability[row, column]), 1e-300)
    far = shortest_path(csr_array((length, (row, column)), shape=probability.shape), directed=False)
    best: Any = np.exp(-far)
    np.fill_diagonal(best, 1.0)
    return float((np.outer(area, area) * best).sum())


def importance(
    area: NDArray[np.float64], linked: NDArray[np.bool_], probability: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Loss of IIC and of PC without each patch, as shares."""
    whole = integral_index(area, linked), probability_index(area, probability)
    answer = np.zeros((2, len(area)))
    for patch in range(len(area)):
        rest = np.delete(np.arange(len(area)), patch)
        inner = np.ix_(rest, rest)
        answer[0, patch] = 1 - integral_index(area[rest], linked[inner]) / whole[0] if whole[0] else 0.0
        answer[1, patch] = 1 - probability_index(area[rest], probability[inner]) / whole[1] if whole[1] else 0.0
    return answer[0], answer[1]
