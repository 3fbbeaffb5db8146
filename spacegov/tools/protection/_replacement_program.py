"""Choice of replacement land as mixed integer programs, one for each criterion in turn."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from spacegov.errors import Unsolvable

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Land(NamedTuple):
    """What the program chooses from.

    Attributes
    ----------
    needs : list of (float64 (n,), float)
        What each candidate gives, and how much is needed together.
    rooted : bool (n,)
        Whether a candidate lies on existing plots by itself.
    neighbours : int64 (m, 2)
        Pairs of candidates that lie on each other's side.
    rivals : int64 (k, 2)
        Pairs that lie on each other, of which one at most may be taken.
    """

    needs: list[tuple[Floats, float]]
    rooted: npt.NDArray[np.bool_]
    neighbours: Integers
    rivals: Integers


class Stage(NamedTuple):
    """One criterion solved: its value, how good it can be at best, and whether time sufficed."""

    criterion: str
    value: float
    bound: float
    gap: float
    finished: bool


def solve_in_turn(
    land: Land, criteria: list[tuple[str, Floats, float]], *, gap: float, time_limit: float
) -> tuple[npt.NDArray[np.bool_], list[Stage]]:
    """Minimise criteria one after the other; each may later be given up by its slack.

    Parameters
    ----------
    land : Land
    criteria : list of (name, float64 (n,), slack)
        What taking each candidate adds, and the share by which later stages may exceed the best total.
    gap : float
        Relative gap at which a stage ends.
    time_limit : float
        Seconds for each stage.

    Raises
    ------
    Unsolvable
        No choice meets the needs, or none was found in time.

    Notes
    -----
    Contiguity is exact: a candidate apart from existing plots takes a unit of flow that only candidates taken, in a
    chain from one on existing plots, can pass on.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array, hstack

    count = len(land.rooted)
    start, end = _arcs(land)
    width = count + len(start)
    parts = [LinearConstraint(hstack([_row(given / need), csr_array((1, len(start)))]).tocsr(), 1.0) for given, need in
             land.needs if need > 0]  # fmt: skip
    parts += _contiguity(land, start, end, count)
    if len(land.rivals):
        number = np.repeat(np.arange(len(land.rivals)), 2)
        both = csr_array((np.ones(len(number)), (number, land.rivals.ravel())), shape=(len(land.rivals), width))
        parts.append(LinearConstraint(both, -np.inf, 1.0))
    whole = np.concatenate([np.ones(count), np.zeros(len(start))])
    bounds = Bounds(np.zeros(width), np.concatenate([np.ones(count), np.full(len(start), float(count))]))
    stages: list[Stage] = []
    chosen = np.zeros(count, dtype=bool)
    for name, added, slack in criteria:
        scale = float(np.abs(added).max()) or 1.0
        value = np.concatenate([added / scale, np.zeros(len(start))])
        found = milp(
            value,
            integrality=whole,
            bounds=bounds,
            constraints=parts,
            options={"mip_rel_gap": gap, "time_limit": time_limit},
        )
        if found.x is None:
            raise Unsolvable(
                f"no set of candidates was found that closes the deficit ({found.message}); add candidates or time"
            )
        chosen = found.x[:count] > 0.5
        total = float(added[chosen].sum())
        bound = min(float(found.mip_dual_bound) * scale, total) if found.mip_dual_bound is not None else total
        away = max(total - bound, 0.0) / abs(total) if total else 0.0
        away = 0.0 if away < 1e-12 else away
        stages.append(Stage(name, total, bound, away, found.status == 0))
        # a hair of room, so that rounding does not forbid the choice that was found
        limit = total / scale * (1 + slack) + 1e-9 * max(1.0, abs(total / scale))
        parts.append(LinearConstraint(_row(value), -np.inf, limit))
    return chosen, stages


def _row(values: Floats) -> Any:
    from scipy.sparse import csr_array

    return csr_array(values[None, :])


def _arcs(land: Land) -> tuple[Integers, Integers]:
    """Give the ways from one candidate to a neighbour that needs it to reach existing plots."""
    pairs = land.neighbours.reshape(-1, 2)
    start = np.concatenate([pairs[:, 0], pairs[:, 1]])
    end = np.concatenate([pairs[:, 1], pairs[:, 0]])
    needed = ~land.rooted[end]
    return start[needed], end[needed]


def _contiguity(land: Land, start: Integers, end: Integers, count: int) -> list[Any]:
    from scipy.optimize import LinearConstraint
    from scipy.sparse import coo_array, csr_array, hstack

    far = np.flatnonzero(~land.rooted)
    if not len(far):
        return []
    arcs = len(start)
    place = np.full(count, -1)
    place[far] = np.arange(len(far))
    number = np.arange(arcs)
    inside = ~land.rooted[start]
    flow = coo_array(
        (
            np.concatenate([np.ones(arcs), -np.ones(int(inside.sum()))]),
            (np.concatenate([place[end], place[start[inside]]]), np.concatenate([number, number[inside]])),
        ),
        shape=(len(far), arcs),
    )
    taken = csr_array((-np.ones(len(far)), (np.arange(len(far)), far)), shape=(len(far), count))
    parts = [LinearConstraint(hstack([taken, flow]).tocsr(), 0.0, 0.0)]
    if arcs:
        # nothing flows out of a candidate that is not taken
        cap = csr_array((np.full(arcs, -float(len(far))), (number, start)), shape=(arcs, count))
        one = coo_array((np.ones(arcs), (number, number)), shape=(arcs, arcs))
        parts.append(LinearConstraint(hstack([cap, one]).tocsr(), -np.inf, 0.0))
    return parts
