"""Choice of protected units: ten thousand units, four hundred features, to one per cent of the best possible."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.child import Measurement, measure
from benchmarks.report import machine, seconds, table, versions

_INTRODUCTION = """# Priorities of protection

Written by `python -m benchmarks priorities` on {machine}; {versions}.
Targets are three tenths of what there is, the gap asked is 1 %, the time limit 60 s; the bound is proven. Scattered
features lie in a tenth of the units each, clustered ones in ranges of two cells to a quarter of the region, with costs
of a wide spread.
"""


def scattered(units: int, features: int) -> tuple[Any, Any]:
    """Amounts and costs of features that lie anywhere, the same every time."""
    from scipy.sparse import csr_array

    generator = np.random.default_rng(5)
    costs = generator.uniform(1, 10, units).round(3)
    there = generator.random((units, features)) < 0.1
    return csr_array(np.where(there, generator.integers(1, 9, (units, features)), 0).astype(np.float64)), costs


def clustered(units: int, features: int) -> tuple[Any, Any]:
    """Amounts and costs of features that lie in ranges of their own, the same every time."""
    from scipy.sparse import coo_array

    generator = np.random.default_rng(1)
    side = int(units**0.5)
    y, x = np.divmod(np.arange(units), side)
    costs = generator.lognormal(2, 0.6, units).round(3)
    rows, columns, amounts = [], [], []
    for feature in range(features):
        middle, reach = generator.uniform(0, side, 2), generator.uniform(2, side / 4)
        density = 0.6 * np.exp(-((x - middle[0]) ** 2 + (y - middle[1]) ** 2) / (2 * reach**2))
        found = np.flatnonzero(generator.random(units) < density)
        found = found if len(found) >= 5 else generator.choice(units, 5, replace=False)
        rows.append(found)
        columns.append(np.full(len(found), feature))
        amounts.append(generator.gamma(2, 1, len(found)).round(3) + 0.01)
    held = (np.concatenate(amounts), (np.concatenate(rows), np.concatenate(columns)))
    return coo_array(held, shape=(units, features)).tocsr(), costs


def ours(kind: str, units: int, features: int) -> Callable[[], Any]:
    """Prepare our measurement."""
    from spacegov.tools.protection._selection import Problem, solve

    make = {"scattered": scattered, "clustered": clustered}[kind]

    def run(held: Any, costs: Any) -> Any:
        targets = 0.3 * np.asarray(held.sum(axis=0)).ravel()
        none = np.zeros(len(costs), np.int64)
        found = solve(Problem(held, targets, costs, none, np.zeros((0, 2), np.int64), np.zeros(0)), None, 0.01, 60.0)
        met = bool((held.T @ found.chosen.astype(np.float64) >= targets * (1 - 1e-7)).all())
        return {
            "cost": round(found.objective, 1),
            "bound": round(found.bound, 1),
            "gap": round(found.gap, 4),
            "met": met,
        }

    run(*make(3200, 8))  # compiled code is loaded
    held, costs = make(units, features)
    return lambda: run(held, costs)


def run(_folder: Path, *, small: bool = False) -> str:
    """Measure and give the page."""
    units, features = (3200, 40) if small else (10_000, 400)
    rows = []
    for kind in ("scattered", "clustered"):
        found = measure("benchmarks.priorities:ours", kind=kind, units=units, features=features)
        rows.append([kind, f"{units:,}", f"{features:,}", *_answer(found)])
    introduction = _INTRODUCTION.format(machine=machine(), versions=versions(["spacegov", "scipy", "numba"]))
    header = ["features are", "units", "features", "time", "processor", "cost", "bound", "gap", "targets met"]
    return introduction + "\n" + table(header, rows)


def _answer(found: Measurement | str) -> list[str]:
    if isinstance(found, str):
        return ["failed", "", "", "", "", found]
    answer = found.answer
    return [
        seconds(found.seconds),
        seconds(found.processor_seconds),
        f"{answer['cost']:,}",
        f"{answer['bound']:,}",
        f"{answer['gap']:.2%}",
        "all" if answer["met"] else "not all",
    ]
