"""Choice of units as a mixed integer program."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spacegov.errors import Unsolvable

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_MANY_UNITS = 3000
_WHOLE = 1e-6
_INFEASIBLE = 2
_SEARCHING = 0.4
# steps and seeds of one search after the other, until one is near enough
_ROUNDS = ((1_000_000, range(2)), (10_000_000, range(2, 4)), (10_000_000, range(4, 6)), (10_000_000, range(6, 8)))


class Problem(NamedTuple):
    """Units × features held (sparse), targets, costs, locks (1 in, −1 out), neighbours and what parting them costs."""

    held: Any
    targets: NDArray[np.float64]
    costs: NDArray[np.float64]
    locked: NDArray[np.int64]
    pairs: NDArray[np.int64]
    penalties: NDArray[np.float64]


class Solved(NamedTuple):
    """The units chosen, the value of the choice and how good it can be at best."""

    chosen: NDArray[np.bool_]
    objective: float
    bound: float
    gap: float
    finished: bool


def solve(problem: Problem, budget: float | None, gap: float, time_limit: float) -> Solved:
    """Solve for the cheapest set that meets the targets or, with a budget, for the most of them.

    Raises
    ------
    Unsolvable
        No choice meets the conditions, or none was found in time.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array, csr_array, eye_array, hstack, vstack

    units, links = len(problem.costs), len(problem.pairs)
    counted = np.flatnonzero(problem.targets > 0)
    features = len(counted) if budget is not None else 0
    # rows are scaled so that a target is one
    scaled = (problem.held[:, counted].T / problem.targets[counted][:, None]).tocsr()
    parts: list[Any] = []
    empty = csr_array
    if budget is None:
        parts.append(
            LinearConstraint(hstack([scaled, empty((len(counted), links))], format="csr"), np.ones(len(counted)))
        )
    else:
        share = hstack([scaled, empty((features, links)), -eye_array(features)], format="csr")
        parts.append(LinearConstraint(share, np.zeros(features)))
        price = hstack([empty(problem.costs[None, :]), empty((1, links + features))], format="csr")
        parts.append(LinearConstraint(price, -np.inf, budget))
    if links:
        number, one = np.arange(links), np.ones(links)
        apart = coo_array(
            (
                np.concatenate([one, -one]),
                (np.tile(number, 2), np.concatenate([problem.pairs[:, 0], problem.pairs[:, 1]])),
            ),
            shape=(links, units),
        ).tocsr()
        rest = empty((links, features))
        both = vstack([hstack([apart, -eye_array(links), rest]), hstack([-apart, -eye_array(links), rest])])
        parts.append(LinearConstraint(both.tocsr(), -np.inf, 0.0))
    value = np.concatenate(
        [problem.costs if budget is None else np.zeros(units), problem.penalties, -np.ones(features)]
    )
    low = np.concatenate([(problem.locked > 0).astype(np.float64), np.zeros(links + features)])
    high = np.concatenate([(problem.locked >= 0).astype(np.float64), np.ones(links + features)])
    whole = np.concatenate([np.ones(units), np.zeros(links + features)])
    parts = [part for part in parts if part.A.shape[0]]
    started = time.monotonic()
    best: Flags | None = None
    least = -np.inf
    if units >= _MANY_UNITS and not links and budget is None and len(counted):
        best, least = _among_many(problem.costs, scaled, low, high, gap, started + _SEARCHING * time_limit)
        if best is not None:
            known = float(problem.costs[best].sum())
            if known - least <= gap * known:
                return Solved(best, known, least, (known - least) / known if known else 0.0, True)
            # what is left of the time goes into a better bound, and any choice that is cheaper
            parts.append(LinearConstraint(csr_array(value[None, :]), -np.inf, known * (1 - 1e-6)))
    left = max(time_limit - (time.monotonic() - started), 1.0)
    options = {"mip_rel_gap": gap, "time_limit": left}
    found = milp(value, integrality=whole, bounds=Bounds(low, high), constraints=parts, options=options)
    if best is not None:
        return _better_of(best, least, problem.costs, found, gap)
    if found.x is None:
        raise Unsolvable(f"no choice of units was found ({found.message}); relax targets, locks or the time limit")
    chosen = found.x[:units] > 0.5
    sign = 1.0 if budget is None else -1.0
    bound = found.mip_dual_bound if found.mip_dual_bound is not None else found.fun
    distance = abs(found.fun - bound) / abs(found.fun) if found.fun else abs(bound)
    return Solved(chosen, sign * float(found.fun) + 0.0, sign * float(bound) + 0.0, float(distance), found.status == 0)


def _better_of(best: Flags, least: float, costs: Floats, found: Any, gap: float) -> Solved:
    """Join the choice that was searched with what the program found of cheaper ones, and of the bound."""
    known = float(costs[best].sum())
    if found.x is not None and float(found.fun) < known:
        best, known = found.x[: len(costs)] > 0.5, float(found.fun)
    if found.status == _INFEASIBLE:
        # nothing is cheaper by more than a millionth
        bound = known * (1 - 1e-6)
    else:
        bound = least if found.mip_dual_bound is None else max(least, min(float(found.mip_dual_bound), known))
    distance = (known - bound) / known if known else 0.0
    return Solved(best, known, bound, distance, distance <= max(gap, 1e-6))


def _relaxed(costs: Floats, rows: Any, low: Floats, high: Floats) -> Any:
    """Solve the program in which units may be taken in parts; its value is a bound of the whole one."""
    from scipy.optimize import linprog

    # the interior point is several times faster here; the simplex method stands by
    for method in ("highs-ipm", "highs-ds"):
        found = linprog(
            costs, A_ub=-rows, b_ub=-np.ones(rows.shape[0]), bounds=np.column_stack([low, high]), method=method
        )
        if found.status == 0:
            return found
    return None


def _among_many(
    costs: Floats, rows: Any, low: Floats, high: Floats, gap: float, deadline: float
) -> tuple[Flags | None, float]:
    """Search for a choice within the gap of the relaxed bound; give the best one found, if any, and the bound."""
    from spacegov.tools.protection._unit_search import Covering, Start, search

    relaxed = _relaxed(costs, rows, low, high)
    if relaxed is None:
        return None, -np.inf
    by_unit = rows.T.tocsr()
    by_unit.sort_indices()
    free = np.flatnonzero(high > low)
    covering = Covering(
        by_unit.indptr.astype(np.int64), by_unit.indices.astype(np.int64), by_unit.data.astype(np.float64), costs, free
    )
    pull = np.abs(relaxed.lower.marginals + relaxed.upper.marginals)[free]
    in_parts = int(((relaxed.x > _WHOLE) & (relaxed.x < 1 - _WHOLE)).sum())
    doubtful = free[np.argsort(pull, kind="stable")[: int(np.clip(1.5 * in_parts, 200, 800))]]
    price = np.abs(relaxed.ineqlin.marginals)
    usual = float(np.median(price[price > 0])) if (price > 0).any() else 1.0
    start = Start(relaxed.x > 0.5, np.sort(doubtful), np.maximum(price, 0.3 * usual))
    best: Flags | None = None
    for steps, seeds in _ROUNDS:
        if best is not None and time.monotonic() > deadline:
            break
        found = search(covering, start, steps, seeds)
        if found is not None and (best is None or costs[found].sum() < costs[best].sum()):
            best = found
        if best is not None and costs[best].sum() - relaxed.fun <= gap * costs[best].sum():
            break
    return best, float(relaxed.fun)


def irreplaceability(problem: Problem) -> NDArray[np.float64]:
    """How far the room of a target would shrink without each unit: 1 where the others can at most just meet it."""
    held = problem.held.multiply((problem.locked >= 0)[:, None]).tocoo()
    room = np.asarray(held.sum(axis=0)).ravel() - problem.targets
    row, column = held.coords
    counts = (problem.targets[column] > 0) & (held.data > 0)
    row, amount, slack = row[counts], held.data[counts], np.maximum(room[column[counts]], 0.0)
    answer = np.zeros(len(problem.costs))
    np.maximum.at(answer, row, np.where(amount >= slack, 1.0, amount / np.where(slack > 0, slack, 1.0)))
    return answer
