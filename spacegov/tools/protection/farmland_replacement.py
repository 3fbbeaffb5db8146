"""Land that may replace lost basic farmland: the set that closes a deficit, near, good, cheap and contiguous."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from pydantic import Field

from spacegov import ledger
from spacegov.checks import checked
from spacegov.kernels import self_pair_areas
from spacegov.kinds import AreaBasis, ColumnOf, CoverageOf, PolicyKind, Polygons, Share, SquareMetres
from spacegov.tools.overlay import areas_of, disjoint_groups, shapes_of
from spacegov.tools.protection._net_area import net_shares
from spacegov.tools.protection._replacement_land import (
    area_wanted,
    costs_of,
    distances_to,
    free_ground,
    measure_of,
    neighbours_within,
    read_rules,
    reasons_against,
    refuse_too_little,
)
from spacegov.tools.protection._replacement_program import Land, Stage, solve_in_turn
from spacegov.tools.protection._themes import gaps_of
from spacegov.tools.values import labels_of

CANDIDATE_COLUMNS = {
    "candidate": "str",
    "decision": "str",
    "reason": "str",
    "contiguity": "str",
    "area_m2": "float64",
    "excluded_m2": "float64",
    "net_m2": "float64",
    "capacity_t": "float64",
    "slope_deg": "float64",
    "grade": "float64",
    "distance_m": "float64",
    "existing_m": "float64",
    "cost": "float64",
    "not_covered": "str",
}
SOLUTION_COLUMNS = {
    "rank": "int64",
    "criterion": "str",
    "total": "float64",
    "mean": "float64",
    "bound": "float64",
    "gap": "float64",
    "slack": "float64",
    "status": "str",
    "article": "str",
}


class FarmlandReplacement(NamedTuple):
    """The answer of `select_farmland_replacement`."""

    candidates: gpd.GeoDataFrame
    solution: pd.DataFrame


@checked(partition=None)
def select_farmland_replacement(
    candidates: Polygons,
    existing: Polygons,
    occupied: Polygons | None = None,
    exclusions: list[Polygons] | None = None,
    *,
    rules: Annotated[pd.DataFrame, PolicyKind(("rule", "value", "rank", "article"))],
    grades: Annotated[pd.DataFrame, PolicyKind(("grade", "capacity_kg_per_ha"))],
    deficit: SquareMetres | None = None,
    capacity_deficit: Annotated[float, Field(ge=0, json_schema_extra={"unit": "t"})] = 0.0,
    slope: Annotated[str, ColumnOf("candidates", numeric=True)] = "slope_deg",
    grade: Annotated[str, ColumnOf("candidates", numeric=True)] = "grade",
    cost: Annotated[str | None, ColumnOf("candidates", numeric=True)] = None,
    ridge_share: Annotated[str | None, ColumnOf("candidates", numeric=True)] = None,
    min_area: SquareMetres = 400.0,
    gap: Share = 0.0,
    time_limit: Annotated[float, Field(gt=0, json_schema_extra={"unit": "s"})] = 30.0,
    area_basis: AreaBasis = "plane",
    coverage: Annotated[Mapping[str, gpd.GeoDataFrame] | None, CoverageOf("exclusions")] = None,
) -> FarmlandReplacement:
    """Choose the candidates that close a deficit of farmland.

    Parameters
    ----------
    candidates : GeoDataFrame
        Land that could be basic farmland.
    existing : GeoDataFrame
        Plots of basic farmland, on which the choice must be contiguous.
    occupied : GeoDataFrame, optional
        Ground that is lost: the choice should lie near it, and its area is the deficit where none is given.
    exclusions : list of GeoDataFrame, optional
        Ground that may not be taken, such as the red line.
    rules : DataFrame
        rule, value, rank, article: `slope_below` (degrees, strictly), `contiguous_within` (metres), and the criteria
        `distance`, `grade`, `cost` in the order of their rank, each with the share of its best total that later
        criteria may use up.
    grades : DataFrame
        Capacity by grade: grade, capacity_kg_per_ha.
    deficit : float, optional
        Net area that is needed; the ground of `occupied` where it is left out.
    capacity_deficit : float
        Capacity that is needed besides.
    slope, grade : str
        Columns of the slope in degrees and of the grade, 1 the best.
    cost : str, optional
        Column of what taking a candidate costs; without it, its net area.
    ridge_share : str, optional
        Column of the share of field ridges, 0 to below 1.
    min_area : float
        Smallest ground that is taken, after exclusions.
    gap : float
        Relative gap at which each program may end; 0 asks for the proven best.
    time_limit : float
        Time for each program.
    area_basis : {"plane", "ellipsoid"}
        Areas in the layers' grid or on the ellipsoid.
    coverage : mapping, optional
        Where each layer of exclusions is authoritative.

    Returns
    -------
    candidates : GeoDataFrame
        A row for every candidate, by name: candidate, decision (selected, not_selected, ineligible), reason (slope,
        unknown_slope, unknown_grade, excluded, small, apart, not_covered), contiguity (existing: it lies on existing
        plots; chain: by others that are taken), area_m2 (m² after exclusions), excluded_m2, net_m2 (m², less ridges),
        capacity_t (t), slope_deg (°), grade, distance_m (m to the nearest lost ground), existing_m (m to the nearest
        plot), cost, not_covered (layers), geometry (after exclusions).
    solution : DataFrame
        A row for every criterion, by rank: rank, criterion, total (of net area × metres, net area × grade, or cost),
        mean (by net area), bound (no choice has less), gap (relative), slack, status (optimal, time_limit), article.

    Raises
    ------
    Unsolvable
        The candidates that may be taken do not suffice; the message says what falls short.
    BadPolicy, BadInput
        Rules that lack a limit or have no criterion; no deficit; negative cost.

    Notes
    -----
    Candidates are taken whole, after what is excluded or basic farmland already is cut off. Each criterion is a mixed
    integer program (HiGHS); the best totals of those before it, with their slack, are conditions. Contiguity is exact:
    every candidate taken touches existing plots within the limit, or is joined to them by candidates taken. Of
    candidates that lie on each other one at most is taken. A run is not split: the choice is one. Cost: grows with
    the candidates that reach plots only by others; some hundreds take seconds.

    References
    ----------
    自然资规〔2019〕1号: slope below 25°, contiguous, nearest and best first.

    Examples
    --------
    >>> from shapely import box
    >>> def ground(*spans, **columns):
    ...     shapes = [box(5e5 + west, 3e6, 5e5 + east, 3e6 + 100) for west, east in spans]
    ...     return gpd.GeoDataFrame(columns, geometry=shapes, crs=4549)
    >>> land = ground((100, 150), (150, 200), (400, 500), slope_deg=[6.0, 24.9, 2.0], grade=[6, 5, 4])
    >>> rules = pd.DataFrame([("slope_below", 25, None), ("contiguous_within", 20, None), ("grade", 0, 1)],
    ...                      columns=["rule", "value", "rank"]).assign(article=None)
    >>> yields = pd.DataFrame({"grade": [4, 5, 6], "capacity_kg_per_ha": [18000.0, 16500.0, 15000.0]})
    >>> answer = select_farmland_replacement(land, ground((0, 100)), rules=rules, grades=yields, deficit=8000)
    >>> answer.candidates[["decision", "reason", "contiguity"]].fillna("").to_numpy().tolist()
    [['selected', '', 'existing'], ['selected', '', 'chain'], ['ineligible', 'apart', '']]
    """
    limits, order = read_rules(rules)
    capacity = {int(row["grade"]): float(row["capacity_kg_per_ha"]) for row in grades.to_dict("records")}
    crs, whole = candidates.crs, areas_of(shapes_of(candidates), candidates.crs, area_basis)
    away = [*(exclusions or []), existing]
    shapes = free_ground(shapes_of(candidates), away, crs)
    area = areas_of(shapes, crs, area_basis)
    ledger.balance(float(whole.sum()), [*area, *(whole - area)], what="area of candidates, free and excluded")
    table = pd.DataFrame({"candidate": labels_of(candidates), "area_m2": area, "excluded_m2": whole - area})
    table.loc[np.abs(table["excluded_m2"]) < 1e-6, "excluded_m2"] = 0.0
    table["net_m2"] = area * net_shares(candidates, ridge_share, "candidates")
    table["slope_deg"] = candidates[slope].to_numpy(dtype=np.float64, na_value=np.nan)
    table["grade"] = candidates[grade].to_numpy(dtype=np.float64, na_value=np.nan)
    table["capacity_t"] = table["net_m2"] / 1e7 * [capacity.get(value, np.nan) for value in table["grade"]]
    lost = occupied if occupied is not None and len(occupied) else existing
    table["distance_m"], table["existing_m"] = distances_to(shapes, lost), distances_to(shapes, existing)
    table["cost"] = costs_of(candidates, cost, table)
    gaps = gaps_of(coverage or {}, shapes_of(candidates), crs, min_area=1.0, area_basis=area_basis)
    table["not_covered"] = gaps["not_covered"].to_numpy(dtype=object)
    table["reason"] = reasons_against(table, limits["slope_below"], min_area)
    free = np.flatnonzero(table["reason"].isna().to_numpy())
    near = limits["contiguous_within"]
    rooted = (table["existing_m"].to_numpy() <= near)[free]
    pairs = neighbours_within(shapes[free], near)
    group = disjoint_groups(pairs[:, 0], pairs[:, 1], len(free))
    reached = np.isin(group, np.unique(group[rooted]))
    table.loc[free[~reached], "reason"] = "apart"
    number = np.cumsum(reached) - 1
    kept = reached[pairs[:, 0]] & reached[pairs[:, 1]]
    free, rooted, pairs = free[reached], rooted[reached], number[pairs[kept]]
    wanted = area_wanted(deficit, occupied, area_basis)
    own = table.iloc[free]
    needs = [(own["net_m2"].to_numpy(), wanted), (own["capacity_t"].to_numpy(), capacity_deficit)]
    refuse_too_little(needs, table)
    rivals = self_pair_areas(gpd.GeoSeries(shapes[free], crs=crs), trusted=True)
    rivals = rivals[rivals["area_m2"] > 0.01]
    land = Land(needs, rooted, pairs, rivals[["left_index", "right_index"]].to_numpy())
    ledger.progress(0.3, "solving")
    criteria = [(name, measure_of(name, own), slack) for name, slack, _ in order]
    chosen, stages = solve_in_turn(land, criteria, gap=gap, time_limit=time_limit)
    decision = np.full(len(table), "ineligible", dtype=object)
    decision[free] = np.where(chosen, "selected", "not_selected")
    table["decision"] = decision
    table["contiguity"] = None
    table.loc[free[chosen], "contiguity"] = np.where(rooted[chosen], "existing", "chain")
    rank = np.lexsort((np.arange(len(table)), table["candidate"].astype(str)))
    columns = table.iloc[rank].reset_index(drop=True)[list(CANDIDATE_COLUMNS)].astype(CANDIDATE_COLUMNS)
    answer = gpd.GeoDataFrame(columns, geometry=shapes[rank], crs=crs)
    solution = _solution(stages, order, own["net_m2"].to_numpy()[chosen].sum())
    _tell(answer, solution, wanted, capacity_deficit)
    return FarmlandReplacement(answer, solution)


def _solution(stages: list[Stage], order: list[tuple[str, float, str | None]], net: float) -> pd.DataFrame:
    rows = [
        {
            "rank": number,
            "criterion": stage.criterion,
            "total": stage.value,
            "mean": stage.value / net if net else np.nan,
            "bound": stage.bound,
            "gap": stage.gap,
            "slack": slack,
            "status": "optimal" if stage.finished else "time_limit",
            "article": article,
        }
        for number, (stage, (_, slack, article)) in enumerate(zip(stages, order, strict=True), start=1)
    ]
    return pd.DataFrame(rows, columns=list(SOLUTION_COLUMNS)).astype(SOLUTION_COLUMNS)


def _tell(answer: gpd.GeoDataFrame, solution: pd.DataFrame, wanted: float, capacity: float) -> None:
    taken = answer[answer["decision"] == "selected"]
    net = float(taken["net_m2"].sum())
    ledger.figure("selected", len(taken))
    ledger.figure("selected_m2", net)
    ledger.figure("deficit_m2", wanted)
    ledger.figure("selected_t", float(taken["capacity_t"].sum()))
    ledger.figure("deficit_t", capacity)
    ledger.figure(
        "mean_distance_m", float((taken["net_m2"] * taken["distance_m"].fillna(0)).sum() / net) if net else 0.0
    )
    ledger.figure("mean_grade", float((taken["net_m2"] * taken["grade"]).sum() / net) if net else 0.0)
    ledger.figure("gap", float(solution["gap"].max()))
    ledger.figure("ineligible", int((answer["decision"] == "ineligible").sum()))
    late = solution[solution["status"] != "optimal"]
    if len(late):
        ledger.doubt(
            f"time ended before the best was proven: {', '.join(late['criterion'])} may be better by up to "
            f"{float(late['gap'].max()):.2%}; give more time"
        )
    unknown = answer["reason"].isin(["unknown_slope", "unknown_grade"])
    if unknown.any():
        ledger.doubt(
            f"{int(unknown.sum())} candidates have no slope or grade and are not taken",
            str(answer.loc[unknown, "candidate"].iloc[0]),
        )
