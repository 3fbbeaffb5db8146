"""Where the flow between two habitats is squeezed: currents over the cells of a corridor, after circuit theory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def current_shares(ground: Floats, corridor: Flags, start: Flags, end: Flags) -> Floats:
    """Share of the current from one habitat to another that passes through each cell of a corridor.

    Parameters
    ----------
    ground : array
        Resistance of each cell, above 0 in the corridor.
    corridor : array of bool
        Cells that may carry current.
    start, end : array of bool
        Cells of the two habitats, each held at one potential.

    Returns
    -------
    array
        0 to 1 in the corridor, 0 in the habitats and elsewhere.

    Notes
    -----
    Cells are joined with their eight neighbours by conductors of 1/(distance · mean resistance), in cells. Kirchhoff's
    equations are solved directly; a cell's current is half the sum of what flows along its conductors.

    Examples
    --------
    A gap of one cell in a wall carries everything:

    >>> corridor = np.ones((3, 5), dtype=bool)
    >>> corridor[[0, 2], 2] = False
    >>> start, end = np.zeros((2, 3, 5), dtype=bool)
    >>> start[:, 0] = end[:, 4] = True
    >>> current_shares(np.ones((3, 5)), corridor, start, end)[1].round(3).tolist()
    [0.0, 0.414, 1.0, 0.414, 0.0]
    """
    from scipy.sparse import csr_array
    from scipy.sparse.linalg import spsolve

    inner = corridor & ~start & ~end
    count = int(inner.sum())
    answer = np.zeros(ground.shape)
    if not count or not (start & corridor).any() or not (end & corridor).any():
        return answer
    number = np.full(ground.shape, -1, dtype=np.int64)
    number[inner] = np.arange(count)
    number[start & corridor], number[end & corridor] = count, count + 1
    left, right, conductance = _conductors(ground, number)
    diagonal = np.bincount(left, conductance, count + 2) + np.bincount(right, conductance, count + 2)
    both = (left < count) & (right < count)
    rows = np.concatenate([left[both], right[both], np.arange(count)])
    columns = np.concatenate([right[both], left[both], np.arange(count)])
    values = np.concatenate([-conductance[both], -conductance[both], diagonal[:count]])
    fed = np.zeros(count)
    for here, there in ((left, right), (right, left)):
        beside = (there == count) & (here < count)
        fed += np.bincount(here[beside], conductance[beside], count)
    potential = np.append(
        spsolve(csr_array((values, (rows, columns)), shape=(count, count)).tocsc(), fed, permc_spec="MMD_AT_PLUS_A"),
        [1.0, 0.0],
    )
    flow = np.abs(conductance * (potential[left] - potential[right]))
    through = np.bincount(left, flow, count + 2) + np.bincount(right, flow, count + 2)
    whole = float(through[count])
    answer[inner] = through[:count] / 2 / whole if whole > 0 else 0.0
    return np.minimum(answer, 1.0)


def _conductors(ground: Floats, number: NDArray[np.int64]) -> tuple[Any, Any, Floats]:
    """Pairs of neighbours that carry current, and how well."""
    height, width = number.shape
    lefts, rights, values = [], [], []
    for down, across in ((0, 1), (1, 0), (1, 1), (1, -1)):
        here = (slice(0, height - down), slice(max(-across, 0), width - max(across, 0)))
        there = (slice(down, height), slice(max(across, 0), width - max(-across, 0)))
        one, other = number[here], number[there]
        joined = (one >= 0) & (other >= 0) & (one != other)
        lefts.append(one[joined])
        rights.append(other[joined])
        resistance = (ground[here][joined] + ground[there][joined]) / 2 * np.hypot(down, across)
        values.append(1 / resistance)
    return np.concatenate(lefts), np.concatenate(rights), np.concatenate(values)
