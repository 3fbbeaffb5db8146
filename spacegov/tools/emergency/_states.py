"""Zones as a frame that balances, and the state of every building."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spacegov.kernels import polygon_areas
from spacegov.kinds import AreaBasis
from spacegov.ledger import balance
from spacegov.tools.emergency._protocol import NORMAL, NOT_COVERED, Protocol
from spacegov.tools.emergency._zoning import strictest

_ZONE_COLUMNS = {
    "zone_id": "str",
    "zone": "str",
    "rank": "int64",
    "county": "str",
    "basis": "str",
    "protocol": "str",
    "cases": "int64",
    "buildings": "int64",
    "people": "float64",
    "area_m2": "float64",
}


def zone_frame(
    parts: pd.DataFrame, units: gpd.GeoDataFrame, unit: str, rules: Protocol, basis: AreaBasis
) -> gpd.GeoDataFrame:
    """Give settled parts their numbers, counties and areas."""
    names = [str(value) for value in units[unit]]
    parts = parts.assign(county=[names[number] for number in parts["county"]])
    shapes = gpd.GeoSeries(parts["geometry"].tolist(), crs=units.crs)
    numbers = parts.groupby("zone").cumcount() + 1
    columns = {
        "zone_id": [f"{zone}-{number}" for zone, number in zip(parts["zone"], numbers, strict=True)],
        "zone": parts["zone"],
        "rank": parts["rank"],
        "county": parts["county"],
        "basis": parts["basis"],
        "protocol": rules.name,
        "cases": 0,
        "buildings": 0,
        "people": np.nan,
        "area_m2": polygon_areas(shapes, area_basis=basis) if len(shapes) else [],
    }
    return gpd.GeoDataFrame(pd.DataFrame(columns).astype(_ZONE_COLUMNS), geometry=shapes, crs=units.crs)


def balance_counties(
    zones: gpd.GeoDataFrame,
    units: gpd.GeoDataFrame,
    unit: str,
    with_cases: NDArray[np.bool_],
    rules: Protocol,
    basis: AreaBasis,
) -> None:
    """Hold the zones of every county with a rest to its area."""
    if rules.rest is None:
        return
    whole = polygon_areas(units, area_basis=basis)
    for number in np.flatnonzero(with_cases):
        name = str(units[unit].iloc[int(number)])
        balance(float(whole[number]), zones.loc[zones["county"] == name, "area_m2"].tolist(), what=f"zones of {name}")


def building_states(
    buildings: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    cases: NDArray[np.int64],
    county_of: NDArray[np.int64],
    units: gpd.GeoDataFrame,
    unit: str,
) -> gpd.GeoDataFrame:
    """Give every building its zone, county, number of cases (positions of their buildings) and answer."""
    zone = strictest(buildings.geometry.to_numpy(), zones)
    met, outside = zone >= 0, county_of < 0
    place = np.where(met, zone, 0)
    counties = np.array([*units[unit].astype(str), ""], dtype=object)
    states = buildings.copy()
    if len(zones):
        types = zones["zone"].to_numpy(dtype=object)[place]
        states["zone"] = np.where(met, types, np.where(outside, NOT_COVERED, NORMAL)).astype(str)
        states["rank"] = np.where(met, zones["rank"].to_numpy()[place], 0).astype("int64")
        states["zone_id"] = np.where(met, zones["zone_id"].to_numpy(dtype=object)[place], "").astype(str)
    else:
        states = states.assign(zone=np.where(outside, NOT_COVERED, NORMAL).astype(str), rank=0, zone_id="")
    states["county"] = counties[county_of].astype(str)
    states["cases"] = np.bincount(cases, minlength=len(buildings)).astype("int64")
    states["answer"] = np.select([met, outside], ["present", NOT_COVERED], "absent").astype(str)
    return states.reset_index(drop=True)
