"""Whether a detailed plan hands on what the master plan says."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spacegov import ledger
from spacegov.checks import checked
from spacegov.kernels import pair_areas
from spacegov.kinds import AreaBasis, ColumnOf, Metres, Points, PolicyKind, Polygons, SquareMetres, Table
from spacegov.tools.integration._handed_on import USE_COLUMNS, HandedUses, check_limits, count_facilities, read_limits
from spacegov.tools.overlay import Shapes, areas_of, differences, grouped, intersections, shapes_of, slivers, union_of
from spacegov.tools.values import labels_of, texts_of

DEVIATION_COLUMNS = {
    "deviation": "int64",
    "kind": "str",
    "verdict": "str",
    "item": "str",
    "master_record": "str",
    "detailed_record": "str",
    "required": "str",
    "planned": "str",
    "difference": "float64",
    "area_m2": "float64",
    "share": "float64",
    "note": "str",
}
BY_KIND_COLUMNS = {"kind": "str", "verdict": "str", "item": "str", "deviations": "int64", "area_m2": "float64"}
_KINDS = ("use", "intensity", "facility", "outside", "gap")


class Transmission(NamedTuple):
    """The answer of `check_transmission`."""

    deviations: gpd.GeoDataFrame
    by_kind: pd.DataFrame


@checked(partition=None)
def check_transmission(
    master: Polygons,
    detailed: Polygons,
    facilities: Points | None = None,
    requirements: Table | None = None,
    *,
    uses: Annotated[pd.DataFrame, PolicyKind(USE_COLUMNS)],
    master_use: Annotated[str, ColumnOf("master")] = "use",
    detailed_use: Annotated[str, ColumnOf("detailed")] = "use",
    intensity: dict[str, Literal["ceiling", "floor"]] | None = None,
    facility_kind: Annotated[str, ColumnOf(("facilities", "requirements"))] = "kind",
    required: Annotated[str, ColumnOf("requirements", numeric=True)] = "count",
    unit: Annotated[str | None, ColumnOf(("master", "requirements"))] = None,
    gaps: bool = False,
    min_area: SquareMetres = 1.0,
    tolerance: Metres = 1.0,
    area_basis: AreaBasis = "plane",
) -> Transmission:
    """Find where a detailed plan deviates from the master plan: use, intensity, facilities, boundaries.

    Parameters
    ----------
    master : GeoDataFrame
        The master plan, with uses and limits.
    detailed : GeoDataFrame
        The detailed plan.
    facilities : GeoDataFrame, optional
        Facilities that the detailed plan places.
    requirements : DataFrame, optional
        How many facilities of each kind the master plan wants, in each of its units or in all.
    uses : DataFrame
        Which use of the detailed plan hands on which use of the master plan: master_use, detailed_use (a * at the end
        stands for any continuation), verdict (same, allowed, deviation), note where known. The first fitting row
        decides, equal uses pass, other pairs are unknown.
    master_use, detailed_use : str
        Columns of the uses.
    intensity : dict, optional
        Columns that both plans have, each a ceiling (floor-area ratio, height, coverage) or a floor (green share).
    facility_kind : str
        Column of the kind in `facilities` and `requirements`.
    required : str
        Column of `requirements` with the number.
    unit : str, optional
        Column of the unit in `master` and `requirements`; without it the requirements hold for the whole plan.
    gaps : bool
        Whether ground of the master plan without a detailed plan is told too.
    min_area : float
        Smallest ground that counts.
    tolerance : float
        Ground nowhere wider than this is a matter of drawing.
    area_basis : {"plane", "ellipsoid"}
        Areas in the layers' grid or on the ellipsoid.

    Returns
    -------
    deviations : GeoDataFrame
        A row for every deviation, by kind, item and place: deviation (number), kind (use, intensity, facility, outside,
        gap), verdict (deviation, unknown, allowed), item (column, kind of facility), master_record, detailed_record,
        required, planned, difference (planned less required), area_m2 (m²), share (of the detailed area; of the master
        area for gaps), note, geometry (missing for facilities of the whole plan).
    by_kind : DataFrame
        kind, verdict, item; deviations (count), area_m2 (m²).

    Raises
    ------
    BadPolicy
        A verdict that is not known.
    BadInput
        Requirements without facilities, or a limit that is no number.
    MissingColumn, UnsuitableCrs, InvalidGeometry
        See `spacegov.checks`.

    Notes
    -----
    Every two areas that share ground are held against each other; a limit that the master plan leaves empty binds
    nobody, one that the detailed plan leaves empty is unknown. What lies within no area of the master plan is outside.
    The detailed plan's ground is balanced: within and outside the master plan. A run is not split, since facilities are
    counted over the whole.

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd
    >>> from shapely import box
    >>> def ground(west, east, **columns):
    ...     return gpd.GeoDataFrame(columns, geometry=[box(5e5 + west, 3e6, 5e5 + east, 3e6 + 100)], crs=4549)
    >>> uses = pd.DataFrame([["07*", "07*", "same"]], columns=["master_use", "detailed_use", "verdict"])
    >>> answer = check_transmission(
    ...     ground(0, 100, use=["07"], ratio=[2.0]), ground(0, 120, use=["0701"], ratio=[2.5]), uses=uses,
    ...     intensity={"ratio": "ceiling"})
    >>> answer.deviations[["kind", "item", "required", "planned", "difference", "area_m2"]]
            kind   item required planned  difference  area_m2
    0  intensity  ratio        2     2.5         0.5  10000.0
    1    outside    NaN      NaN     NaN         NaN   2000.0
    """
    rules = HandedUses(uses)
    limits = read_limits(master, detailed, intensity or {})
    old, new, crs = shapes_of(master), shapes_of(detailed), master.crs
    old_areas, new_areas = areas_of(old, crs, area_basis), areas_of(new, crs, area_basis)
    old_labels, new_labels = labels_of(master), labels_of(detailed)
    pairs = pair_areas(detailed.geometry, master.geometry, area_basis=area_basis, trusted=True)
    first, second = pairs["left_index"].to_numpy(), pairs["right_index"].to_numpy()
    shapes = intersections(new[first], old[second])
    sizes = pairs["area_m2"].to_numpy()
    real = (sizes >= min_area) & ~slivers(shapes, tolerance)
    ledger.dropped(int((~real).sum()), "common ground below min_area or tolerance", area_m2=float(sizes[~real].sum()))
    master_uses, detailed_uses = texts_of(master[master_use]), texts_of(detailed[detailed_use])
    rows: list[dict[str, Any]] = []
    for position in np.flatnonzero(real):
        one, other = int(first[position]), int(second[position])
        common = {
            "master_record": old_labels[other],
            "detailed_record": new_labels[one],
            "area_m2": float(sizes[position]),
            "share": min(float(sizes[position] / new_areas[one]), 1.0),
            "geometry": shapes[position],
        }
        verdict, note = rules.judge(master_uses[other], detailed_uses[one])
        if verdict != "same":
            rows.append(
                common
                | {
                    "kind": "use", "verdict": verdict, "required": master_uses[other],
                    "planned": detailed_uses[one], "note": note,
                }
            )  # fmt: skip
        rows += [common | found for found in check_limits(limits, other, one)]
    rows += _edges("outside", new, old, first, second, new_labels, new_areas, crs, min_area, tolerance, area_basis)
    if gaps:
        rows += _edges("gap", old, new, second, first, old_labels, old_areas, crs, min_area, tolerance, area_basis)
    _balance(sizes, new, old, first, second, crs, area_basis)
    rows += count_facilities(master, facilities, requirements, facility_kind, required, unit)
    deviations = _frame(rows, crs)
    for kind in _KINDS:
        ledger.figure(kind, int((deviations["kind"] == kind).sum()))
    ledger.figure("unknown", int((deviations["verdict"] == "unknown").sum()))
    return Transmission(deviations, _by_kind(deviations))


def _edges(
    kind: str, mine: Shapes, theirs: Shapes, own: Any, other: Any, labels: Any, areas: Any,
    crs: Any, min_area: float, tolerance: float, area_basis: AreaBasis,
) -> list[dict[str, Any]]:  # fmt: skip
    """Find ground that only one of the plans has."""
    rest = _rest(mine, theirs, own, other)
    sizes = areas_of(rest, crs, area_basis)
    real = (sizes >= min_area) & ~slivers(rest, tolerance)
    record = "detailed_record" if kind == "outside" else "master_record"
    return [
        {
            "kind": kind, "verdict": "deviation", record: labels[number], "area_m2": float(sizes[number]),
            "share": min(float(sizes[number] / areas[number]), 1.0), "geometry": rest[number],
        }
        for number in np.flatnonzero(real)
    ]  # fmt: skip


def _rest(mine: Shapes, theirs: Shapes, own: Any, other: Any) -> Shapes:
    rest = mine.copy()
    keys, partners = grouped(own, other)
    known = np.empty(len(keys), dtype=object)
    known[:] = [union_of(theirs[found]) for found in partners]
    rest[keys] = differences(mine[keys], known)
    return rest


def _balance(
    sizes: Any,
    new: Shapes,
    old: Shapes,
    first: Any,
    second: Any,
    crs: Any,
    area_basis: AreaBasis,
) -> None:
    whole = float(areas_of(new, crs, area_basis).sum())
    outside = float(areas_of(_rest(new, old, first, second), crs, area_basis).sum())
    inside = float(sizes.sum())
    if inside + outside > whole * (1 + 1e-6):
        # ground of the master plan under two of its areas is judged under both
        ledger.doubt(f"areas of the master plan overlap, {inside + outside - whole:.2f} m² are judged twice", "master")
        return
    ledger.balance(whole, [inside, outside], what="ground of the detailed plan, within and outside the master plan")


def _frame(rows: list[dict[str, Any]], crs: Any) -> gpd.GeoDataFrame:
    shapes = np.empty(len(rows), dtype=object)
    shapes[:] = [row["geometry"] for row in rows]
    table = pd.DataFrame(
        [{"deviation": 0} | {name: row.get(name) for name in DEVIATION_COLUMNS if name != "deviation"} for row in rows],
        columns=list(DEVIATION_COLUMNS),
    ).astype(DEVIATION_COLUMNS)
    bounds = np.nan_to_num(shapely.bounds(shapes).reshape(-1, 4))
    rank = np.array([_KINDS.index(kind) for kind in table["kind"]], dtype=np.int64)
    texts = [
        table[name].fillna("").to_numpy(dtype=object).astype(str)
        for name in ("detailed_record", "master_record", "item")
    ]
    order = np.lexsort((texts[0], texts[1], bounds[:, 1], bounds[:, 0], texts[2], rank))
    table = table.iloc[order].reset_index(drop=True)
    table["deviation"] = np.arange(1, len(table) + 1)
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(shapes[order], crs=crs), crs=crs)


def _by_kind(deviations: gpd.GeoDataFrame) -> pd.DataFrame:
    keys = ["kind", "verdict", "item"]
    rows = [
        (*key, len(group), float(group["area_m2"].sum()))
        for key, group in deviations.groupby(keys, dropna=False, sort=True)
    ]
    return pd.DataFrame(rows, columns=list(BY_KIND_COLUMNS)).astype(BY_KIND_COLUMNS)
