"""Development intensity: floor-area ratio, coverage, height and green share of parcels against their limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from spacegov import ledger, numbers
from spacegov.checks import checked
from spacegov.kernels import self_pair_areas
from spacegov.kinds import AreaBasis, ColumnOf, CoverageOf, PolicyKind, Polygons, Share, SquareMetres, name_of
from spacegov.tools.overlay import areas_of, shapes_of
from spacegov.tools.use._built import floor_areas_of, green_shares, measure_built, surveyed_by
from spacegov.tools.use._intensity_limits import LIMITS, breaches_of, judge, limits_of
from spacegov.tools.use._pieces import Pieces, pieces_on
from spacegov.tools.values import column_among, labels_of, texts_of

_PARCEL_COLUMNS = {
    "parcel": "str",
    "zoning": "str",
    "answer": "str",
    "broken": "str",
    "unknown": "str",
    "buildings": "int64",
    "floors_missing": "int64",
    "area_m2": "float64",
    "footprint_m2": "float64",
    "floor_area_m2": "float64",
    "ratio": "float64",
    "ratio_least": "float64",
    "ratio_max": "float64",
    "coverage": "float64",
    "coverage_max": "float64",
    "height_m": "float64",
    "height_max_m": "float64",
    "green_share": "float64",
    "green_min": "float64",
}
_SHARED_COLUMNS = {
    "building": "str",
    "parcel": "str",
    "share": "float64",
    "area_m2": "float64",
    "floor_area_m2": "float64",
}


class DevelopmentIntensity(NamedTuple):
    """Answer of `check_development_intensity`."""

    parcels: gpd.GeoDataFrame
    breaches: pd.DataFrame
    shared: pd.DataFrame


@checked(partition=None)
def check_development_intensity(
    parcels: Polygons,
    buildings: Polygons,
    greens: Polygons | None = None,
    *,
    limits: Annotated[pd.DataFrame, PolicyKind(("zoning", *LIMITS))] | None = None,
    zoning: Annotated[str | None, ColumnOf("parcels")] = None,
    ratio_max: Annotated[str | None, ColumnOf("parcels", numeric=True)] = None,
    coverage_max: Annotated[str | None, ColumnOf("parcels", numeric=True)] = None,
    height_max: Annotated[str | None, ColumnOf("parcels", numeric=True)] = None,
    green_min: Annotated[str | None, ColumnOf("parcels", numeric=True)] = None,
    floors: Annotated[str | None, ColumnOf("buildings", numeric=True)] = None,
    floor_area: Annotated[str | None, ColumnOf("buildings", numeric=True)] = None,
    height: Annotated[str | None, ColumnOf("buildings", numeric=True)] = None,
    green: Annotated[str | None, ColumnOf("greens", numeric=True)] = None,
    tolerance: Share = 0.0,
    min_piece: SquareMetres = 1.0,
    coverage: Annotated[Mapping[str, gpd.GeoDataFrame] | None, CoverageOf("buildings")] = None,
    area_basis: AreaBasis = "plane",
) -> DevelopmentIntensity:
    """Measure how densely parcels are built up and find those over their limits, and by how much.

    Parameters
    ----------
    parcels
        Parcels, blocks or plan units.
    buildings
        Footprints.
    greens
        Green ground; without it no green share is known.
    limits
        Limits by zoning code; a parcel's own limit stands before that of its code.
    zoning
        Column of the parcels' zoning code.
    ratio_max, coverage_max, height_max, green_min
        Columns of the parcels' own limits.
    floors, floor_area, height
        Columns of the buildings: floors above ground (`floors` where there is such a column), registered floor area in
        m² (stands before footprint times floors), height in m.
    green
        Column of the share of a green area that counts, 0 to 1; all of it without.
    tolerance
        Share by which a limit may be passed before it counts.
    min_piece
        Part of a building on a parcel below which its height does not count there.
    coverage
        Where buildings were surveyed.
    area_basis
        How areas are measured.

    Returns
    -------
    parcels : GeoDataFrame
        A row for every parcel, in their order:
        parcel, zoning
        answer : `present` (a limit is broken), `absent`, `failed` (what is known breaks none, but floors or heights
        are missing), `not_covered` (buildings not surveyed, or no limit to hold it to)
        broken, unknown : limits broken, and limits that could not be held
        buildings, floors_missing : number of buildings that reach in, and of those without floors or floor area
        area_m2, footprint_m2 (ground under buildings, counted once), floor_area_m2 (of the buildings known)
        ratio : floor-area ratio; empty where floors are missing; ratio_least : what is known of it
        coverage, height_m (highest), green_share, and the limits ratio_max, coverage_max, height_max_m, green_min
    breaches : DataFrame
        parcel, limit, allowed, built, over (built less allowed; missing for green), over_share (of the allowed),
        over_m2 (floor area, ground or missing green; empty for height)
    shared : DataFrame
        building, parcel, share of the footprint, area_m2, floor_area_m2: buildings that reach over a border

    Raises
    ------
    BadPolicy
        A zoning code twice in the table.
    BadInput
        No limit named at all, floors or areas below zero, a table without the column of codes.

    Notes
    -----
    A building across a border counts on each side by its share of the footprint. Floors that are missing are not
    guessed: the ratio is empty, and the parcel fails unless what is known is over the limit already. Ground under
    overlapping footprints is covered once; their floor areas add up. Cost: one overlay of buildings and parcels. Not
    split over machines, since buildings off every parcel are counted over all.

    References
    ----------
    GB/T 50280-98 (容积率, 建筑密度, 绿地率): ratio of floor area, of covered ground and of green ground to the land.

    Examples
    --------
    >>> import shapely
    >>> def ground(*widths, **columns):
    ...     shapes = [shapely.box(5e5 + w, 3e6, 5e5 + e, 3e6 + 10) for w, e in widths]
    ...     return gpd.GeoDataFrame(columns, geometry=shapes, crs=4549)
    >>> plots = ground((0, 20), (20, 40), most=[1.0, 2.0])
    >>> answer = check_development_intensity(plots, ground((10, 30), floors=[3]), ratio_max="most")
    >>> answer.parcels[["parcel", "answer", "footprint_m2", "ratio"]].to_numpy().tolist()
    [['0', 'present', 100.0, 1.5], ['1', 'absent', 100.0, 1.5]]
    >>> answer.breaches[["limit", "over", "over_m2"]].to_numpy().tolist()
    [['ratio_max', 0.5, 100.0]]
    """
    columns = dict(zip(LIMITS, (ratio_max, coverage_max, height_max, green_min), strict=True))
    allowed = limits_of(parcels, columns, limits, zoning)
    pieces = pieces_on(parcels, buildings, area_basis)
    area = areas_of(shapes_of(parcels), parcels.crs, area_basis)
    floors = floors or column_among(buildings, ("floors",))
    each = floor_areas_of(buildings, floors, floor_area, pieces.footprint_m2)
    table = measure_built(parcels, buildings, pieces, each, area, height, min_piece)
    table["green_share"] = green_shares(parcels, greens, green, area, area_basis)
    table["zoning"] = texts_of(parcels[zoning]) if zoning is not None else None
    for name in LIMITS:
        table[name] = allowed[name]
    names = labels_of(parcels)
    table["parcel"] = names
    surveyed = surveyed_by(parcels, (coverage or {}).get(name_of(buildings, "buildings")), area, area_basis)
    broken, unknown = judge(table, tolerance)
    some_limit = np.any([~np.isnan(allowed[name]) for name in LIMITS], axis=0)
    hit = np.array([bool(found) for found in broken], dtype=bool)
    open_ = np.array([bool(found) for found in unknown], dtype=bool)
    table["answer"] = np.select([~surveyed | ~some_limit, hit, open_], ["not_covered", "present", "failed"], "absent")
    asked = surveyed & some_limit
    table["broken"] = ["; ".join(found) if use else "" for found, use in zip(broken, asked, strict=True)]
    table["unknown"] = ["; ".join(found) if use else "" for found, use in zip(unknown, asked, strict=True)]
    answer = gpd.GeoDataFrame(
        table[list(_PARCEL_COLUMNS)].astype(_PARCEL_COLUMNS), geometry=shapes_of(parcels), crs=parcels.crs
    )
    breaches = breaches_of(answer)
    shared = _shared(pieces, each, names, labels_of(buildings))
    _tell(answer, breaches, shared, pieces, buildings, parcels, area_basis)
    return DevelopmentIntensity(answer, breaches, shared)


def _shared(pieces: Pieces, each: Any, plots: Any, houses: Any) -> pd.DataFrame:
    table = pieces.table[pieces.table["part"] < 1 - 1e-6]
    building = table["building"].to_numpy()
    rows = pd.DataFrame(
        {
            "building": houses[building],
            "parcel": plots[table["parcel"].to_numpy()],
            "share": table["part"].to_numpy(),
            "area_m2": table["area_m2"].to_numpy(),
            "floor_area_m2": each[building] * table["part"].to_numpy(),
        }
    )
    return rows.sort_values(["building", "parcel"], kind="stable", ignore_index=True).astype(_SHARED_COLUMNS)


def _tell(
    answer: gpd.GeoDataFrame,
    breaches: pd.DataFrame,
    shared: pd.DataFrame,
    pieces: Pieces,
    buildings: gpd.GeoDataFrame,
    parcels: gpd.GeoDataFrame,
    basis: AreaBasis,
) -> None:
    ledger.figure("parcels_over", int((answer["answer"] == "present").sum()))
    for limit, name in zip(LIMITS, ("over_ratio", "over_coverage", "over_height", "under_green"), strict=True):
        ledger.figure(name, int((breaches["limit"] == limit).sum()))
    ledger.figure("over_floor_area_m2", float(breaches.loc[breaches["limit"] == "ratio_max", "over_m2"].sum()))
    ledger.figure("floor_area_m2", float(answer["floor_area_m2"].sum()))
    land = float(answer["area_m2"].sum())
    ledger.figure("mean_ratio", float(answer["floor_area_m2"].sum()) / land if land else 0.0)
    ledger.figure("undecided", int((answer["answer"] == "failed").sum()))
    ledger.figure("buildings_shared", int(shared["building"].nunique()))
    twice = self_pair_areas(parcels, area_basis=basis, trusted=True)
    inside = float(pieces.table["area_m2"].sum())
    whole = float(pieces.footprint_m2.sum())
    if twice["area_m2"].sum() > 0.01:
        ledger.doubt(f"{len(twice)} pairs of parcels overlap; buildings there count on both")
    else:
        off = np.setdiff1d(np.arange(len(buildings)), pieces.table["building"].to_numpy())
        alone = float(pieces.footprint_m2[off].sum())
        if len(off):
            ledger.dropped(len(off), "building off every parcel", area_m2=alone)
        ledger.figure("outside_m2", max(whole - inside, 0.0))
        if whole - inside - alone > 1.0:
            ledger.doubt(
                f"{numbers.area(whole - inside - alone)} of buildings on parcels reach out of them and count nowhere"
            )
    if pieces.overlapping:
        ledger.doubt(f"{pieces.overlapping} pairs of footprints overlap; their floor areas are added")
    missing = int(answer["floors_missing"].sum())
    if missing:
        ledger.doubt(f"floors of {missing} buildings on parcels are missing; their floor area is in no sum")
