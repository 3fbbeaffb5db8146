"""Choice of units as a mixed integer program."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spacegov.errors import Unsolvable

_MANY_UNITS = 3000
_MARGIN = 1200


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
    if units >= _MANY_UNITS and not links and budget is None:
        near = _near_the_margin(problem.costs, scaled, low, high, gap, time_limit / 4)
        if near is not None:
            return near
        time_limit *= 0.75
    options = {"mip_rel_gap": gap, "time_limit": time_limit}
    found = milp(value, integrality=whole, bounds=Bounds(low, high), constraints=parts, options=options)
    if found.x is None:
        raise Unsolvable(f"no choice of units was found ({found.message}); relax targets, locks or the time limit")
    chosen = found.x[:units] > 0.5
    sign = 1.0 if budget is None else -1.0
    bound = found.mip_dual_bound if found.mip_dual_bound is not None else found.fun
    distance = abs(found.fun - bound) / abs(found.fun) if found.fun else abs(bound)
    return Solved(chosen, sign * float(found.fun) + 0.0, sign * float(bound) + 0.0, float(distance), found.status == 0)


def _near_the_margin(
    costs: NDArray[np.float64], rows: Any, low: NDArray[np.float64], high: NDArray[np.float64], gap: float, limit: float
) -> Solved | None:
    """Solve among the units whose price in the relaxed program is near nothing; None where that is not near enough."""
    from scipy.optimize import Bounds, LinearConstraint, linprog, milp

    relaxed = linprog(costs, A_ub=-rows, b_ub=-np.ones(rows.shape[0]), bounds=np.column_stack([low, high]))
    if relaxed.x is None:
        return None
    price = np.abs(relaxed.lower.marginals + relaxed.upper.marginals)
    margin = np.partition(price, _MARGIN)[_MARGIN]
    fixed = price > margin
    taken = np.rint(relaxed.x)
    bounds = Bounds(np.where(fixed, taken, low), np.where(fixed, taken, high))
    # half the gap is left for what lies between the relaxed and the whole program
    options = {"mip_rel_gap": gap / 2, "time_limit": limit}
    covered = LinearConstraint(rows, np.ones(rows.shape[0]))
    found = milp(costs, integrality=np.ones(len(costs)), bounds=bounds, constraints=covered, options=options)
    if found.x is None or found.fun - relaxed.fun > gap * found.fun:
        return None
    distance = (found.fun - relaxed.fun) / found.fun if found.fun else 0.0
    return Solved(found.x > 0.5, float(found.fun), float(relaxed.fun), float(distance), True)


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
