"""Where to protect: the cheapest units that meet targets, or the most that a budget buys, solved exactly."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pydantic import Field

from spacegov.checks import checked
from spacegov.errors import BadInput, Unsolvable
from spacegov.kernels import pair_areas, polygon_areas
from spacegov.kinds import AreaBasis, ColumnOf, Polygons, Share, Table, name_of
from spacegov.ledger import doubt, figure, progress
from spacegov.tools.foundation._records import record_names
from spacegov.tools.protection._selection import Problem, Solved, irreplaceability, solve

Goal = Literal["minimum-set", "maximum-coverage"]
Seconds = Annotated[float, Field(gt=0, json_schema_extra={"unit": "s"})]


class ProtectionPriorities(NamedTuple):
    """Answer of `prioritize_protection`."""

    units: gpd.GeoDataFrame
    targets: pd.DataFrame
    solution: pd.DataFrame


@checked(partition=None)
def prioritize_protection(
    units: Polygons,
    features: list[Polygons] | None = None,
    amounts: Table | None = None,
    targets: Table | None = None,
    *,
    unit: Annotated[str, ColumnOf("units")],
    amount_unit: Annotated[str, ColumnOf("amounts")] = "unit",
    amount_feature: Annotated[str, ColumnOf("amounts")] = "feature",
    amount: Annotated[str, ColumnOf("amounts", numeric=True)] = "amount",
    target_feature: Annotated[str, ColumnOf("targets")] = "feature",
    target: Annotated[str, ColumnOf("targets", numeric=True)] = "target",
    goal: Goal = "minimum-set",
    target_share: Share = 0.3,
    cost: Annotated[str | None, ColumnOf("units", numeric=True)] = None,
    lock: Annotated[str | None, ColumnOf("units")] = None,
    budget: Annotated[float, Field(ge=0)] | None = None,
    boundary_penalty: Annotated[float, Field(ge=0)] = 0.0,
    gap: Share = 0.01,
    time_limit: Seconds = 60.0,
    area_basis: AreaBasis = "plane",
) -> ProtectionPriorities:
    """Choose planning units for protection: the cheapest that meet every target, or the most that a budget buys.

    Parameters
    ----------
    units
        Planning units.
    features
        Layers of what is to be kept, such as wetlands and habitats; their ground in each unit, in m², is its amount.
    amounts
        How much of each further feature (species, service) lies in each unit.
    targets
        How much of each feature is wanted; without it `target_share` of what there is.
    unit
        Column that names the units.
    amount_unit, amount_feature, amount
        Columns of the amounts: unit, feature, how much.
    target_feature, target
        Columns of the targets: feature, how much.
    goal
        `minimum-set` meets all targets at least cost; `maximum-coverage` meets the most of the targets within `budget`.
    target_share
        Share of each feature that is wanted where no targets are given.
    cost
        Column with the cost of a unit, not negative; without it the area in hectares.
    lock
        Column with `in` for units that are protected, `out` for units that cannot be; anything else is free.
    budget
        Largest cost, for `maximum-coverage`.
    boundary_penalty
        Cost of a metre of boundary between chosen ground and other ground; the outside of the region is free.
    gap
        How far from the best bound the answer may lie, as a share.
    time_limit
        Seconds after which the best answer so far is given, with its gap.
    area_basis
        How areas are measured.

    Returns
    -------
    units : GeoDataFrame
        In the order given.
        unit : name
        decision : `selected`, `locked-in`, `not-selected`, `locked-out`
        cost : in the unit of the cost column, or ha
        area_m2 : area, m²
        irreplaceability : 0 to 1; 1 where without the unit a target cannot be met, or just so by all others
        features : number of features in it
        geometry
    targets : DataFrame
        feature, available, target, held : amounts
        share : held over available
        met : whether the target is met
    solution : DataFrame
        One row. goal, objective, bound, gap (share), cost, boundary_m (m), units (number), status (`optimal`: within
        the gap, or `time-limit`)

    Raises
    ------
    Unsolvable
        Targets beyond what the free and locked-in units hold, by feature; locked-in units beyond the budget; no answer
        within the time limit.
    BadInput
        Units named twice or not at all, amounts of unknown units, negative numbers, no budget for maximum coverage.

    Notes
    -----
    A mixed integer program for HiGHS. Minimum set: min Σ cᵢxᵢ + penalty · Σ bᵢⱼ |xᵢ − xⱼ| with Σ aᵢₖxᵢ ≥ Tₖ. Maximum
    coverage: max Σ min(held, target)/target less the penalty. From three thousand units on, without a boundary
    penalty, the relaxed program gives the bound, the choice is searched among the units that it leaves in doubt
    (annealing, from fixed seeds), and what is left of the time goes into a better bound. Irreplaceability is the
    largest min(1, aᵢₖ/(availableₖ − Tₖ)) over features: by how much the room for choice shrinks without the unit. Not
    split: the choice is one.

    References
    ----------
    Ball, Possingham and Watts 2009, Marxan; Beyer et al. 2016, Ecological Modelling 328, integer programming for
    reserves; Kirkpatrick et al. 1983, Science 220, on annealing; Huangfu and Hall 2018, HiGHS; Ferrier et al. 2000 on
    irreplaceability.

    Examples
    --------
    >>> shapes = shapely.box(5e5 + 100 * np.arange(3), 33e5, 500100 + 100 * np.arange(3), 3300100)
    >>> squares = gpd.GeoDataFrame({"id": ["a", "b", "c"], "price": [2.0, 3.0, 4.0]}, geometry=shapes, crs=4549)
    >>> held = pd.DataFrame({"unit": ["a", "b", "b", "c"], "feature": ["otter", "otter", "orchid", "orchid"],
    ...                      "amount": [1.0, 1.0, 1.0, 1.0]})
    >>> wanted = pd.DataFrame({"feature": ["otter", "orchid"], "target": [1.0, 1.0]})
    >>> answer = prioritize_protection(squares, None, held, wanted, unit="id", cost="price", gap=0.0)
    >>> answer.units["decision"].tolist(), float(answer.solution["objective"][0])
    (['not-selected', 'selected', 'not-selected'], 3.0)
    """
    names = record_names(units, unit)
    if len(set(names)) < len(names) or "" in set(names):
        raise BadInput(f"units: {unit!r} names a unit twice or not at all, one name for each is needed; choose another")
    if goal == "maximum-coverage" and budget is None:
        raise BadInput("budget: none was given, maximum-coverage needs one; give the largest cost")
    areas = np.asarray(polygon_areas(units, area_basis=area_basis), dtype=np.float64)
    costs = areas / 10_000 if cost is None else units[cost].to_numpy(dtype=np.float64)
    if not np.isfinite(costs).all() or (costs < 0).any():
        raise BadInput(f"units: {cost!r} has missing or negative costs, a cost of 0 or more is needed; fill them in")
    given = [] if features is None else [_ground(units, layer, area_basis) for layer in features]
    if amounts is not None:
        given.append(_columns(amounts, names, amount_unit, amount_feature, amount))
    held, labels = _amounts(given, names)
    available = np.asarray(held.sum(axis=0)).ravel()
    wanted = (
        target_share * available if targets is None else _targets(targets, labels, target_feature, target, available)
    )
    locked = _locks(units, lock)
    pairs, lengths = _shared_boundaries(units, boundary_penalty)
    problem = Problem(held, wanted, costs, locked, pairs, lengths * boundary_penalty)
    _explain(problem, labels, goal, budget)
    progress(0.1, "solving")
    found = solve(problem, budget if goal == "maximum-coverage" else None, gap, time_limit)
    chosen = found.chosen
    decision = np.where(
        locked < 0, "locked-out", np.where(locked > 0, "locked-in", np.where(chosen, "selected", "not-selected"))
    )
    frame = gpd.GeoDataFrame(
        {
            "unit": names,
            "decision": decision,
            "cost": costs,
            "area_m2": areas,
            "irreplaceability": irreplaceability(problem),
            "features": np.asarray((held > 0).sum(axis=1)).ravel().astype(np.int64),
        },
        geometry=units.geometry.to_numpy(),
        crs=units.crs,
    )
    kept = np.asarray(held.T @ chosen.astype(np.float64)).ravel()
    table = pd.DataFrame(
        {
            "feature": labels,
            "available": available,
            "target": wanted,
            "held": kept,
            "share": np.divide(kept, available, out=np.zeros(len(kept)), where=available > 0),
            "met": kept >= wanted * (1 - 1e-7) - 1e-9,
        }
    )
    boundary = float(lengths[chosen[pairs[:, 0]] != chosen[pairs[:, 1]]].sum()) if len(pairs) else 0.0
    _report(frame, table, found, chosen)
    return ProtectionPriorities(frame, table, _solution(goal, found, costs, chosen, boundary))


def _solution(
    goal: Goal, found: Solved, costs: NDArray[np.float64], chosen: NDArray[np.bool_], boundary: float
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "goal": [goal],
            "objective": [found.objective],
            "bound": [found.bound],
            "gap": [found.gap],
            "cost": [float(costs[chosen].sum())],
            "boundary_m": [boundary],
            "units": [int(chosen.sum())],
            "status": ["optimal" if found.finished else "time-limit"],
        }
    )


def _report(frame: gpd.GeoDataFrame, table: pd.DataFrame, found: Solved, chosen: NDArray[np.bool_]) -> None:
    figure("units", int(chosen.sum()))
    figure("selected_area_m2", float(frame.loc[chosen, "area_m2"].sum()))
    figure("cost", float(frame.loc[chosen, "cost"].sum()))
    figure("met", int(table["met"].sum()))
    figure("features", len(table))
    figure("gap", found.gap)
    figure("irreplaceable", int((frame["irreplaceability"] >= 1 - 1e-9).sum()))
    if not found.finished:
        doubt(f"the time limit came before the gap: a better choice by up to {found.gap:.2%} may exist; give more time")


Amounts = tuple[NDArray[np.int64], list[str], NDArray[np.float64]]


def _ground(units: gpd.GeoDataFrame, layer: gpd.GeoDataFrame, area_basis: AreaBasis) -> Amounts:
    """Ground of a layer in each unit; a layer that lies on itself counts twice."""
    pairs = pair_areas(units, layer, area_basis=area_basis)
    rows = pairs["left_index"].to_numpy(dtype=np.int64)
    return rows, [name_of(layer, "feature")] * len(rows), pairs["area_m2"].to_numpy(dtype=np.float64)


def _columns(table: pd.DataFrame, names: NDArray[Any], unit: str, feature: str, amount: str) -> Amounts:
    values = table[amount].to_numpy(dtype=np.float64)
    if not np.isfinite(values).all() or (values < 0).any():
        raise BadInput(
            f"amounts: {amount!r} has missing or negative values, amounts of 0 or more are needed; mend them"
        )
    rows = pd.Index(names).get_indexer(table[unit].astype(str))
    if (rows < 0).any():
        strange = str(table[unit].iloc[int(np.argmax(rows < 0))])
        raise BadInput(f"amounts: {strange!r} of {unit!r} is no unit, names of units are needed; check the table")
    return rows.astype(np.int64), table[feature].astype(str).tolist(), values


def _amounts(given: list[Amounts], names: NDArray[Any]) -> tuple[Any, list[str]]:
    from scipy.sparse import coo_array

    labels = sorted({name for _, named, _ in given for name in named})
    if not labels:
        raise BadInput("amounts: no unit holds any feature, at least one amount is needed; give features or amounts")
    rows = np.concatenate([part for part, _, _ in given])
    columns = pd.Index(labels).get_indexer(pd.Index([name for _, named, _ in given for name in named]))
    values = np.concatenate([part for _, _, part in given])
    return coo_array((values, (rows, columns)), shape=(len(names), len(labels))).tocsr(), labels


def _targets(
    table: pd.DataFrame, features: list[str], feature: str, target: str, available: NDArray[np.float64]
) -> NDArray[np.float64]:
    given = pd.Series(table[target].to_numpy(dtype=np.float64), index=table[feature].astype(str))
    if given.index.has_duplicates or not np.isfinite(given).all() or (given < 0).any():
        raise BadInput("targets: a feature has two targets, or one that is missing or negative; give one of 0 or more")
    unknown = [name for name in given.index if name not in set(features) and given[name] > 0]
    if unknown:
        raise Unsolvable(f"targets: no unit holds {', '.join(unknown)}, so the target cannot be met; drop the target")
    return np.asarray(given.reindex(features).fillna(0.0), dtype=np.float64)[: len(available)]


def _locks(units: gpd.GeoDataFrame, lock: str | None) -> NDArray[np.int64]:
    if lock is None:
        return np.zeros(len(units), dtype=np.int64)
    text = units[lock].fillna("").astype(str)
    return np.asarray(np.where(text == "in", 1, np.where(text == "out", -1, 0)), dtype=np.int64)


def _shared_boundaries(units: gpd.GeoDataFrame, penalty: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    if not penalty:
        return np.zeros((0, 2), dtype=np.int64), np.zeros(0)
    shapes = units.geometry.to_numpy()
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    left, right = left[left < right], right[left < right]
    edges = shapely.boundary(shapes)
    length = shapely.length(shapely.intersection(edges[left], edges[right], grid_size=0.001))
    there = length > 0
    return np.column_stack([left[there], right[there]]).astype(np.int64), length[there]


def _explain(problem: Problem, features: list[str], goal: Goal, budget: float | None) -> None:
    if goal == "maximum-coverage":
        fixed = float(problem.costs[problem.locked > 0].sum())
        if budget is not None and fixed > budget:
            raise Unsolvable(f"the units locked in cost {fixed:g}, the budget is {budget:g}; raise it or unlock some")
        return
    within_reach = np.asarray(problem.held[problem.locked >= 0].sum(axis=0)).ravel()
    short = np.flatnonzero(within_reach < problem.targets * (1 - 1e-9))
    if len(short):
        lines = [f"{features[k]} (target {problem.targets[k]:g}, within reach {within_reach[k]:g})" for k in short[:8]]
        rest = f" and {len(short) - 8} more" if len(short) > 8 else ""
        raise Unsolvable(
            f"the targets of {', '.join(lines)}{rest} cannot be met; lower them or unlock units that hold them"
        )
