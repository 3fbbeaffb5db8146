"""The p-median: which few sites leave the least way to go, proven by cuts.

The way of a place is at least r − Σ max(0, r − dᵢⱼ) yⱼ for any r, and exactly that for the right one: so a program over
the sites alone, with one estimate for each place, is cut until it agrees with the ways, first relaxed, then whole.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spacegov.errors import Unsolvable

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_EXACT = 1e-9
_OWN_ESTIMATE = 1000


class Choice(NamedTuple):
    """The sites chosen, the value of the choice, how good it can be at best, and whether that is proven."""

    chosen: Flags
    objective: float
    bound: float
    gap: float
    proven: bool


def gap_between(objective: float, bound: float) -> float:
    """Distance from the bound, as a share of the objective."""
    distance = abs(objective - bound)
    return 0.0 if distance <= _EXACT * max(abs(objective), abs(bound)) else distance / max(abs(objective), _EXACT)


def p_median(cost: Floats, weight: Floats, fallback: Floats, number: int, gap: float, time_limit: float) -> Choice:
    """Choose at most `number` sites that make the weighted sum of the costs to the nearest least.

    Parameters
    ----------
    cost : array (places, sites)
        Infinite where a site cannot serve a place.
    weight : array (places,)
        Above 0.
    fallback : array (places,)
        Cost at a facility that is there already; infinite without one.
    number : int
        Sites to open.
    gap : float
        Share of the objective by which the answer may lie off the bound.
    time_limit : float
        Seconds.

    Raises
    ------
    Unsolvable
        No choice serves every place.

    Examples
    --------
    >>> line = np.array([0.0, 1, 2, 8, 9, 15])
    >>> found = p_median(np.abs(line[:, None] - line), np.ones(6), np.full(6, np.inf), 3, 0.0, 10.0)
    >>> found.objective, found.bound, found.proven
    (3.0, 3.0, True)
    """
    return _Search(cost, weight, fallback, number).solve(gap, time.monotonic() + time_limit)


class _Search:
    def __init__(self, cost: Floats, weight: Floats, fallback: Floats, number: int) -> None:
        self.cost = np.minimum(cost, fallback[:, None])
        self.weight, self.fallback = weight, fallback
        self.sites = cost.shape[1]
        self.number = min(number, self.sites)
        self.order = np.argsort(self.cost, axis=1, kind="stable")
        self.sorted = np.take_along_axis(self.cost, self.order, axis=1)
        # places share an estimate where there are very many of them: those with the same nearest site
        group = np.arange(len(weight)) if len(weight) <= _OWN_ESTIMATE else self.order[:, 0]
        _, self.group = np.unique(group, return_inverse=True)
        self.groups = int(self.group.max()) + 1
        self.rows: list[Any] = []
        self.limits: list[Floats] = []
        self.best: Flags = np.zeros(self.sites, dtype=bool)
        self.upper, self.lower = np.inf, 0.0

    def solve(self, gap: float, deadline: float) -> Choice:
        self._offer(_exchange(self.cost, self.weight, self.number, deadline))
        low, high = np.zeros(self.sites), np.ones(self.sites)
        prices = self._relaxed(gap, deadline)
        if not self._settled(gap):
            # a site whose price alone would exceed the best known answer is out, or in
            room = self.upper - self.lower + _EXACT * abs(self.upper)
            high[prices > room] = 0.0
            low[prices < -room] = 1.0
        while not self._settled(gap) and time.monotonic() < deadline:
            chosen = self._whole(low, high, gap, deadline)
            if chosen is None or not self._cut(chosen.astype(np.float64), self.estimate):
                break
        if not np.isfinite(self.upper):
            raise Unsolvable("no choice of sites serves every place; allow more sites or longer ways")
        lower = min(self.lower, self.upper)
        distance = gap_between(self.upper, lower)
        return Choice(self.best, self.upper, lower if distance else self.upper, distance, distance <= gap)

    def _settled(self, gap: float) -> bool:
        return bool(np.isfinite(self.upper)) and gap_between(self.upper, min(self.lower, self.upper)) <= gap

    def _offer(self, chosen: Flags) -> None:
        nearest = self.fallback if not chosen.any() else self.cost[:, chosen].min(axis=1)
        total = float(self.weight @ nearest)
        if total < self.upper:
            self.upper, self.best = total, chosen.copy()

    def _reach(self, share: Floats) -> Floats:
        """The r of each place at which its cut is sharp: the cost within which shares of sites make up a whole one."""
        whole = np.cumsum(share[self.order], axis=1) >= 1 - 1e-9
        at = np.where(whole.any(axis=1), whole.argmax(axis=1), self.sites - 1)
        return np.asarray(np.minimum(self.sorted[np.arange(len(at)), at], self.fallback), dtype=np.float64)

    def _cut(self, share: Floats, estimate: Floats, at: Floats | None = None) -> bool:
        """Add the cuts that are sharp at `at` and that shares and estimates break; tell whether there were any."""
        from scipy.sparse import csr_array, hstack

        reach = self._reach(share if at is None else at)
        # a place that the shares cannot reach at all says nothing yet
        reach = np.where(np.isfinite(reach), reach, 0.0)
        saved = np.maximum(reach[:, None] - self.cost, 0.0) * self.weight[:, None]
        limit = self._sum(self.weight * reach)
        gather = csr_array((np.ones(len(reach)), (self.group, np.arange(len(reach)))), (self.groups, len(reach)))
        together = np.asarray(gather @ saved)
        short = limit - together @ share - estimate
        broken = np.flatnonzero(short > 1e-7 * np.maximum(limit, 1.0))
        if not len(broken):
            return False
        own = csr_array((np.ones(len(broken)), (np.arange(len(broken)), broken)), (len(broken), self.groups))
        self.rows.append(hstack([csr_array(together[broken]), own], format="csr"))
        self.limits.append(limit[broken])
        return True

    def _program(self) -> tuple[Floats, Any, Floats, Floats]:
        """Objective, rows and their lower and upper limits, cuts and what else must hold."""
        from scipy.sparse import csr_array, hstack, vstack

        # the fewer a place can be served by, the less is left to the cuts
        need = np.isfinite(self.cost[~np.isfinite(self.fallback)])
        need = np.unique(need[~need.all(axis=1)], axis=0)
        fixed = np.vstack([np.ones((1, self.sites)), need.astype(np.float64)])
        rows = [hstack([csr_array(fixed), csr_array((len(fixed), self.groups))], format="csr"), *self.rows]
        low = np.concatenate([[0.0], np.ones(len(need)), *self.limits])
        high = np.full(len(low), np.inf)
        high[0] = self.number
        if np.isinf(self.fallback).any():
            low[0] = 1.0
        return np.concatenate([np.zeros(self.sites), np.ones(self.groups)]), vstack(rows, format="csr"), low, high

    def _least(self) -> Floats:
        nearest = np.where(np.isfinite(self.sorted[:, 0]), self.sorted[:, 0], 0.0)
        return self._sum(self.weight * nearest)

    def _sum(self, values: Floats) -> Floats:
        return np.asarray(np.bincount(self.group, values, self.groups), dtype=np.float64)

    def _relaxed(self, gap: float, deadline: float) -> Floats:
        """Cut the relaxed program until it agrees with the ways; give the price of opening each site."""
        from scipy.optimize import linprog
        from scipy.sparse import vstack

        least = self._least()
        bounds = np.column_stack([np.zeros(self.sites + self.groups), np.full(self.sites + self.groups, np.inf)])
        bounds[: self.sites, 1] = 1.0
        bounds[self.sites :, 0] = least
        self.estimate = least
        middle = self.best.astype(np.float64)
        self._cut(middle, least)
        prices = np.zeros(self.sites)
        while True:
            value, rows, low, high = self._program()
            matrix, limit = vstack([rows[[0]], -rows], format="csr"), np.concatenate([[high[0]], -low])
            found = linprog(value, A_ub=matrix, b_ub=limit, bounds=bounds, method="highs")
            if found.status != 0:
                raise Unsolvable("no choice of sites serves every place; allow more sites or longer ways")
            share, self.estimate = found.x[: self.sites], found.x[self.sites :]
            self.lower = max(self.lower, float(found.fun))
            prices = np.asarray((found.lower.marginals + found.upper.marginals)[: self.sites])
            top = np.zeros(self.sites, dtype=bool)
            top[np.argsort(-share, kind="stable")[: self.number]] = True
            self._offer(top)
            if self._settled(gap) or time.monotonic() > deadline:
                return prices
            # a cut between the last point and the middle of those before is deeper
            middle = (middle + share) / 2
            if not self._cut(share, self.estimate, middle) and not self._cut(share, self.estimate):
                return prices

    def _whole(self, low: Floats, high: Floats, gap: float, deadline: float) -> Flags | None:
        """Solve the program over whole sites; None where time ran out without an answer."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        value, rows, least, most = self._program()
        found = milp(
            value,
            integrality=np.concatenate([np.ones(self.sites), np.zeros(self.groups)]),
            bounds=Bounds(np.concatenate([low, self._least()]), np.concatenate([high, np.full(self.groups, np.inf)])),
            constraints=LinearConstraint(rows, least, most),
            options={"mip_rel_gap": gap / 2, "time_limit": max(deadline - time.monotonic(), 0.1)},
        )
        if found.mip_dual_bound is not None and np.isfinite(found.mip_dual_bound):
            self.lower = max(self.lower, float(found.mip_dual_bound))
        if found.x is None:
            return None
        chosen = np.asarray(found.x[: self.sites] > 0.5, dtype=bool)
        self.estimate = found.x[self.sites :]
        self._offer(chosen)
        return chosen


def _exchange(cost: Floats, weight: Floats, number: int, deadline: float) -> Flags:
    """Open sites one by one where each saves most, then exchange one for another while that saves (Teitz and Bart)."""
    finite = cost[np.isfinite(cost)]
    far = 2.0 * (float(finite.max()) if len(finite) else 0.0) * max(float(weight.sum() / weight.min()), 1.0) + 1.0
    reach = np.where(np.isfinite(cost), cost, far)
    opened: list[int] = []
    nearest = np.full(len(cost), far)
    for _ in range(number):
        saving = weight @ np.maximum(nearest[:, None] - reach, 0.0)
        saving[opened] = -1.0
        opened.append(int(np.argmax(saving)))
        nearest = np.minimum(nearest, reach[:, opened[-1]])
    chosen = np.zeros(cost.shape[1], dtype=bool)
    chosen[opened] = True
    while time.monotonic() < deadline and not chosen.all():
        swap = _best_swap(reach, weight, np.array(opened))
        if swap is None:
            break
        leaves, enters = swap
        chosen[opened[leaves]], chosen[enters] = False, True
        opened[leaves] = enters
    return chosen


def _best_swap(cost: Floats, weight: Floats, opened: NDArray[np.int64]) -> tuple[int, int] | None:
    """The exchange that saves most: (position in opened, site), None where none saves."""
    own = cost[:, opened]
    first = np.argmin(own, axis=1)
    rows = np.arange(len(cost))
    nearest = own[rows, first]
    second = np.full(len(cost), np.inf)
    if len(opened) > 1:
        rest = own.copy()
        rest[rows, first] = np.inf
        second = rest.min(axis=1)
    best, found = _EXACT * max(float(weight @ nearest), _EXACT), None
    for site in np.setdiff1d(np.arange(cost.shape[1]), opened):
        offered = cost[:, site]
        gain = float(weight @ np.maximum(nearest - offered, 0.0))
        lost = weight * np.maximum(np.minimum(second, offered) - nearest, 0.0)
        loss = np.bincount(first, lost, minlength=len(opened))
        leaves = int(np.argmin(loss))
        if gain - loss[leaves] > best:
            best, found = gain - float(loss[leaves]), (leaves, int(site))
    return found
