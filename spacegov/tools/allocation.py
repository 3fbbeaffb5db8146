"""Putting people into places with room: as many as possible, then at the least total cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from spacegov.errors import Unsolvable

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

_FIRST = 6
_MORE = 4


@dataclass(frozen=True)
class Allocation:
    """Who goes where.

    Attributes
    ----------
    origin, place : array of int64
        Positions of each pair that is used.
    people : array of int64
        Persons from the origin to the place.
    unplaced : array of int64, shape (origins,)
        Persons without a place.
    total : float
        Persons times cost, over all pairs.
    bound : float
        No allocation that places as many costs less.
    """

    origin: Indices
    place: Indices
    people: Indices
    unplaced: Indices
    total: float
    bound: float


def allocate(people: Indices, capacity: Indices, cost: Floats) -> Allocation:
    """Place as many people as possible, and those at the least total cost.

    Parameters
    ----------
    people : array of int64, shape (origins,)
        Persons at each origin.
    capacity : array of int64, shape (places,)
        Room of each place.
    cost : array of float64, shape (places, origins)
        Cost of going there; infinite where it is not possible.

    Notes
    -----
    A transport program, solved by HiGHS: with whole numbers of people and places its vertices are whole. It starts
    with the cheapest places of each origin and adds those that its prices show to be worth it, until none is left:
    the answer is that of the full program. Staying unplaced costs more than any chain of moves could save.

    Examples
    --------
    >>> found = allocate(np.array([5, 5]), np.array([6, 2]), np.array([[1.0, 2.0], [4.0, 9.0]]))
    >>> found.people.tolist(), found.unplaced.tolist(), found.total
    ([3, 2, 3], [0, 2], 17.0)
    """
    origins, places = len(people), len(capacity)
    finite = np.isfinite(cost)
    nothing = np.zeros(0, dtype=np.int64)
    if not finite.any() or not people.any():
        return Allocation(nothing, nothing, nothing, people.astype(np.int64), 0.0, 0.0)
    fine = float(cost[finite].max()) + 1.0
    penalty = 2.0 * fine * (min(origins, places) + 1)
    chosen = np.zeros(cost.shape, dtype=bool)
    rank = np.argsort(np.argsort(np.where(finite, cost, np.inf), axis=0, kind="stable"), axis=0, kind="stable")
    chosen[(rank < _FIRST) & finite] = True
    while True:
        place, origin = np.nonzero(chosen)
        solution = _solve(people, capacity, place, origin, cost[place, origin], penalty)
        price_origin = solution.eqlin.marginals
        price_place = solution.ineqlin.marginals
        saving = np.where(finite & ~chosen, cost - price_origin[None, :] - price_place[:, None], 0.0)
        worth = saving < -1e-7 * fine
        if not worth.any():
            break
        order = np.argsort(np.argsort(saving, axis=0, kind="stable"), axis=0, kind="stable")
        chosen |= worth & (order < _MORE)
    flow = np.rint(solution.x[: len(place)]).astype(np.int64)
    unplaced = np.rint(solution.x[len(place) :]).astype(np.int64)
    used = flow > 0
    order = np.lexsort((place[used], origin[used]))
    used_place, used_origin = place[used][order], origin[used][order]
    moved = flow[used][order]
    return Allocation(
        used_origin,
        used_place,
        moved,
        unplaced,
        float((moved * cost[used_place, used_origin]).sum()),
        float(solution.fun) - penalty * float(unplaced.sum()),
    )


def _solve(people: Indices, capacity: Indices, place: Indices, origin: Indices, cost: Floats, penalty: float) -> Any:
    """Solve the program over some pairs; the last variables are the unplaced."""
    from scipy.optimize import linprog

    pairs, origins = len(place), len(people)
    column = np.arange(pairs)
    stay = pairs + np.arange(origins)
    ones = np.ones(pairs + origins)
    leave = sparse.csr_matrix(
        (ones, (np.concatenate([origin, np.arange(origins)]), np.concatenate([column, stay]))),
        shape=(origins, pairs + origins),
    )
    room = sparse.csr_matrix((np.ones(pairs), (place, column)), shape=(len(capacity), pairs + origins))
    solution = linprog(
        np.concatenate([cost, np.full(origins, penalty)]),
        A_ub=room,
        b_ub=capacity.astype(float),
        A_eq=leave,
        b_eq=people.astype(float),
        method="highs-ds",
    )
    if solution.status != 0:
        raise Unsolvable(
            f"the allocation of {int(people.sum())} people to {len(capacity)} places was not solved "
            f"({solution.message}); check capacities and costs"
        )
    return solution
