"""How much each zone holds: buildings, homes, people, those who need help, and facilities."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spacegov.checks import checked
from spacegov.errors import BadInput, MissingColumn, suggest
from spacegov.kernels import polygon_areas
from spacegov.kinds import AreaBasis, ColumnOf, Features, Polygons, name_of
from spacegov.ledger import balance, doubt, figure
from spacegov.tools.emergency._cases import unique_ids
from spacegov.tools.emergency._zoning import strictest

OUTSIDE = "outside"


class ZoneSummary(NamedTuple):
    """Answer of `summarize_zones`."""

    zones: gpd.GeoDataFrame
    types: pd.DataFrame
    facilities: pd.DataFrame


@checked(partition=None)
def summarize_zones(
    zones: Polygons,
    buildings: Polygons,
    facilities: list[Features] | None = None,
    *,
    zone_id: Annotated[str, ColumnOf("zones")] = "zone_id",
    zone: Annotated[str, ColumnOf("zones")] = "zone",
    rank: Annotated[str, ColumnOf("zones", numeric=True)] = "rank",
    sums: tuple[str, ...] = (),
    area_basis: AreaBasis = "plane",
) -> ZoneSummary:
    """Count what lies in each zone.

    Parameters
    ----------
    zones
        Zones with an id, a type and a rank; 1 is strictest.
    buildings
        Buildings.
    facilities
        Layers of facilities, such as clinics, schools, markets.
    zone_id, zone, rank
        Columns of the zones.
    sums
        Columns of the buildings to be summed, such as people, vulnerable people, dwelling units.
    area_basis
        How areas are measured.

    Returns
    -------
    zones : GeoDataFrame
        zone_id, zone, rank, area_m2 (m²), buildings (number), each column of `sums`, facilities (number); strict
        zones first
    types : DataFrame
        zone, rank, zones, area_m2, buildings, each column of `sums`, facilities: summed by type, and a row `outside`
        for what lies in no zone
    facilities : DataFrame
        zone_id, zone, layer, facilities (number); `outside` for those in no zone

    Raises
    ------
    MissingColumn
        A column of `sums` that the buildings do not have.
    BadInput
        Negative amounts, or zone ids that repeat.

    Notes
    -----
    A building or facility belongs to the strictest zone it meets, borders included, so that it counts once: every table
    adds up to all buildings. Missing amounts add nothing and are told. Not split over machines, since zones are few.

    References
    ----------
    The rule of the strictest zone is that of `delineate_three_zones`.

    Examples
    --------
    >>> from shapely import box
    >>> square = lambda a, b: box(500000 + a, 3200000, 500000 + b, 3200010)
    >>> frame = lambda shapes, **columns: gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4549")
    >>> kinds = {"zone_id": ["c-1", "p-1"], "zone": ["containment", "prevention"], "rank": [1, 3]}
    >>> homes = frame([square(10, 20), square(45, 55), square(200, 210)], residents=[4, 5, 6])
    >>> answer = summarize_zones(frame([square(0, 50), square(50, 100)], **kinds), homes, sums=("residents",))
    >>> answer.types[["zone", "buildings", "residents"]].to_numpy().tolist()
    [['containment', 2, 9.0], ['prevention', 0, 0.0], ['outside', 1, 6.0]]
    """
    unique_ids(zones, zone_id, "zones")
    _check_sums(buildings, sums)
    order = np.argsort(zones[rank].to_numpy(), kind="stable")
    ordered = gpd.GeoDataFrame(
        {"rank": zones[rank].to_numpy()[order]}, geometry=zones.geometry.to_numpy()[order], crs=zones.crs
    )
    home = strictest(buildings.geometry.to_numpy(), ordered)
    count = len(zones)
    table = pd.DataFrame(
        {
            "zone_id": zones[zone_id].astype(str).to_numpy()[order],
            "zone": zones[zone].astype(str).to_numpy()[order],
            "rank": zones[rank].to_numpy()[order].astype("int64"),
            "area_m2": polygon_areas(ordered, area_basis=area_basis, trusted=True),
            "buildings": _sum(home, np.ones(len(home)), count)[:count].astype("int64"),
        }
    )
    outside: dict[str, Any] = {"buildings": int((home < 0).sum())}
    for column in sums:
        values = np.nan_to_num(buildings[column].to_numpy(dtype=np.float64, na_value=np.nan))
        parts = _sum(home, values, count)
        balance(float(values.sum()), parts.tolist(), what=f"{column} by zone")
        table[column], outside[column] = parts[:count], float(parts[count])
    held = _facilities(facilities or [], ordered, table)
    by_zone = held[held["zone"] != OUTSIDE].groupby("zone_id")["facilities"].sum()
    table["facilities"] = table["zone_id"].map(by_zone).fillna(0).astype("int64")
    outside["facilities"] = int(held.loc[held["zone"] == OUTSIDE, "facilities"].sum())
    frame = gpd.GeoDataFrame(table, geometry=ordered.geometry, crs=zones.crs)
    types = _types(table, outside, sums)
    balance(len(buildings), [int(number) for number in types["buildings"]], what="buildings by zone")
    _report(types, sums, outside)
    return ZoneSummary(frame, types, held)


def _check_sums(buildings: gpd.GeoDataFrame, sums: tuple[str, ...]) -> None:
    for column in sums:
        if column not in buildings.columns:
            there = [str(name) for name in buildings.columns]
            raise MissingColumn(f"buildings: the column {column!r} is missing; {suggest(column, there)}")
        if not pd.api.types.is_numeric_dtype(buildings[column]):
            raise BadInput(f"buildings: the column {column!r} holds {buildings[column].dtype}, numbers are needed")
        if (buildings[column] < 0).any():
            raise BadInput(
                f"buildings: {int((buildings[column] < 0).sum())} have a negative {column!r}; correct them first"
            )
        missing = int(buildings[column].isna().sum())
        if missing:
            doubt(f"{missing} buildings have no value in {column!r}; they add nothing", column)


def _sum(home: NDArray[np.int64], values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Sums by zone; the last is outside."""
    place = np.where(home < 0, count, home)
    return np.bincount(place, weights=values, minlength=count + 1).astype(np.float64)


def _facilities(layers: list[gpd.GeoDataFrame], ordered: gpd.GeoDataFrame, table: pd.DataFrame) -> pd.DataFrame:
    rows: list[tuple[str, str, str, int]] = []
    for number, layer in enumerate(layers):
        name = name_of(layer, f"facilities {number + 1}")
        place = strictest(layer.geometry.to_numpy(), ordered)
        counted = _sum(place, np.ones(len(place)), len(ordered)).astype(int)
        rows += [
            (str(table["zone_id"].iloc[zone]), str(table["zone"].iloc[zone]), name, int(counted[zone]))
            for zone in np.flatnonzero(counted[:-1])
        ]
        if counted[-1]:
            rows.append(("", OUTSIDE, name, int(counted[-1])))
    columns = {"zone_id": "str", "zone": "str", "layer": "str", "facilities": "int64"}
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)


def _types(table: pd.DataFrame, outside: dict[str, Any], sums: tuple[str, ...]) -> pd.DataFrame:
    columns = ["area_m2", "buildings", *sums, "facilities"]
    grouped = table.groupby(["rank", "zone"], as_index=False)[columns].sum()
    grouped.insert(2, "zones", table.groupby(["rank", "zone"]).size().to_numpy())
    answer = grouped[["zone", "rank", "zones", *columns]]
    if any(outside.values()):
        last = pd.DataFrame([{"zone": OUTSIDE, "rank": 0, "zones": 0, "area_m2": np.nan, **outside}])
        answer = pd.concat([answer, last], ignore_index=True)
    return answer.astype({"rank": "int64", "zones": "int64", "buildings": "int64", "facilities": "int64"})


def _report(types: pd.DataFrame, sums: tuple[str, ...], outside: dict[str, Any]) -> None:
    for row in types.to_dict("records"):
        name = str(row["zone"]).replace("-", "_")
        figure(f"{name}_buildings", int(row["buildings"]))
        for column in sums:
            figure(f"{name}_{column}", float(row[column]))
    if outside["buildings"]:
        doubt(f"{outside['buildings']} buildings lie in no zone", OUTSIDE)
