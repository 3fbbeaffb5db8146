"""Room in shelters for the people around them."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from spacegov.checks import checked
from spacegov.errors import UnknownName, suggest
from spacegov.kinds import ColumnOf, Features, Metres, PolicyKind, Polygons
from spacegov.ledger import balance, doubt, figure
from spacegov.tools.allocation import Allocation, allocate
from spacegov.tools.security._receptors import Units
from spacegov.tools.values import amounts_of

_UNIT_COLUMNS = {
    "unit": "str",
    "answer": "str",
    "people": "int64",
    "placed": "int64",
    "no_shelter_near": "int64",
    "no_room": "int64",
    "shortfall": "int64",
    "shortfall_m2": "float64",
    "capacity": "int64",
}


class ShelterCapacity(NamedTuple):
    """Answer of `check_shelter_capacity`."""

    units: gpd.GeoDataFrame
    shelters: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame


@checked(partition=None)
def check_shelter_capacity(
    shelters: Features,
    buildings: Features,
    units: Polygons,
    *,
    people: Annotated[str, ColumnOf("buildings", numeric=True)],
    area_per_person: Annotated[pd.DataFrame, PolicyKind(("term", "m2_per_person"))],
    term: str = "short",
    usable_area: Annotated[str, ColumnOf("shelters", numeric=True)] = "usable_m2",
    radius: Metres = 1000.0,
    unit: Annotated[str, ColumnOf("units")] = "name",
) -> ShelterCapacity:
    """Compare the room in shelters with the people within reach, unit by unit.

    Parameters
    ----------
    shelters
        Shelters with their usable area.
    buildings
        Where people are.
    units
        Units to report by.
    people
        Column of the people in a building.
    area_per_person
        Area that a person needs, by the term of stay.
    term
        Term of stay: a row of the table.
    usable_area
        Column of the usable area, m².
    radius
        Straight distance within which a shelter can be reached.
    unit
        Column of the unit's name.

    Returns
    -------
    units : GeoDataFrame
        unit : name; people : persons in it
        answer : `present` (a shortfall) or `absent`
        placed : persons with room in a shelter within the radius
        no_shelter_near : persons without any shelter within the radius
        no_room : persons whose shelters within the radius are full
        shortfall : the last two together; shortfall_m2 : the area they need, m²
        capacity : persons that the shelters standing in the unit hold
    shelters : GeoDataFrame
        The shelters with capacity, placed and free (persons).
    buildings : GeoDataFrame
        The buildings with people, placed and shortfall (persons), unit, and answer.

    Raises
    ------
    UnknownName
        A term that the table does not have.
    BadInput
        Negative people or areas, overlapping units.

    Notes
    -----
    As many people as possible are placed, those at the least total distance (a transport program solved to optimality).
    The shortfall of the whole is exact; among buildings at equal distance it may fall on either. A shelter serves
    people across unit borders. Not split over machines, since shelters are shared.

    References
    ----------
    GB 51143-2015 Code for design of disasters mitigation emergency congregate shelter, for areas by term.

    Examples
    --------
    >>> place = lambda x: shapely.box(500000 + x, 3200000, 500010 + x, 3200010)
    >>> frame = lambda shapes, **columns: gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4549")
    >>> answer = check_shelter_capacity(
    ...     frame([place(0)], usable_m2=[20.0]), frame([place(100), place(5000)], residents=[15, 4]),
    ...     frame([shapely.box(499000, 3199000, 510000, 3210000)], name=["Town"]), people="residents",
    ...     area_per_person=pd.DataFrame({"term": ["short"], "m2_per_person": [2.0]}))
    >>> answer.units[["people", "placed", "no_shelter_near", "no_room"]]
       people  placed  no_shelter_near  no_room
    0      19      10                4        5
    """
    need = _need(area_per_person, term)
    areas = amounts_of(shelters, usable_area, "shelters", "usable area")
    amounts = np.rint(np.nan_to_num(amounts_of(buildings, people, "buildings", "people"))).astype(np.int64)
    capacity = np.floor(np.nan_to_num(areas) / need + 1e-9).astype(np.int64)
    named = Units.of(units, unit)
    costs = _distances(shelters, buildings, radius)
    found = allocate(amounts, capacity, costs)
    near: NDArray[np.bool_] = np.asarray(np.isfinite(costs).any(axis=0), dtype=bool)
    home = _unit_of(buildings, named)
    states = _buildings(buildings, amounts, found, near, home, named)
    rooms = _shelters(shelters, capacity, found)
    table = _units(named, units, states, near, home, _capacity_by_unit(shelters, capacity, named), need)
    balance(float(amounts.sum()), [*table["placed"], *table["shortfall"]], what="people placed and not")
    _report(table, states, rooms)
    return ShelterCapacity(table, rooms, states)


def _need(table: pd.DataFrame, term: str) -> float:
    terms = [str(value) for value in table["term"]]
    if term not in terms:
        raise UnknownName(f"term: the table has no term {term!r}; {suggest(term, terms)}")
    return float(table["m2_per_person"].iloc[terms.index(term)])


def _distances(shelters: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, radius: float) -> NDArray[np.float64]:
    costs = np.full((len(shelters), len(buildings)), np.inf)
    if len(shelters) and len(buildings):
        doors = shapely.centroid(buildings.geometry.to_numpy())
        tree = shapely.STRtree(doors)
        places = shelters.geometry.to_numpy()
        shelter, building = tree.query(places, predicate="dwithin", distance=radius)
        costs[shelter, building] = shapely.distance(places[shelter], doors[building])
    return costs


def _unit_of(layer: gpd.GeoDataFrame, named: Units) -> NDArray[np.int64]:
    """Unit of each feature by its centre; of several the first."""
    home = np.full(len(layer), named.outside, dtype=np.int64)
    if named.frame is not None and len(layer):
        feature, number = named.frame.sindex.query(shapely.centroid(layer.geometry.to_numpy()), predicate="intersects")
        np.minimum.at(home, feature, number)
    return home


def _buildings(
    buildings: gpd.GeoDataFrame,
    amounts: NDArray[np.int64],
    found: Allocation,
    near: NDArray[np.bool_],
    home: NDArray[np.int64],
    named: Units,
) -> gpd.GeoDataFrame:
    states = buildings.reset_index(drop=True).copy()
    states["people"] = amounts
    states["placed"] = amounts - found.unplaced
    states["shortfall"] = found.unplaced
    states["unit"] = [named.names[number] for number in home]
    states["reason"] = np.select([found.unplaced == 0, ~near], ["", "no_shelter_near"], "no_room").astype(str)
    states["answer"] = np.where(found.unplaced > 0, "present", "absent").astype(str)
    return states


def _shelters(shelters: gpd.GeoDataFrame, capacity: NDArray[np.int64], found: Allocation) -> gpd.GeoDataFrame:
    rooms = shelters.reset_index(drop=True).copy()
    rooms["capacity"] = capacity
    rooms["placed"] = np.bincount(found.place, weights=found.people, minlength=len(shelters)).astype(np.int64)
    rooms["free"] = rooms["capacity"] - rooms["placed"]
    return rooms


def _capacity_by_unit(shelters: gpd.GeoDataFrame, capacity: NDArray[np.int64], named: Units) -> NDArray[np.int64]:
    return np.bincount(_unit_of(shelters, named), weights=capacity, minlength=len(named.names)).astype(np.int64)


def _units(
    named: Units,
    units: gpd.GeoDataFrame,
    states: gpd.GeoDataFrame,
    near: NDArray[np.bool_],
    home: NDArray[np.int64],
    capacity: NDArray[np.int64],
    need: float,
) -> gpd.GeoDataFrame:
    size = len(named.names)

    def by_unit(values: Any) -> NDArray[np.int64]:
        return np.bincount(home, weights=values, minlength=size).astype(np.int64)

    short = states["shortfall"].to_numpy()
    table = pd.DataFrame(
        {
            "unit": named.names,
            "answer": "",
            "people": by_unit(states["people"]),
            "placed": by_unit(states["placed"]),
            "no_shelter_near": by_unit(np.where(near, 0, short)),
            "no_room": by_unit(np.where(near, short, 0)),
            "shortfall": by_unit(short),
            "shortfall_m2": by_unit(short) * need,
            "capacity": capacity,
        }
    )
    table["answer"] = np.where(table["shortfall"] > 0, "present", "absent")
    shapes = [*(named.frame.geometry if named.frame is not None else []), shapely.Polygon()]
    frame = gpd.GeoDataFrame(table.astype(_UNIT_COLUMNS), geometry=gpd.GeoSeries(shapes, crs=units.crs), crs=units.crs)
    # a row for people outside every unit only where there are any
    used = (frame["people"] > 0) | (frame["capacity"] > 0) | (np.arange(size) < size - 1)
    return frame[used].reset_index(drop=True)


def _report(table: gpd.GeoDataFrame, states: gpd.GeoDataFrame, rooms: gpd.GeoDataFrame) -> None:
    figure("people", int(table["people"].sum()))
    figure("placed", int(table["placed"].sum()))
    figure("shortfall", int(table["shortfall"].sum()))
    figure("no_shelter_near", int(table["no_shelter_near"].sum()))
    figure("units_short", int((table["shortfall"] > 0).sum()))
    figure("free", int(rooms["free"].sum()))
    outside = states[states["unit"] == "outside_units"]
    if len(outside):
        doubt(f"{len(outside)} buildings lie in no unit", "outside_units")
