"""Approved ground and supplied ground held against each other."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from spacegov.errors import BadInput
from spacegov.kernels import pair_areas, self_pair_areas
from spacegov.kinds import AreaBasis
from spacegov.tools.overlay import areas_of, differences, ground_area, intersections, shapes_of
from spacegov.tools.use._days import as_days, days_of, years_after
from spacegov.tools.use._supply_chain import Break, Step
from spacegov.tools.values import labels_of, texts_of

APPROVAL_COLUMNS = {
    "approval": "str",
    "approved": "datetime64[s]",
    "state": "str",
    "due": "datetime64[s]",
    "area_m2": "float64",
    "supplied_m2": "float64",
    "open_m2": "float64",
    "share": "float64",
    "farmland_m2": "float64",
    "supplemented_m2": "float64",
    "supplement_gap_m2": "float64",
}


class Ground(NamedTuple):
    """Breaks on the ground, by parcel with their area, and the ground outside approved ground."""

    breaks: list[list[tuple[Break, float]]]
    outside_m2: Any


def unique_names(names: Any, role: str) -> None:
    if len(set(names)) != len(names):
        raise BadInput(f"{role}: one number stands at several records; give every record its own, or merge its rows")


def _keys(approvals: gpd.GeoDataFrame, key: str | None) -> Any:
    return labels_of(approvals) if key is None else texts_of(approvals[key])


def ground_of(
    supply: gpd.GeoDataFrame,
    shapes: Any,
    ids: Any,
    approvals: gpd.GeoDataFrame | None,
    key: str | None,
    farmland: str | None,
    supplemented: str | None,
    min_area: float,
    basis: AreaBasis,
) -> Ground:
    """Hold the ground of parcels against the ground of their approvals and against each other."""
    breaks: list[list[tuple[Break, float]]] = [[] for _ in shapes]
    outside = np.full(len(shapes), np.nan)
    least = max(min_area, 1e-9)
    twice = self_pair_areas(supply, area_basis=basis, trusted=True)
    for left, right, amount in twice[["left_index", "right_index", "area_m2"]].itertuples(index=False):
        if amount >= least:
            for number in (int(left), int(right)):
                breaks[number].append((Break("supply", "twice", None, None, None), float(amount)))
    if approvals is None:
        return Ground(breaks, outside)
    known = _keys(approvals, key)
    unique_names(known, "approvals")
    row_of = {text: number for number, text in enumerate(known.tolist())}
    gaps = _gaps(approvals, farmland, supplemented)
    granted = shapes_of(approvals)
    for number, text in enumerate(ids.tolist()):
        if text is None:
            continue
        if text not in row_of:
            breaks[number].append((Break("approve", "not_on_record", None, None, None), np.nan))
            continue
        row = row_of[text]
        rest = differences(shapes[[number]], granted[[row]])
        outside[number] = float(areas_of(rest, supply.crs, basis)[0])
        if outside[number] >= least:
            breaks[number].append((Break("approve", "outside", None, None, None), outside[number]))
        if gaps[row] >= least:
            breaks[number].append((Break("approve", "supplement", None, None, None), gaps[row]))
    return Ground(breaks, outside)


def _amounts(approvals: gpd.GeoDataFrame, column: str | None) -> Any:
    if column is None:
        return np.full(len(approvals), np.nan)
    return approvals[column].to_numpy(dtype=np.float64, na_value=np.nan)


def _gaps(approvals: gpd.GeoDataFrame, farmland: str | None, supplemented: str | None) -> Any:
    if farmland is None or supplemented is None:
        return np.zeros(len(approvals))
    taken, made = _amounts(approvals, farmland), _amounts(approvals, supplemented)
    if (taken < 0).any() or (made < 0).any():
        raise BadInput("approvals: farmland below 0 was given; mend or empty the values")
    # what was supplemented and is not known is not there
    return np.maximum(np.nan_to_num(taken) - np.nan_to_num(made), 0.0)


def approvals_of(
    supply: gpd.GeoDataFrame,
    shapes: Any,
    approvals: gpd.GeoDataFrame | None,
    key: str | None,
    day: str | None,
    farmland: str | None,
    supplemented: str | None,
    rules: dict[str, Step],
    on: date,
    min_area: float,
    basis: AreaBasis,
) -> gpd.GeoDataFrame:
    """Tell of every approval how much of its ground was supplied, and whether the rest is late."""
    if approvals is None:
        approvals = gpd.GeoDataFrame(geometry=gpd.GeoSeries([], crs=supply.crs))
        key = day = farmland = supplemented = None
    granted = shapes_of(approvals)
    area = areas_of(granted, supply.crs, basis)
    supplied = np.zeros(len(granted))
    pairs = pair_areas(approvals, supply, area_basis=basis, trusted=True)
    cut = intersections(granted[pairs["left_index"].to_numpy()], shapes[pairs["right_index"].to_numpy()])
    for row, group in pairs.groupby("left_index"):
        supplied[int(str(row))] = ground_area(cut[group.index.to_numpy()], supply.crs, basis)
    open_m2 = np.maximum(area - supplied, 0.0)
    days = days_of(approvals, day, "approvals")
    years = rules["supply"].years
    due = [None if own is None or years is None else years_after(own, years) for own in days]
    least = max(min_area, 1e-9)
    over = np.array([last is not None and on > last for last in due], dtype=bool)
    number = len(granted)
    table = pd.DataFrame(
        {
            "approval": _keys(approvals, key),
            "approved": as_days(days),
            "state": np.select(
                [open_m2 < least, over, supplied >= least], ["supplied", "overdue", "partly"], "waiting"
            ).astype(object),
            "due": as_days(due),
            "area_m2": area,
            "supplied_m2": supplied,
            "open_m2": open_m2,
            "share": np.divide(supplied, area, out=np.zeros(number), where=area > 0).clip(0, 1),
            "farmland_m2": np.nan
            if farmland is None
            else approvals[farmland].to_numpy(dtype=np.float64, na_value=np.nan),
            "supplemented_m2": np.nan
            if supplemented is None
            else approvals[supplemented].to_numpy(dtype=np.float64, na_value=np.nan),
            "supplement_gap_m2": _gaps(approvals, farmland, supplemented),
        },
        columns=list(APPROVAL_COLUMNS),
    )
    return gpd.GeoDataFrame(table.astype(APPROVAL_COLUMNS), geometry=granted, crs=supply.crs)
