"""Which land may replace lost farmland, and why other land may not."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spacegov.errors import BadInput, BadPolicy, Unsolvable
from spacegov.kernels import pair_areas
from spacegov.kinds import AreaBasis
from spacegov.tools.overlay import Shapes, areas_of, differences, shapes_of, union_of
from spacegov.tools.values import text_of

CRITERIA = ("distance", "grade", "cost")
_LIMITS = ("slope_below", "contiguous_within")


def read_rules(table: pd.DataFrame) -> tuple[dict[str, float], list[tuple[str, float, str | None]]]:
    """Read limits and ranked criteria."""
    name = table.attrs.get("policy", "rules")
    limits: dict[str, float] = {}
    ranked: list[tuple[float, str, float, str | None]] = []
    for number, row in enumerate(table.to_dict("records"), start=1):
        rule, value = str(row["rule"]), float(row["value"])
        if rule in _LIMITS:
            limits[rule] = value
        elif rule in CRITERIA and not pd.isna(row["rank"]) and value >= 0:
            ranked.append((float(row["rank"]), rule, value, text_of(row["article"])))
        else:
            raise BadPolicy(
                f"{name}, row {number}: {rule!r} with the value {value:g} and the rank {row['rank']} was given, a "
                f"limit ({', '.join(_LIMITS)}) or a ranked criterion ({', '.join(CRITERIA)}) is needed; mend the table"
            )
    missing = [rule for rule in _LIMITS if rule not in limits]
    if missing or not ranked:
        raise BadPolicy(f"{name}: it lacks {', '.join(missing) or 'a ranked criterion'}; add rows for it")
    return limits, [(rule, slack, article) for _, rule, slack, article in sorted(ranked)]


def free_ground(shapes: Shapes, layers: list[gpd.GeoDataFrame], crs: Any) -> Shapes:
    """Take from the candidates what other layers hold."""
    ground = np.concatenate([shapes_of(layer) for layer in layers])
    pairs = pair_areas(gpd.GeoSeries(shapes, crs=crs), gpd.GeoSeries(ground, crs=crs), trusted=True)
    left = shapes.copy()
    for row, numbers in pairs["right_index"].groupby(pairs["left_index"]):
        where = int(str(row))
        held = np.array([union_of(ground[numbers.to_numpy()])], dtype=object)
        left[where] = differences(left[where : where + 1], held)[0]
    return left


def distances_to(shapes: Shapes, layer: gpd.GeoDataFrame) -> Any:
    """Measure the way in metres from each shape to the nearest of a layer; missing where there is none."""
    found = np.full(len(shapes), np.nan)
    there = np.flatnonzero(~shapely.is_empty(shapes))
    if len(layer) and len(there):
        tree = shapely.STRtree(shapes_of(layer))
        number, distance = tree.query_nearest(shapes[there], all_matches=False, return_distance=True)
        found[there[number[0]]] = distance
    return found


def costs_of(candidates: gpd.GeoDataFrame, cost: str | None, table: pd.DataFrame) -> Any:
    """Give the cost of each candidate, its net area where no column is named."""
    if cost is None:
        return table["net_m2"].to_numpy()
    values = candidates[cost].to_numpy(dtype=np.float64, na_value=np.nan)
    if not (values >= 0).all():
        raise BadInput(f"candidates: {cost!r} has missing or negative costs, 0 or more is needed; fill them in")
    return values


def reasons_against(table: pd.DataFrame, slope_below: float, min_area: float) -> Any:
    """Say why a candidate may not be taken; None where it may."""
    reason = np.full(len(table), None, dtype=object)
    slope = table["slope_deg"].to_numpy()
    reason[table["not_covered"].notna().to_numpy()] = "not_covered"
    reason[np.isnan(table["capacity_t"].to_numpy())] = "unknown_grade"
    reason[np.isnan(slope)] = "unknown_slope"
    reason[slope >= slope_below] = "slope"
    small = table["area_m2"].to_numpy() < max(min_area, 1e-6)
    reason[small] = np.where(table["excluded_m2"].to_numpy()[small] > 0, "excluded", "small")
    return reason


def neighbours_within(shapes: Shapes, within: float) -> Any:
    """Give the pairs of shapes no farther apart than a width."""
    one, other = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=within)
    return np.column_stack([one[one < other], other[one < other]])


def area_wanted(deficit: float | None, occupied: gpd.GeoDataFrame | None, area_basis: AreaBasis) -> float:
    """Give the net area that is needed."""
    if deficit is not None:
        return deficit
    if occupied is None or not len(occupied):
        raise BadInput("deficit: nothing was given, an area or the lost ground is needed; give deficit or occupied")
    ground = np.array([union_of(shapes_of(occupied))], dtype=object)
    return float(areas_of(ground, occupied.crs, area_basis)[0])


def refuse_too_little(needs: list[tuple[Any, float]], table: pd.DataFrame) -> None:
    """Say what falls short where all candidates together do not suffice."""
    short = [
        f"{need:,.1f} {unit} of {what} are needed and {float(given.sum()):,.1f} {unit} may be taken"
        for (given, need), what, unit in zip(needs, ("area", "capacity"), ("m²", "t"), strict=True)
        if float(given.sum()) < need * (1 - 1e-9)
    ]
    if short:
        why = ", ".join(f"{name} {count}" for name, count in table["reason"].value_counts().sort_index().items())
        raise Unsolvable(
            f"the candidates do not suffice: {'; '.join(short)} (ineligible: {why or 'none'}); add candidates or lower "
            "the deficit"
        )


def measure_of(name: str, own: pd.DataFrame) -> Any:
    """Give what each candidate adds to a criterion."""
    if name == "cost":
        return own["cost"].to_numpy()
    column = {"distance": "distance_m", "grade": "grade"}[name]
    return (own["net_m2"] * own[column].fillna(0.0)).to_numpy()
