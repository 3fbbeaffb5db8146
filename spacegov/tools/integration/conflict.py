"""Where plans ask incompatible things of the same ground."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spacegov import ledger
from spacegov.checks import checked
from spacegov.kinds import AreaBasis, ColumnOf, Features, Metres, PolicyKind, SquareMetres
from spacegov.tools.integration._compatibility import RULE_COLUMNS, Compatibility, Rule
from spacegov.tools.integration._plan_areas import PlanAreas, gather_plans
from spacegov.tools.integration._use_matrix import MATRIX_COLUMNS, use_matrix
from spacegov.tools.overlay import areas_of, ground_area, intersections, slivers

_SIDE = ("plan", "use", "control", "sub_zone", "record", "department")
CONFLICT_COLUMNS = (
    "conflict",
    "severity",
    *(f"{name}_1" for name in _SIDE),
    *(f"{name}_2" for name in _SIDE),
    "department",
    "condition",
    "evidence",
    "article",
    "area_m2",
    "share_1",
    "share_2",
)
__all__ = ["CONFLICT_COLUMNS", "MATRIX_COLUMNS", "PlanConflicts", "detect_plan_conflict"]


class PlanConflicts(NamedTuple):
    """The answer of `detect_plan_conflict`."""

    conflicts: gpd.GeoDataFrame
    matrix: pd.DataFrame


@checked(partition=None)
def detect_plan_conflict(
    plans: list[Features],
    *,
    compatibility: Annotated[pd.DataFrame, PolicyKind(RULE_COLUMNS)],
    plan: Annotated[str | None, ColumnOf("plans")] = None,
    use: Annotated[str | None, ColumnOf("plans")] = None,
    min_area: SquareMetres = 1.0,
    min_width: Metres = 0.002,
    patches: bool = False,
    area_basis: AreaBasis = "plane",
) -> PlanConflicts:
    """Find ground that plans assign to incompatible uses.

    Parameters
    ----------
    plans : list of GeoDataFrame
        Plans, one a layer; or layers whose features belong to several plans, told apart by `plan`. Columns `control`
        and `sub_zone` say under which control an area stands. Lines and points have no ground and are left out.
    compatibility : DataFrame
        Matrix of controls and planned uses: control, sub_zone (missing: every one), use, verdict (prohibited,
        conditional, compatible), and where known department, condition, evidence, article.
    plan : str, optional
        Column whose values are the plans; features of equal value are one plan.
    use : str, optional
        Column of the planned use; without it `use` where a layer has that, else the plan's own name.
    min_area : float
        Smallest shared ground that counts.
    min_width : float
        Shared ground nowhere wider than this is a matter of drawing, not of planning.
    patches : bool
        Whether every contiguous patch is a row of its own, rather than every two areas that meet.
    area_basis : {"plane", "ellipsoid"}
        Areas in the layers' grid or on the ellipsoid.

    Returns
    -------
    conflicts : GeoDataFrame
        A row for every two areas of different plans that are not compatible, sorted by severity, plans, uses, place:
        conflict (number), severity (prohibited, conditional, unknown); plan, use, control, sub_zone, record (label in
        its layer) and department (steward) of either side, ending in _1 and _2; department, condition, evidence and
        article of the rule that decided; area_m2 (m²), share_1 and share_2 (share of either area), geometry.
    matrix : DataFrame
        A row for every two classes of areas that share ground, compatible ones included: plan, use, control, sub_zone
        of either side; compatibility; pairs (count), area_m2 (m² in pairs that count), slivers_m2 (m² in pairs left
        out). Rows with compatibility `outside` give what a class has outside the other plan, so that the rows of a
        class with another plan sum to its area.

    Raises
    ------
    BadInput
        Only one plan; features without a plan.
    BadPolicy
        A verdict that is not known.
    MissingColumn, UnsuitableCrs, InvalidGeometry
        See `spacegov.checks`.

    Notes
    -----
    Areas come from the exact kernel; shapes are made only for pairs in conflict, and their areas are balanced against
    the kernel's. Each control is asked about the use on the other side; the strictest answer wins; a pair that no rule
    lists is unknown, never compatible; equal uses are compatible unless a listed rule is stricter. Two bases are told
    apart: `pair_sum_m2` (= the sum of area_m2) counts ground once for every two plans, `ground_m2` once in all. Ground
    that areas of one class share among themselves belongs to the larger one. A run is not split: every plan meets every
    other. Cost: a join of all areas, plus an intersection for each conflict.

    References
    ----------
    GB/T 39972-2021; the compatibility table names its own sources.

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd
    >>> from shapely import box
    >>> town = gpd.GeoDataFrame({"use": ["urban"]}, geometry=[box(500000, 3200000, 500100, 3200100)], crs=4549)
    >>> farm = gpd.GeoDataFrame(
    ...     {"use": ["farmland"], "control": ["basic-farmland"]},
    ...     geometry=[box(500080, 3200000, 500200, 3200100)], crs=4549)
    >>> rules = pd.DataFrame(
    ...     [["basic-farmland", None, "urban", "prohibited"]], columns=["control", "sub_zone", "use", "verdict"])
    >>> answer = detect_plan_conflict([town, farm], compatibility=rules)
    >>> answer.conflicts[["severity", "use_1", "use_2", "area_m2", "share_1"]]
         severity  use_1     use_2  area_m2  share_1
    0  prohibited  urban  farmland   2000.0      0.2
    """
    rules = Compatibility(compatibility)
    areas = gather_plans(plans, plan=plan, use=use, area_basis=area_basis)
    rules.tell_gaps(areas.classes)
    ledger.progress(0.2, "areas of pairs")
    pairs = areas.pairs(area_basis)
    owner = areas.table["plan"].to_numpy()
    same_plan = owner[pairs["first"]] == owner[pairs["second"]]
    own, pairs = pairs[same_plan], pairs[~same_plan].reset_index(drop=True)
    judged = _judge(areas, rules, pairs)
    pairs["severity"] = [judged[key].verdict for key in _class_keys(areas, pairs)]
    pairs["counts"] = pairs["area_m2"] >= min_area
    ledger.progress(0.5, "shapes of conflicts")
    rows, shapes = _shapes(areas, pairs, min_area, min_width, patches, area_basis)
    _tell_dropped(pairs)
    conflicts = _conflicts(areas, judged, rows, shapes)
    ledger.progress(0.8, "matrix of uses")
    matrix = use_matrix(areas, pairs, own, area_basis)
    _tell_figures(areas, pairs, conflicts, area_basis)
    return PlanConflicts(conflicts, matrix)


def _class_keys(areas: PlanAreas, pairs: pd.DataFrame) -> list[tuple[int, int]]:
    codes = areas.table["class"].to_numpy()
    return list(zip(codes[pairs["first"]].tolist(), codes[pairs["second"]].tolist(), strict=True))


def _judge(areas: PlanAreas, rules: Compatibility, pairs: pd.DataFrame) -> dict[tuple[int, int], Rule]:
    """Ask the matrix once for every two classes that meet."""
    return {
        key: rules.judge(areas.classes[key[0]], areas.classes[key[1]]) for key in sorted(set(_class_keys(areas, pairs)))
    }


def _shapes(
    areas: PlanAreas, pairs: pd.DataFrame, min_area: float, min_width: float, patches: bool, area_basis: AreaBasis
) -> tuple[pd.DataFrame, Any]:
    """Draw the pairs in conflict, and take slivers out of those that count."""
    rows = pairs.index[pairs["counts"] & (pairs["severity"] != "compatible")].to_numpy()
    found = pairs.loc[rows]
    shapes = intersections(areas.shapes[found["first"]], areas.shapes[found["second"]])
    drawn = areas_of(shapes, areas.crs, area_basis)
    ledger.balance(float(found["area_m2"].sum()), float(drawn.sum()), what="area of conflicts, measured and drawn")
    thin = slivers(shapes, min_width)
    pairs.loc[rows[thin], "counts"] = False
    found, shapes = found[~thin], shapes[~thin]
    if not patches:
        return found.drop(columns="counts"), shapes
    parts, origin = shapely.get_parts(shapes, return_index=True)
    found = found.iloc[origin].drop(columns="counts")
    sizes = areas_of(parts, areas.crs, area_basis)
    found["area_m2"] = sizes
    large = (sizes >= min_area) & ~slivers(parts, min_width)
    ledger.dropped(int((~large).sum()), "patches below min_area or min_width", area_m2=float(sizes[~large].sum()))
    return found[large], parts[large]


def _tell_dropped(pairs: pd.DataFrame) -> None:
    small = pairs[~pairs["counts"]]
    ledger.dropped(len(small), "shared ground below min_area or min_width", area_m2=float(small["area_m2"].sum()))


def _conflicts(
    areas: PlanAreas, judged: dict[tuple[int, int], Rule], rows: pd.DataFrame, shapes: Any
) -> gpd.GeoDataFrame:
    """Word the conflicts."""
    severities = ("prohibited", "conditional", "unknown")
    first, second = rows["first"].to_numpy(), rows["second"].to_numpy()
    keys = _class_keys(areas, rows)
    columns: dict[str, Any] = {"severity": rows["severity"].to_numpy(dtype=object)}
    for ending, side, part in (("_1", first, 0), ("_2", second, 1)):
        classes = [areas.classes[key[part]] for key in keys]
        for name in ("plan", "use", "control", "sub_zone"):
            columns[f"{name}{ending}"] = [getattr(item, name) for item in classes]
        for name in ("record", "department"):
            columns[f"{name}{ending}"] = areas.table[name].to_numpy(dtype=object)[side]
    for name in ("department", "condition", "evidence", "article"):
        columns[name] = [getattr(judged[key], name) for key in keys]
    area = rows["area_m2"].to_numpy(dtype=np.float64)
    columns |= {"area_m2": area, "share_1": area / areas.area_m2[first], "share_2": area / areas.area_m2[second]}
    # a share of a hair above 1 is the rounding of two sums over the same ground
    for name in ("share_1", "share_2"):
        columns[name] = np.minimum(columns[name], 1.0)
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    codes = areas.table["class"].to_numpy()
    rank = np.array([severities.index(value) for value in columns["severity"]], dtype=np.int64)
    order = np.lexsort(
        (area, bounds[:, 3], bounds[:, 2], bounds[:, 1], bounds[:, 0], codes[second], codes[first], rank)
    )
    columns["conflict"] = np.arange(1, len(rows) + 1)
    texts = {
        name: pd.array(np.asarray(columns[name], dtype=object)[order], dtype="str")
        for name in columns
        if not _is_number(name)
    }
    figures = {
        name: columns[name][order] if name != "conflict" else columns[name] for name in columns if _is_number(name)
    }
    return gpd.GeoDataFrame(
        pd.DataFrame({name: texts.get(name, figures.get(name)) for name in CONFLICT_COLUMNS}),
        geometry=shapes[order],
        crs=areas.crs,
    )


def _is_number(name: str) -> bool:
    return name in ("conflict", "area_m2", "share_1", "share_2")


def _tell_figures(areas: PlanAreas, pairs: pd.DataFrame, conflicts: gpd.GeoDataFrame, area_basis: AreaBasis) -> None:
    """Put the two bases and the counts on record."""
    shapes = np.asarray(conflicts.geometry.values, dtype=object)
    owner = areas.table["plan"].to_numpy()
    met = pairs[pairs["counts"]]
    ledger.figure("plans", len(areas.plans))
    ledger.figure("plan_pairs", len({*zip(owner[met["first"]].tolist(), owner[met["second"]].tolist(), strict=True)}))
    ledger.figure("pair_sum_m2", float(conflicts["area_m2"].sum()))
    ledger.figure("ground_m2", ground_area(shapes, areas.crs, area_basis))
    for severity in ("prohibited", "conditional", "unknown"):
        chosen = (conflicts["severity"] == severity).to_numpy()
        ledger.figure(severity, int(chosen.sum()))
        ledger.figure(f"{severity}_ground_m2", ground_area(shapes[chosen], areas.crs, area_basis))
