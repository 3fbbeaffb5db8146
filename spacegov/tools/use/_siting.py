"""Choice of sites as a program: most people covered, fewest sites that cover, and sites with limited room."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spacegov.errors import Unsolvable
from spacegov.tools.use._median import Choice, gap_between

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Sites(NamedTuple):
    """Sites to choose from: those kept, their room (infinite without limit), and what opening one costs."""

    kept: Flags
    room: Floats
    price: Floats


def cover_most(within: Flags, weight: Floats, sites: Sites, number: int, gap: float, time_limit: float) -> Choice:
    """Open at most `number` sites so that the most people are within reach of one with room for them.

    Parameters
    ----------
    within : array of bool (places, sites)
        Whether a site is near enough to a place.
    weight : array (places,)
        People.
    sites : Sites
        Sites kept and sites to choose from.
    number : int
        Sites to open.
    gap, time_limit : float
        Share of the objective, seconds.
    """
    program = _Cover(within, weight, sites)
    value = np.concatenate([np.zeros(program.sites), -np.ones(program.flows)])
    return program.solve(value, number, None, gap, time_limit, sign=-1.0)


def cover_set(within: Flags, weight: Floats, sites: Sites, share: float, gap: float, time_limit: float) -> Choice:
    """Open the cheapest sites that serve a share of the people that some site could serve.

    Raises
    ------
    Unsolvable
        The sites have no room for so many.
    """
    program = _Cover(within, weight, sites)
    value = np.concatenate([np.where(sites.kept, 0.0, sites.price), np.zeros(program.flows)])
    return program.solve(value, None, share, gap, time_limit, sign=1.0)


class _Cover:
    """People who may go to the same sites are one group; how many of a group go where is a flow."""

    def __init__(self, within: Flags, weight: Floats, sites: Sites) -> None:
        self.kept, self.room = sites.kept, sites.room
        self.sites = within.shape[1]
        patterns, group = np.unique(within, axis=0, return_inverse=True)
        people = np.bincount(group.ravel(), weight, len(patterns))
        some = patterns.any(axis=1) & (people > 0)
        self.patterns, self.people = patterns[some], people[some]
        self.limited = bool(np.isfinite(self.room).any())
        # with room for all it does not matter where a group goes: one flow a group
        if self.limited:
            self.group, self.site = np.nonzero(self.patterns)
        else:
            self.group, self.site = np.arange(len(self.people)), np.full(len(self.people), -1)
        self.flows = len(self.group)

    def _constraints(self, number: int | None, share: float | None) -> list[Any]:
        from scipy.optimize import LinearConstraint
        from scipy.sparse import csr_array, eye_array, hstack

        flow = np.arange(self.flows)
        whole = csr_array((np.ones(self.flows), (self.group, flow)), (len(self.people), self.flows))
        nothing = csr_array((len(self.people), self.sites))
        parts = []
        if self.limited:
            parts.append(LinearConstraint(hstack([nothing, whole], format="csr"), -np.inf, self.people))
            opens = csr_array((-self.people[self.group], (flow, self.site)), (self.flows, self.sites))
            parts.append(LinearConstraint(hstack([opens, eye_array(self.flows)], format="csr"), -np.inf, 0.0))
            bounded = np.flatnonzero(np.isfinite(self.room))
            row = np.full(self.sites, -1)
            row[bounded] = np.arange(len(bounded))
            own = row[self.site] >= 0
            into = csr_array((np.ones(int(own.sum())), (row[self.site[own]], flow[own])), (len(bounded), self.flows))
            rooms = csr_array((-self.room[bounded], (np.arange(len(bounded)), bounded)), (len(bounded), self.sites))
            parts.append(LinearConstraint(hstack([rooms, into], format="csr"), -np.inf, 0.0))
        else:
            opens = csr_array(-self.people[:, None] * self.patterns)
            parts.append(LinearConstraint(hstack([opens, eye_array(self.flows)], format="csr"), -np.inf, 0.0))
        if number is not None:
            count = np.concatenate([(~self.kept).astype(np.float64), np.zeros(self.flows)])
            parts.append(LinearConstraint(count[None, :], -np.inf, float(number)))
        if share is not None:
            served = np.concatenate([np.zeros(self.sites), np.ones(self.flows)])
            wanted = share * float(self.people.sum())
            parts.append(LinearConstraint(served[None, :], wanted * (1 - 1e-9), np.inf))
            if share == 1.0:
                # said of the sites themselves it is a tighter program
                cover = csr_array(self.patterns.astype(np.float64))
                parts.append(
                    LinearConstraint(
                        hstack([cover, csr_array((len(self.people), self.flows))], format="csr"), 1.0, np.inf
                    )
                )
        return parts

    def solve(
        self, value: Floats, number: int | None, share: float | None, gap: float, time_limit: float, *, sign: float
    ) -> Choice:
        from scipy.optimize import Bounds, milp

        if not self.flows:
            return Choice(np.zeros(self.sites, dtype=bool), 0.0, 0.0, 0.0, True)
        low = np.concatenate([self.kept.astype(np.float64), np.zeros(self.flows)])
        high = np.concatenate([np.ones(self.sites), self.people[self.group]])
        found = milp(
            value,
            integrality=np.concatenate([np.ones(self.sites), np.zeros(self.flows)]),
            bounds=Bounds(low, high),
            constraints=self._constraints(number, share),
            options={"mip_rel_gap": gap, "time_limit": time_limit},
        )
        if found.x is None and share is not None and found.status == 2:
            raise Unsolvable(
                f"the sites have no room for {share:.1%} of the {self.people.sum():g} people within reach; lower "
                "target_share, or give more candidates or capacity"
            )
        return _chosen(found, self.kept, sign, gap)


def median_with_room(cost: Floats, weight: Floats, sites: Sites, number: int, gap: float, time_limit: float) -> Choice:
    """Open at most `number` sites so that all people, within the room there is, go the least way together.

    Raises
    ------
    Unsolvable
        No choice has room within reach for all.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array, eye_array, hstack

    place, site = np.nonzero(np.isfinite(cost))
    pairs, (places, count) = len(place), cost.shape
    pair = np.arange(pairs)
    leave = csr_array((np.ones(pairs), (place, pair)), (places, pairs))
    opens = csr_array((-np.ones(pairs), (pair, site)), (pairs, count))
    bounded = np.flatnonzero(np.isfinite(sites.room))
    row = np.full(count, -1)
    row[bounded] = np.arange(len(bounded))
    own = row[site] >= 0
    into = csr_array((weight[place[own]], (row[site[own]], pair[own])), (len(bounded), pairs))
    rooms = csr_array((-sites.room[bounded], (np.arange(len(bounded)), bounded)), (len(bounded), count))
    new = np.concatenate([(~sites.kept).astype(np.float64), np.zeros(pairs)])
    found = milp(
        np.concatenate([np.zeros(count), weight[place] * cost[place, site]]),
        integrality=np.concatenate([np.ones(count), np.zeros(pairs)]),
        bounds=Bounds(np.concatenate([sites.kept.astype(np.float64), np.zeros(pairs)]), np.ones(count + pairs)),
        constraints=[
            LinearConstraint(hstack([csr_array((places, count)), leave], format="csr"), 1.0, 1.0),
            LinearConstraint(hstack([opens, eye_array(pairs)], format="csr"), -np.inf, 0.0),
            LinearConstraint(hstack([rooms, into], format="csr"), -np.inf, 0.0),
            LinearConstraint(new[None, :], -np.inf, float(number)),
        ],
        options={"mip_rel_gap": gap, "time_limit": time_limit},
    )
    if found.x is None and found.status == 2:
        raise Unsolvable(
            f"no {number} sites have room within reach for all {weight.sum():g} people; allow more sites or longer "
            "ways, or cover the most instead"
        )
    return _chosen(found, sites.kept, 1.0, gap)


def _chosen(found: Any, kept: Flags, sign: float, gap: float) -> Choice:
    if found.x is None:
        raise Unsolvable(
            f"no choice of sites was found in time ({found.message}); raise time_limit, or give fewer candidates or "
            "places"
        )
    bound = float(found.fun if found.mip_dual_bound is None else found.mip_dual_bound)
    distance = gap_between(float(found.fun), bound)
    objective = sign * float(found.fun) + 0.0
    chosen = np.asarray(found.x[: len(kept)] > 0.5, dtype=bool)
    return Choice(chosen & ~kept, objective, sign * bound + 0.0 if distance else objective, distance, distance <= gap)
