"""Plan totals against the quotas from above."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spacegov import ledger
from spacegov.checks import checked
from spacegov.errors import BadInput, BadPolicy, MissingColumn, suggest
from spacegov.kernels import pair_areas, self_pair_areas
from spacegov.kinds import AreaBasis, ColumnOf, CoverageOf, PolicyKind, Polygons, SquareMetres, Table, name_of
from spacegov.tools.integration._measures import SQUARE_METRES, AreaUnit
from spacegov.tools.overlay import areas_of, differences, shapes_of, union_of
from spacegov.tools.values import text_of, texts_of

ITEM_COLUMNS = ("item", "bound", "layer", "column", "values")
BOUNDS = ("floor", "ceiling")
REVIEW_COLUMNS = {
    "unit": "str",
    "item": "str",
    "bound": "str",
    "planned_m2": "float64",
    "quota_m2": "float64",
    "gap_m2": "float64",
    "verdict": "str",
    "cause": "str",
    "largest": "str",
    "not_covered_m2": "float64",
}
CONTRIBUTION_COLUMNS = {"unit": "str", "item": "str", "value": "str", "features": "int64", "area_m2": "float64"}


class QuotaReview(NamedTuple):
    """The answer of `review_quotas`."""

    reviews: gpd.GeoDataFrame
    contributions: pd.DataFrame


@checked(partition=None)
def review_quotas(
    plans: list[Polygons],
    units: Polygons,
    quotas: Table,
    *,
    items: Annotated[pd.DataFrame, PolicyKind(ITEM_COLUMNS)],
    unit: Annotated[str, ColumnOf(("units", "quotas"))],
    item: Annotated[str, ColumnOf("quotas")] = "item",
    quota: Annotated[str, ColumnOf("quotas", numeric=True)] = "quota",
    quota_unit: AreaUnit = "ha",
    tolerance: SquareMetres = 0.0,
    area_basis: AreaBasis = "plane",
    coverage: Annotated[Mapping[str, gpd.GeoDataFrame] | None, CoverageOf("plans")] = None,
) -> QuotaReview:
    """Hold the totals of plans in each unit against the quotas handed down.

    Parameters
    ----------
    plans : list of GeoDataFrame
        The plans that `items` names by layer.
    units : GeoDataFrame
        Units that quotas are given to.
    quotas : DataFrame
        A row for every unit and item.
    items : DataFrame
        What counts to an item: item, bound (floor: to be reached; ceiling: not to be exceeded), layer, column, values
        (with ; between; column and values missing: every feature).
    unit : str
        Column with the unit in `units` and `quotas`.
    item, quota : str
        Columns of `quotas`.
    quota_unit : {"m²", "ha", "km²", "mu"}
        In which quotas are stated.
    tolerance : float
        A gap up to this is none.
    area_basis : {"plane", "ellipsoid"}
        Areas in the layers' grid or on the ellipsoid; registered areas are ellipsoidal.
    coverage : mapping, optional
        Where each plan is authoritative; a unit that a plan does not cover is not judged by it.

    Returns
    -------
    reviews : GeoDataFrame
        A row for every unit and item, by unit and item: unit, item, bound, planned_m2, quota_m2, gap_m2 (planned less
        quota), verdict (pass, breach, no_quota, not_covered), cause (below-floor, above-ceiling, nothing-planned),
        largest (the values that contribute most), not_covered_m2, geometry of the unit.
    contributions : DataFrame
        unit, item, value (of the item's column, else the layer), features (count), area_m2 (m²).

    Raises
    ------
    BadPolicy
        A bound is not known.
    BadInput
        A layer of `items` is not among the plans; a unit or a quota stands twice; a quota of a unit that is not there.
    MissingColumn, UnsuitableCrs, InvalidGeometry
        See `spacegov.checks`.

    Notes
    -----
    Ground that features of one item share is counted once. What an item has outside all units is told. A unit without a
    quota is answered `no_quota`, never passed; an item without a quota in any unit is not asked. A run is not split,
    since the ground of an item is united first.

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd
    >>> from shapely import box
    >>> def ground(west, east, **columns):
    ...     return gpd.GeoDataFrame(columns, geometry=[box(5e5 + west, 3e6, 5e5 + east, 3e6 + 100)], crs=4549)
    >>> town = ground(50, 400, use=["urban"])
    >>> town.attrs["layer"] = "town"
    >>> items = pd.DataFrame(
    ...     [["construction", "ceiling", "town", "use", "urban"]],
    ...     columns=["item", "bound", "layer", "column", "values"])
    >>> answer = review_quotas(
    ...     [town], ground(0, 200, name=["North"]),
    ...     pd.DataFrame({"name": ["North"], "item": ["construction"], "quota": [1.0]}), items=items, unit="name")
    >>> answer.reviews[["unit", "planned_m2", "quota_m2", "gap_m2", "verdict", "cause"]]
        unit  planned_m2  quota_m2  gap_m2 verdict          cause
    0  North     15000.0   10000.0  5000.0  breach  above-ceiling
    """
    names = texts_of(units[unit])
    _refuse_twice(names, f"units ({name_of(units, 'units')})", unit)
    wanted = _quotas(quotas, unit, item, quota, SQUARE_METRES[quota_unit], set(names))
    layers = {name_of(frame, f"plan {position}"): frame for position, frame in enumerate(plans, start=1)}
    gaps = _gaps(coverage or {}, units, area_basis)
    reviews, contributions = [], []
    for row in _items(items, layers, {what for _, what in wanted}):
        parts = _contributions(layers[row["layer"]], row, units, area_basis)
        parts.insert(0, "unit", names[parts.pop("position")])
        parts.insert(1, "item", row["item"])
        contributions.append(parts)
        totals = parts.groupby("unit")["area_m2"].sum()
        uncovered = gaps.get(row["layer"], np.zeros(len(units)))
        for name, missing in zip(names, uncovered, strict=True):
            own = parts[parts["unit"] == name].sort_values("area_m2", ascending=False, kind="stable")
            reviews.append(
                _judge(
                    row,
                    str(name),
                    float(totals.get(name, 0.0)),
                    wanted.get((str(name), row["item"])),
                    float(missing),
                    tolerance,
                )
                | {"largest": "; ".join(own["value"].astype(str).head(3)) or None}
            )
    table = pd.DataFrame(reviews, columns=list(REVIEW_COLUMNS)).astype(REVIEW_COLUMNS)
    position = {str(name): number for number, name in enumerate(names)}
    shapes = shapes_of(units)[[position[name] for name in table["unit"]]]
    order = np.lexsort(
        (table["item"].to_numpy(dtype=object).astype(str), table["unit"].to_numpy(dtype=object).astype(str))
    )
    answer = gpd.GeoDataFrame(table.iloc[order].reset_index(drop=True), geometry=shapes[order], crs=units.crs)
    for verdict in ("pass", "breach", "no_quota", "not_covered"):
        ledger.figure(f"quotas_{verdict}", int((answer["verdict"] == verdict).sum()))
    summed = (
        pd.concat(contributions, ignore_index=True)
        if contributions
        else pd.DataFrame(columns=list(CONTRIBUTION_COLUMNS))
    )
    summed = summed.sort_values(["unit", "item", "value"], kind="stable", ignore_index=True)
    return QuotaReview(answer, summed[list(CONTRIBUTION_COLUMNS)].astype(CONTRIBUTION_COLUMNS))


def _refuse_twice(names: Any, label: str, column: str) -> None:
    known = pd.Series(names)
    twice = sorted({str(name) for name in known[known.duplicated()]})
    if twice or known.isna().any():
        what = f"{twice[0]!r} stands twice" if twice else "a value is missing"
        raise BadInput(f"{label}: {what} in {column!r}, every unit needs a name of its own; mend the column")


def _quotas(
    quotas: pd.DataFrame, unit: str, item: str, quota: str, factor: float, known: set[Any]
) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for name, what, amount in zip(texts_of(quotas[unit]), texts_of(quotas[item]), quotas[quota], strict=True):
        if name not in known:
            raise BadInput(f"quotas: {name!r} in {unit!r} is no unit; {suggest(str(name), map(str, known))}")
        if (name, what) in found:
            raise BadInput(f"quotas: {name!r} has two quotas for {what!r}; keep one")
        if np.isfinite(amount):
            found[name, what] = float(amount) * factor
    return found


def _items(items: pd.DataFrame, layers: Mapping[str, gpd.GeoDataFrame], asked: set[str]) -> list[dict[str, Any]]:
    """Read the items that any unit has a quota for."""
    known = {text_of(value) for value in items["item"]}
    for what in sorted(asked):
        if what not in known:
            raise BadInput(f"quotas: the item {what!r} is not among the items; {suggest(what, map(str, known))}")
    rows = []
    for number, row in enumerate(items.to_dict("records"), start=1):
        said = {str(column): text_of(value) for column, value in row.items()}
        if said["bound"] not in BOUNDS:
            raise BadPolicy(
                f"{items.attrs.get('policy', 'items')}, row {number}: the bound {said['bound']!r} was given, floor or "
                "ceiling is needed; mend the table"
            )
        if said["item"] not in asked:
            continue
        if said["layer"] is None or said["layer"] not in layers:
            raise BadInput(
                f"plans: the layer {said['layer']!r} of the item {said['item']!r} is not among them; "
                f"{suggest(str(said['layer']), layers)}"
            )
        if said["column"] is not None and said["column"] not in layers[said["layer"]].columns:
            raise MissingColumn(
                f"plans ({said['layer']}): the column {said['column']!r} of the item {said['item']!r} is missing; "
                f"{suggest(said['column'], map(str, layers[said['layer']].columns))}"
            )
        rows.append(said)
    return rows


def _contributions(
    frame: gpd.GeoDataFrame, row: dict[str, Any], units: gpd.GeoDataFrame, area_basis: AreaBasis
) -> pd.DataFrame:
    """Measure an item's ground in every unit, by value, each place once."""
    values = (
        texts_of(frame[row["column"]]) if row["column"] is not None else np.full(len(frame), row["layer"], dtype=object)
    )
    chosen = np.ones(len(frame), dtype=bool)
    if row["values"] is not None:
        listed = {part.strip() for part in row["values"].split(";")}
        chosen = np.array([value in listed for value in values], dtype=bool)
    shapes, values = shapes_of(frame)[chosen], values[chosen]
    own = self_pair_areas(gpd.GeoSeries(shapes, crs=frame.crs), area_basis=area_basis, trusted=True)
    for first, second in zip(own["left_index"], own["right_index"], strict=True):
        # one after the other, so that ground under three features is taken twice and left once
        shapes[second] = differences(shapes[[second]], shapes[[first]])[0]
    pairs = pair_areas(units.geometry, gpd.GeoSeries(shapes, crs=frame.crs), area_basis=area_basis, trusted=True)
    whole = float(areas_of(shapes, frame.crs, area_basis).sum())
    inside = float(pairs["area_m2"].sum())
    if whole - inside > 1e-6 * max(whole, 1.0):
        ledger.dropped(1, f"{row['item']}: ground outside all units", area_m2=whole - inside)
    ledger.balance(whole, [inside, max(whole - inside, 0.0)], what=f"ground of {row['item']}, in units and outside")
    found = pd.DataFrame(
        {"position": pairs["left_index"], "value": values[pairs["right_index"]], "area_m2": pairs["area_m2"]}
    )
    grouped = found.groupby(["position", "value"], sort=True)["area_m2"]
    return grouped.agg(features="size", area_m2="sum").reset_index()


def _judge(
    row: dict[str, Any], name: str, planned: float, quota: float | None, missing: float, tolerance: float
) -> dict[str, Any]:
    gap = np.nan if quota is None else planned - quota
    cause = None
    if quota is None:
        verdict = "no_quota"
    elif row["bound"] == "ceiling":
        verdict = "breach" if gap > tolerance else "pass"
        cause = "above-ceiling" if gap > tolerance else None
    else:
        verdict = "breach" if gap < -tolerance else "pass"
        cause = None if verdict == "pass" else "nothing-planned" if planned == 0 else "below-floor"
    # what nobody drew can only add: a ceiling that is broken stays broken, a floor that is reached stays reached
    certain = (verdict == "breach") == (row["bound"] == "ceiling")
    if quota is not None and missing > 0 and not certain:
        verdict, cause = "not_covered", None
    return {
        "unit": name,
        "item": row["item"],
        "bound": row["bound"],
        "planned_m2": planned,
        "quota_m2": np.nan if quota is None else quota,
        "gap_m2": gap,
        "verdict": verdict,
        "cause": cause,
        "not_covered_m2": missing,
    }


def _gaps(coverage: Mapping[str, gpd.GeoDataFrame], units: gpd.GeoDataFrame, area_basis: AreaBasis) -> dict[str, Any]:
    """Measure what each plan leaves of every unit."""
    shapes = shapes_of(units)
    found = {}
    for name, ground in coverage.items():
        known = union_of(shapes_of(ground))
        rest = differences(shapes, np.full(len(shapes), known, dtype=object))
        # borders of two surveys rarely agree to the millimetre
        thin = shapely.is_empty(shapely.buffer(rest, -0.5))
        found[name] = np.where(thin, 0.0, areas_of(rest, units.crs, area_basis))
    return found
