"""Search for a cheap choice of many units that meets all targets: annealing among the units that are in doubt.

The relaxed program settles most units: their price in it is far from nothing. Among the rest a choice is annealed, in
which a target that is missed costs what the relaxed program would pay for it, and more and more; what is still short at
the end is filled up, what is not needed is dropped.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spacegov.kernels.jit import inner_kernel, kernel

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_ENOUGH = -1e-9
_THREADS = 2


class Covering(NamedTuple):
    """Units × features as rows of a sparse matrix, scaled so that a target is 1; costs; units free to choose."""

    start: NDArray[np.int64]
    feature: NDArray[np.int64]
    amount: Floats
    cost: Floats
    free: NDArray[np.int64]


class Start(NamedTuple):
    """Where the search begins: a choice, the units in doubt, the price of each target."""

    chosen: Flags
    doubtful: NDArray[np.int64]
    price: Floats


def search(covering: Covering, start: Start, steps: int, seeds: range) -> Flags | None:
    """Give the cheapest choice found from several seeds; None where none meets all targets.

    Parameters
    ----------
    covering : Covering
        The problem.
    start : Start
        Where to begin.
    steps : int
        Changes tried for each seed.
    seeds : range
        One search for each; the answer does not depend on how many run at a time.
    """
    slack = _slack(covering, start.chosen, len(start.price))
    warmth = float(covering.cost[start.doubtful].mean()) if len(start.doubtful) else 1.0

    def one(seed: int) -> tuple[float, Flags] | None:
        chosen, room = start.chosen.copy(), slack.copy()
        if len(start.doubtful) > 1:
            _anneal(
                *covering[:4],
                start.doubtful,
                chosen,
                room,
                start.price,
                steps,
                np.random.default_rng(seed),
                0.14 * warmth,
                0.014 * warmth,
            )
        if not _mend(*covering, chosen, room):
            return None
        return float(covering.cost[chosen].sum()), chosen

    with ThreadPoolExecutor(_THREADS) as pool:
        found = [answer for answer in pool.map(one, seeds) if answer is not None]
    return min(found, key=lambda answer: answer[0])[1] if found else None


def _slack(covering: Covering, chosen: Flags, features: int) -> Floats:
    unit = np.repeat(np.arange(len(chosen)), np.diff(covering.start))
    held = chosen[unit]
    return np.asarray(np.bincount(covering.feature[held], covering.amount[held], features) - 1.0)


@inner_kernel
def _flip(unit: Any, start: Any, feature: Any, amount: Any, chosen: Any, slack: Any, price: Any, dearer: Any) -> Any:
    """Take a unit in or out, and give what that changes in the price of missed targets."""
    change = 0.0
    sign = -1.0 if chosen[unit] else 1.0
    for place in range(start[unit], start[unit + 1]):
        k = feature[place]
        before = slack[k]
        after = before + sign * amount[place]
        if before < 0.0:
            change += price[k] * before
        if after < 0.0:
            change -= price[k] * after
        slack[k] = after
    chosen[unit] = not chosen[unit]
    return change * dearer


@kernel
def _anneal(
    start: Any, feature: Any, amount: Any, cost: Any, doubtful: Any, chosen: Any, slack: Any, price: Any, steps: Any,
    random: Any, warm: Any, cold: Any,
) -> None:  # fmt: skip
    """Change the choice, one unit or one for another, downhill and, the warmer the more, uphill."""
    count = len(doubtful)
    warmth, dearer = warm, 1.2
    for step in range(steps):
        if step % 1000 == 0:
            share = step / steps
            warmth = warm * (cold / warm) ** share
            dearer = 1.2 * (10.0 / 1.2) ** share
        unit = doubtful[int(random.random() * count)]
        change = -cost[unit] if chosen[unit] else cost[unit]
        change += _flip(unit, start, feature, amount, chosen, slack, price, dearer)
        other = -1
        if random.random() < 0.7:
            for _ in range(8):
                candidate = doubtful[int(random.random() * count)]
                if candidate != unit and chosen[candidate] == chosen[unit]:
                    other = candidate
                    break
            if other >= 0:
                change += -cost[other] if chosen[other] else cost[other]
                change += _flip(other, start, feature, amount, chosen, slack, price, dearer)
        if change > 0.0 and random.random() >= np.exp(-change / warmth):
            if other >= 0:
                _flip(other, start, feature, amount, chosen, slack, price, dearer)
            _flip(unit, start, feature, amount, chosen, slack, price, dearer)


@kernel
def _mend(start: Any, feature: Any, amount: Any, cost: Any, free: Any, chosen: Any, slack: Any) -> Any:
    """Add the units that fill most of what is short for their cost, then drop the dearest that are not needed."""
    while True:
        short = False
        for k in range(len(slack)):
            if slack[k] < _ENOUGH:
                short = True
                break
        if not short:
            break
        best, most = -1, 0.0
        for unit in free:
            if chosen[unit]:
                continue
            gain = 0.0
            for place in range(start[unit], start[unit + 1]):
                lack = -slack[feature[place]]
                if lack > 0.0:
                    gain += min(lack, amount[place])
            if gain > 0.0 and (best < 0 or gain > most * max(cost[unit], 1e-12)):
                best, most = unit, gain / max(cost[unit], 1e-12)
        if best < 0:
            return False
        chosen[best] = True
        for place in range(start[best], start[best + 1]):
            slack[feature[place]] += amount[place]
    for unit in free[np.argsort(-cost[free])]:
        if not chosen[unit]:
            continue
        needed = False
        for place in range(start[unit], start[unit + 1]):
            if slack[feature[place]] - amount[place] < _ENOUGH:
                needed = True
                break
        if not needed:
            chosen[unit] = False
            for place in range(start[unit], start[unit + 1]):
                slack[feature[place]] -= amount[place]
    return True
