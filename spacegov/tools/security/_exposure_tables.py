"""Objects in a hazard as rows, and their sums by unit and class."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from spacegov.kinds import AreaBasis
from spacegov.ledger import balance
from spacegov.tools.security._hazards import NOT_COVERED, NOT_EXPOSED, Hazards
from spacegov.tools.security._population import people_of_raster
from spacegov.tools.security._receptors import Measured, Units, measure

_OBJECT_COLUMNS: dict[str, str] = {
    "receptor": "str",
    "feature": "int64",
    "unit": "str",
    "class": "str",
    "answer": "str",
    "share": "float64",
    "not_covered_share": "float64",
    "area_m2": "float64",
    "length_m": "float64",
    "people": "float64",
    "people_by_area": "float64",
    "value": "float64",
    "value_by_area": "float64",
}
_SUMS = ("area_m2", "length_m", "people", "people_by_area", "value", "value_by_area")


def assess(
    receptor: str,
    layer: gpd.GeoDataFrame,
    hazards: Hazards,
    units: Units,
    what: str,
    amounts: np.ndarray[Any, np.dtype[np.float64]] | None,
    basis: AreaBasis,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Objects of one layer, and their table by unit and rank."""
    if not len(layer):
        return objects_frame([], layer.crs), pd.DataFrame({"unit": [], "receptor": [], "class": []}, dtype="str")
    frames: list[gpd.GeoDataFrame] = []
    sizes: list[pd.DataFrame] = []
    for positions, measured in measure(layer, hazards, units, basis):
        frames.append(_object_rows(receptor, layer, positions, measured, hazards, units, what, amounts))
        pieces = measured.pieces
        balance(
            float(measured.size.sum()),
            float(pieces["size"].sum()),
            what=f"{receptor}: {measured.measure} by unit and class",
        )
        if measured.measure != "points":
            sizes.append(pieces.rename(columns={"size": measured.measure}))
    rows = pd.concat(frames, ignore_index=True)
    rows = rows.sort_values("feature", ignore_index=True)
    return rows, _table(receptor, rows, sizes, what if amounts is not None else "", hazards, units)


def _object_rows(
    receptor: str,
    layer: gpd.GeoDataFrame,
    positions: Any,
    measured: Measured,
    hazards: Hazards,
    units: Units,
    what: str,
    amounts: Any,
) -> gpd.GeoDataFrame:
    inside = measured.by_class[:, 1:].sum(axis=1)
    # a size of zero (a line of two equal points) has no share
    whole = np.where(measured.size > 0, measured.size, np.nan)
    share = np.nan_to_num(np.clip(inside / whole, 0.0, 1.0))
    rank = measured.severest
    frame = gpd.GeoDataFrame(
        {
            "receptor": receptor,
            "feature": positions,
            "unit": [units.names[number] for number in measured.unit],
            "class": [hazards.name(number) for number in rank],
            "answer": np.select([rank > 0, rank == 0], ["present", NOT_COVERED], "absent"),
            "share": share,
            "not_covered_share": np.nan_to_num(np.clip(measured.by_class[:, 0] / whole, 0.0, 1.0)),
            "rank": rank,
            "unit_no": measured.unit,
        },
        geometry=layer.geometry.to_numpy()[positions],
        crs=layer.crs,
    )
    for name in ("area_m2", "length_m"):
        frame[name] = inside if measured.measure == name else np.nan
    for name in ("people", "value"):
        given = amounts is not None and what == name
        frame[name] = amounts[positions] if given else np.nan
        frame[f"{name}_by_area"] = frame[name] * share
        frame[f"{name}_unknown"] = frame[name] * frame["not_covered_share"]
    shares = {f"share_{number}": measured.by_class[:, number] / whole for number in range(measured.by_class.shape[1])}
    return frame.assign(**shares)


def _table(
    receptor: str, rows: gpd.GeoDataFrame, sizes: list[pd.DataFrame], what: str, hazards: Hazards, units: Units
) -> pd.DataFrame:
    """Counts by any touch, sizes where they lie, amounts both ways, by unit and class."""
    data = pd.DataFrame(rows.drop(columns="geometry"))
    keys = ["unit_no", "rank"]
    parts = [data.groupby(keys).size().rename("objects")]
    if what:
        parts.append(data.groupby(keys)[what].sum().rename(what))
        parts.append(_by_area(data, what, hazards))
    for table in sizes:
        name = table.columns[-1]
        parts.append(table.rename(columns={"unit": "unit_no"}).groupby(keys)[name].sum())
    joined = pd.concat(parts, axis=1).reset_index()
    joined["unit"] = [units.names[int(number)] for number in joined["unit_no"]]
    joined["class"] = [hazards.name(int(number)) for number in joined["rank"]]
    joined["receptor"] = receptor
    # a quantity that this receptor has is 0 where there is none of it; one that it lacks stays empty
    for name in joined.columns.intersection(["objects", *_SUMS]):
        joined[name] = joined[name].fillna(0)
    if what:
        balance(float(data[what].sum()), float(joined[what].sum()), what=f"{receptor}: {what} by any touch")
        shared = float(joined[f"{what}_by_area"].sum())
        balance(float(data[what].sum()), shared, what=f"{receptor}: {what} by area")
    balance(len(data), float(joined["objects"].sum()), what=f"{receptor}: objects")
    return joined.drop(columns=["unit_no", "rank"])


def _by_area(data: pd.DataFrame, what: str, hazards: Hazards) -> pd.Series:
    """Share out an amount over the classes that an object lies in; the rest is not exposed."""
    ranks = range(len(hazards.names) + 1)
    shares = data[[f"share_{number}" for number in ranks]].fillna(0.0)
    rest = (1.0 - shares.sum(axis=1)).clip(lower=0.0)
    amounts = data[what].fillna(0.0)
    parts = [
        pd.DataFrame({"unit_no": data["unit_no"], "rank": number, "amount": amounts * share})
        for number, share in ((-1, rest), *((number, shares[f"share_{number}"]) for number in ranks))
    ]
    table = pd.concat(parts, ignore_index=True)
    shared = table[table["amount"] > 0].groupby(["unit_no", "rank"])["amount"].sum()
    return shared.rename(f"{what}_by_area")


def population_table(population: Any, hazards: Hazards, units: Units) -> pd.DataFrame:
    sums = people_of_raster(population, hazards, units)
    sums = sums[sums["people"] > 0]
    return pd.DataFrame(
        {
            "unit": [units.names[int(number)] for number in sums["unit"]],
            "class": [hazards.name(int(number)) for number in sums["rank"]],
            "receptor": "population",
            "people_by_area": sums["people"].to_numpy(),
        }
    )


def ordered(table: pd.DataFrame, hazards: Hazards, units: list[str] | None) -> pd.DataFrame:
    """Sum and sort a table; classes from mild to severe, then those without answer."""
    keys = ["unit", "receptor", "class"] if units is not None else ["receptor", "class"]
    columns = ["objects", *_SUMS]
    table = table.reindex(columns=[*keys, *columns])
    grouped = table.groupby(keys, as_index=False)[columns].sum(min_count=1)
    classes = [*hazards.names, NOT_EXPOSED, NOT_COVERED]
    receptors = ["buildings", "roads", "assets", "population"]
    places = pd.DataFrame(
        {
            "unit": [units.index(name) for name in grouped["unit"]] if units is not None else 0,
            "receptor": [receptors.index(name) for name in grouped["receptor"]],
            "class": [classes.index(name) for name in grouped["class"]],
        },
        index=grouped.index,
    )
    order = places.sort_values(["unit", "receptor", "class"]).index
    answer = grouped.loc[order].reset_index(drop=True)
    answer["objects"] = answer["objects"].fillna(0).astype("int64")
    return answer.astype(dict.fromkeys(_SUMS, "float64"))


def objects_frame(objects: list[gpd.GeoDataFrame], crs: Any) -> gpd.GeoDataFrame:
    columns = [*_OBJECT_COLUMNS, "geometry"]
    there = [frame for frame in objects if len(frame)]
    if not there:
        empty = {name: pd.Series(dtype=kind) for name, kind in _OBJECT_COLUMNS.items()}
        return gpd.GeoDataFrame(empty, geometry=gpd.GeoSeries([], crs=crs), crs=crs)
    answer = gpd.GeoDataFrame(pd.concat(there, ignore_index=True), crs=crs)
    return answer[columns].astype(_OBJECT_COLUMNS)
