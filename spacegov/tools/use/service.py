"""Service coverage: who reaches a facility within the minutes, by road, and who does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pydantic import Field

from spacegov.checks import checked
from spacegov.kernels.network import Network, Snapped
from spacegov.kinds import AreaBasis, ColumnOf, CoverageOf, Features, Lines, Metres, Minutes, Polygons, name_of
from spacegov.layers.coverage import covered_share
from spacegov.ledger import doubt, figure, progress
from spacegov.tools.overlay import areas_of, shapes_of
from spacegov.tools.reach import (
    Speed,
    doors_of,
    nearest_by_road,
    reached_lines,
    road_network,
    tell_longest_snap,
    tell_off_network,
    walked,
)
from spacegov.tools.values import amounts_of, labels_of

_BUILDINGS = {
    "building": "str",
    "unit": "str",
    "answer": "str",
    "facility": "str",
    "minutes": "float64",
    "reason": "str",
    "snap_m": "float64",
    "people": "float64",
}
_UNITS = {
    "unit": "str",
    "buildings": "int64",
    "served": "int64",
    "failed": "int64",
    "not_covered": "int64",
    "people": "float64",
    "people_served": "float64",
    "people_failed": "float64",
    "people_not_covered": "float64",
    "share": "float64",
}
_AREAS = {
    "facility": "str",
    "answer": "str",
    "snap_m": "float64",
    "buildings": "int64",
    "people_served": "float64",
    "length_m": "float64",
    "area_m2": "float64",
}


class ServiceCoverage(NamedTuple):
    """Answer of `measure_service_coverage`."""

    buildings: gpd.GeoDataFrame
    units: pd.DataFrame
    areas: gpd.GeoDataFrame


@checked(partition=None)
def measure_service_coverage(
    facilities: Features,
    roads: Lines,
    population: Features,
    units: Polygons | None = None,
    barriers: Features | None = None,
    *,
    limit: Annotated[Minutes, Field(gt=0)] = 15.0,
    towards: Literal["facility", "people"] = "facility",
    people: Annotated[str | None, ColumnOf("population", numeric=True)] = None,
    unit: Annotated[str | None, ColumnOf("units")] = None,
    speed: Speed = 4.8,
    road_speed: Annotated[str | None, ColumnOf("roads", numeric=True)] = None,
    direction: Annotated[str | None, ColumnOf("roads")] = None,
    walking: Speed = 4.8,
    max_snap: Metres = 200.0,
    margin: Metres = 50.0,
    coverage: Annotated[Mapping[str, gpd.GeoDataFrame] | None, CoverageOf("facilities")] = None,
    area_basis: AreaBasis = "plane",
) -> ServiceCoverage:
    """Measure who reaches a facility within the minutes, by way of the network.

    Parameters
    ----------
    facilities
        Schools, clinics, parks …; polygons count by their centroid.
    roads
        The network; lines join where they share a vertex.
    population
        Buildings, or points with people.
    units
        Units to sum by; a building belongs to the first that holds its centroid.
    barriers
        What closes roads.
    limit
        Longest time from door to door.
    towards
        Which way one-way roads are taken: people to the facility, or the facility to people (ambulance, fire engine).
    people
        Column of the people in a building; without it every building counts as one.
    unit
        Column of the unit's name.
    speed
        Speed on the network; `road_speed` names a column with the speed of each road instead, km/h.
    road_speed, direction
        Columns of the roads.
    walking
        Speed between a road and a door.
    max_snap
        Distance from a road beyond which a place is off the network.
    margin
        Width on either side of a reached road that its service area takes in.
    coverage
        Where the list of facilities is complete.
    area_basis
        How areas are measured.

    Returns
    -------
    buildings : GeoDataFrame
        A row for every building, in their order: building, unit, answer (`present` served, `absent` beyond the limit,
        `failed` off the network or without a way, `not_covered` not served by a known one where the list of facilities
        is not complete), facility (the nearest), minutes, reason (`off_network`, `no_way`), snap_m (m to the road),
        people
    units : DataFrame
        unit, buildings, served, failed, not_covered, people, people_served, people_failed, people_not_covered, share
        (of the people; those who failed or are not covered are not served); one row `""` for buildings in no unit, or
        for all without units
    areas : GeoDataFrame
        A row for every facility, in their order: facility, answer (`present`, or `failed` off the network), snap_m,
        buildings and people_served for which it is the nearest within the limit, length_m of road reached, area_m2

    Raises
    ------
    BadInput
        People below zero, or every road closed.
    EmptyLayer
        Roads without a line.

    Notes
    -----
    One search from all facilities, the way from each door to the road included on both ends, one-way roads in the
    direction that is travelled. Places enter an edge where they stand. A road at the limit is reached as far as the
    time lasts; the service area is what is reached widened by `margin`, and is drawn, not counted: who is served is
    settled building by building. A building off the network is listed, never taken for far. Not split over machines,
    since every part would need the whole network.

    References
    ----------
    Dijkstra 1959; TD/T 1062-2021 (walking distances of the community life circle).

    Examples
    --------
    >>> at = lambda x: shapely.Point(500000 + x, 3200000)
    >>> frame = lambda *shapes: gpd.GeoDataFrame(geometry=list(shapes), crs=4549)
    >>> road = frame(shapely.LineString([at(0), at(3000)]))
    >>> answer = measure_service_coverage(frame(at(0)), road, frame(at(400), at(1200)), limit=10.0)
    >>> answer.buildings[["answer", "minutes"]].to_numpy().tolist(), answer.areas["length_m"].tolist()
    ([['present', 5.0], ['absent', 15.0]], [800.0])
    """
    weights = np.ones(len(population))
    if people is None:
        doubt("no column of people was named: every place counts as one person")
    else:
        weights = np.nan_to_num(amounts_of(population, people, "population", "people"))
    network = road_network(roads, barriers, speed=speed, road_speed=road_speed, direction=direction)
    places, doors = doors_of(network, facilities, max_snap), doors_of(network, population, max_snap)
    reverse = towards == "facility"
    nearest, minutes = nearest_by_road(network, places, doors, walking=walking, reverse=reverse)
    known = nearest >= 0
    served = known & (minutes <= limit + 1e-9)
    surveyed = covered_share(population, (coverage or {}).get(name_of(facilities, "facilities"))) > 1 - 1e-6
    names = labels_of(facilities)
    tell_longest_snap(places, doors)
    tell_off_network(places, names, name_of(facilities, "facilities"))
    buildings = pd.DataFrame(
        {
            "building": labels_of(population),
            "unit": _units(population, units, unit),
            "answer": np.select(
                [served, ~doors.on, ~surveyed, ~known], ["present", "failed", "not_covered", "failed"], "absent"
            ),
            "facility": np.where(known, names[np.maximum(nearest, 0)], "") if len(names) else "",
            "minutes": np.where(known, minutes, np.nan),
            "reason": np.select([known, ~doors.on], ["", "off_network"], "no_way"),
            "snap_m": np.where(doors.on, doors.distance_m, np.nan),
            "people": weights,
        }
    )
    frame = gpd.GeoDataFrame(buildings.astype(_BUILDINGS), geometry=shapes_of(population), crs=population.crs)
    table = _by_unit(buildings)
    areas = _areas(network, facilities, places, walked(places, walking), limit, reverse, margin, area_basis)
    areas["buildings"] = np.bincount(nearest[served], minlength=len(facilities))
    areas["people_served"] = np.bincount(nearest[served], weights[served], minlength=len(facilities))
    _tell(frame, areas)
    shown = gpd.GeoDataFrame(areas[list(_AREAS)].astype(_AREAS), geometry=areas.geometry, crs=facilities.crs)
    return ServiceCoverage(frame, table, shown)


def _units(population: gpd.GeoDataFrame, units: gpd.GeoDataFrame | None, unit: str | None) -> Any:
    found = np.full(len(population), "", dtype=object)
    if units is None or not len(units):
        return found
    names = units[unit].astype(str).to_numpy() if unit is not None else labels_of(units)
    doors = shapely.centroid(shapes_of(population))
    building, holder = shapely.STRtree(shapes_of(units)).query(doors, predicate="intersects")
    first = pd.Series(holder).groupby(building).min()
    found[first.index.to_numpy(dtype=np.int64)] = names[first.to_numpy()]
    return found


def _by_unit(buildings: pd.DataFrame) -> pd.DataFrame:
    state = buildings.assign(buildings=1)
    for column, answer in (("served", "present"), ("failed", "failed"), ("not_covered", "not_covered")):
        state[column] = (state["answer"] == answer).astype("int64")
        state[f"people_{column}"] = state["people"] * state[column]
    sums = state.groupby("unit", sort=True)[[name for name in _UNITS if name not in ("unit", "share")]].sum()
    with np.errstate(invalid="ignore"):
        sums["share"] = sums["people_served"].to_numpy(float) / sums["people"].to_numpy(float)
    return sums.reset_index()[list(_UNITS)].astype(_UNITS)


def _areas(
    network: Network,
    facilities: gpd.GeoDataFrame,
    places: Snapped,
    start: Any,
    limit: float,
    reverse: bool,
    margin: float,
    basis: AreaBasis,
) -> gpd.GeoDataFrame:
    shapes = np.full(len(facilities), shapely.Polygon(), dtype=object)
    length = np.zeros(len(facilities))
    for number, (place, lines) in enumerate(reached_lines(network, places, limit, start, reverse=reverse), start=1):
        # a place's own edge may be reached from its ends too, so what is reached is united before it is measured
        united = shapely.union_all(lines) if len(lines) else shapely.LineString()
        length[place] = shapely.length(united)
        if margin > 0 and len(lines):
            shapes[place] = shapely.union_all(shapely.buffer(lines, margin, quad_segs=4))
        progress(number / max(len(facilities), 1), "service areas")
    return gpd.GeoDataFrame(
        {
            "facility": labels_of(facilities),
            "answer": np.where(places.on, "present", "failed"),
            "snap_m": np.where(places.on, places.distance_m, np.nan),
            "length_m": length,
            "area_m2": areas_of(shapes, facilities.crs, basis),
        },
        geometry=shapes,
        crs=facilities.crs,
    )


def _tell(frame: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> None:
    people = frame["people"]
    whole = float(people.sum())
    served = float(people[frame["answer"] == "present"].sum())
    figure("people", whole)
    figure("people_served", served)
    figure("served_share", served / whole if whole else 0.0)
    figure("buildings_unserved", int((frame["answer"] == "absent").sum()))
    figure("people_unserved", float(people[frame["answer"] == "absent"].sum()))
    figure("buildings_failed", int((frame["answer"] == "failed").sum()))
    figure("people_not_covered", float(people[frame["answer"] == "not_covered"].sum()))
    figure("facilities_off", int((areas["answer"] == "failed").sum()))
    for reason, words in (("off_network", "lie off the network"), ("no_way", "have no way to a facility")):
        lost = frame[frame["reason"] == reason]
        if len(lost):
            doubt(f"{len(lost)} buildings with {lost['people'].sum():g} people {words}", str(lost["building"].iloc[0]))
