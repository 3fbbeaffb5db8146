"""Evacuation: who goes to which shelter, on which way, in what time."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from spacegov.checks import checked
from spacegov.errors import EmptyLayer
from spacegov.kernels.network import Snapped, routes
from spacegov.kinds import ColumnOf, Features, Lines, Metres, Minutes, Polygons
from spacegov.ledger import balance, doubt, dropped, figure, progress
from spacegov.tools.allocation import Allocation, allocate
from spacegov.tools.reach import (
    Speed,
    doors_of,
    minutes_by_road,
    road_network,
    tell_longest_snap,
    tell_off_network,
)
from spacegov.tools.values import amounts_of, labels_of, texts_of

_ROUTE_COLUMNS = {
    "origin": "str",
    "shelter": "str",
    "people": "int64",
    "minutes": "float64",
    "length_m": "float64",
    "person_minutes": "float64",
}
_ORIGIN_COLUMNS = {
    "origin": "str",
    "place": "str",
    "answer": "str",
    "people": "int64",
    "placed": "int64",
    "unplaced": "int64",
    "reason": "str",
    "snap_m": "float64",
}


class Evacuation(NamedTuple):
    """Answer of `route_evacuation`."""

    routes: gpd.GeoDataFrame
    origins: gpd.GeoDataFrame
    shelters: gpd.GeoDataFrame


@checked(partition=None)
def route_evacuation(
    origins: Features,
    shelters: Features,
    roads: Lines,
    hazard: Polygons | None = None,
    blocked: Features | None = None,
    *,
    people: Annotated[str, ColumnOf("origins", numeric=True)],
    capacity: Annotated[str, ColumnOf("shelters", numeric=True)] = "capacity",
    place: Annotated[str | None, ColumnOf("origins")] = None,
    speed: Speed = 4.0,
    road_speed: Annotated[str | None, ColumnOf("roads", numeric=True)] = None,
    direction: Annotated[str | None, ColumnOf("roads")] = None,
    max_snap: Metres = 300.0,
    limit: Minutes | None = None,
) -> Evacuation:
    """Send everybody to a shelter with room in the least total time.

    Parameters
    ----------
    origins
        Where people start, such as buildings.
    shelters
        Shelters with the number of people they hold.
    roads
        The network; lines join where they share a vertex.
    hazard
        Ground to be left: only origins on it are evacuated, and shelters on it are closed.
    blocked
        What closes roads, such as deep water or a slide; roads it meets cannot be used.
    people
        Column of the people at an origin.
    capacity
        Column of the people a shelter holds.
    place
        Column that names where an origin is, for people without a shelter.
    speed
        Speed on foot, also between a place and the road.
    road_speed
        Column of the speed on each road, km/h, for evacuation by vehicle; `speed` everywhere without it.
    direction
        Column of one-way roads.
    max_snap
        Distance from a road beyond which a place is off the network.
    limit
        Longest time on the way.

    Returns
    -------
    routes : GeoDataFrame
        origin, shelter : names
        people : persons on this way
        minutes : time of the way, with the walk to the road and from it
        length_m : length of the drawn way on the network, m
        person_minutes : people times minutes
        geometry : the way; sorted by origin and shelter
    origins : GeoDataFrame
        origin, place, answer (`present` where all are placed, else `failed`), people, placed, unplaced,
        reason (`off_network`, `no_way`, `beyond_limit`, `no_room`), snap_m (m to the road)
    shelters : GeoDataFrame
        The shelters with placed, free, closed, and snap_m (m to the road; empty off the network).

    Raises
    ------
    EmptyLayer
        No origin with people to evacuate.
    BadInput
        Negative people or capacities.

    Notes
    -----
    As many people as possible are placed; among all such assignments the one of least total time is found, by a
    transport program over the times on the network. Its bound is reported: no assignment is better by more than the gap
    (zero up to rounding). Times do not grow with the number of people on a road: congestion is not modelled. Snapping
    distances are reported and cost time at `speed`. Not split over machines, since shelters are shared.

    References
    ----------
    Hamacher and Tjandra 2001, Mathematical modelling of evacuation problems; Dantzig 1951 on the transport program.

    Examples
    --------
    >>> line = lambda *xs: shapely.LineString([(500000 + x, 3200000) for x in xs])
    >>> at = lambda x: shapely.Point(500000 + x, 3200000)
    >>> frame = lambda shapes, **columns: gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4549")
    >>> homes, shelters = frame([at(100), at(200)], residents=[3, 2]), frame([at(0), at(1000)], capacity=[3, 9])
    >>> answer = route_evacuation(homes, shelters, frame([line(0, 1000)]), people="residents", speed=6.0)
    >>> answer.routes[["origin", "shelter", "people", "minutes"]]
      origin shelter  people  minutes
    0      0       0       3      1.0
    1      1       1       2      8.0
    """
    leaving = _leaving(origins, hazard)
    amounts = np.rint(np.nan_to_num(amounts_of(leaving, people, "origins", "people"))).astype(np.int64)
    leaving, amounts = leaving[amounts > 0], amounts[amounts > 0]
    if not len(leaving):
        raise EmptyLayer("origins: nobody has to be evacuated; give origins with people, on the hazard if one is given")
    room = np.rint(np.nan_to_num(amounts_of(shelters, capacity, "shelters", "capacity"))).astype(np.int64)
    closed = _on(shelters, hazard)
    room = np.where(closed, 0, room)
    names, shelter_names = labels_of(leaving), labels_of(shelters)
    network = road_network(roads, blocked, speed=speed, road_speed=road_speed, direction=direction)
    start, goal = doors_of(network, leaving, max_snap), doors_of(network, shelters, max_snap)
    tell_longest_snap(start, goal)
    tell_off_network(goal, shelter_names, "shelters")
    progress(0.3, "times")
    usable = np.flatnonzero((room > 0) & goal.on)
    times = np.full((len(shelters), len(leaving)), np.inf)
    # ways lead from origins to shelters: the search runs backwards from the few shelters
    times[usable] = minutes_by_road(network, goal.take(usable), start, walking=speed, reverse=True)
    reachable = np.isfinite(times).any(axis=0)
    if limit is not None:
        times[times > limit] = np.inf
    progress(0.6, "assignment")
    found = allocate(amounts, room, times)
    progress(0.8, "routes")
    lines = routes(network, goal, start, (found.place, found.origin), reverse=True)
    ways = _routes(found, times, lines, names, shelter_names, roads.crs)
    states = _origins(leaving, amounts, found, start, reachable, times, names, place)
    houses = _shelters(shelters, room, closed, goal, found)
    balance(float(amounts.sum()), [*states["placed"], *states["unplaced"]], what="people placed and not")
    _report(ways, states, found)
    return Evacuation(ways, states, houses)


def _on(layer: gpd.GeoDataFrame, hazard: gpd.GeoDataFrame | None) -> NDArray[np.bool_]:
    """Whether features meet the hazard."""
    hit = np.zeros(len(layer), dtype=bool)
    if hazard is not None and len(hazard) and len(layer):
        # The side that asks is prepared: grades of a terrain come as one shape of a hundred thousand corners.
        parts = shapely.get_parts(hazard.geometry.to_numpy())
        hit[layer.sindex.query(parts, predicate="intersects")[1]] = True
    return hit


def _leaving(origins: gpd.GeoDataFrame, hazard: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    if hazard is None:
        return origins
    there = _on(origins, hazard)
    dropped(int((~there).sum()), "origins outside the hazard, which nobody has to leave")
    chosen = origins[there]
    chosen.attrs = dict(origins.attrs)
    return chosen


def _routes(
    found: Allocation, times: NDArray[np.float64], lines: Any, names: Any, shelter_names: Any, crs: Any
) -> gpd.GeoDataFrame:
    minutes = times[found.place, found.origin]
    table = pd.DataFrame(
        {
            "origin": names[found.origin],
            "shelter": shelter_names[found.place],
            "people": found.people,
            "minutes": minutes,
            "length_m": shapely.length(lines),
            "person_minutes": found.people * minutes,
        }
    ).astype(_ROUTE_COLUMNS)
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(lines, crs=crs), crs=crs)


def _origins(
    leaving: gpd.GeoDataFrame,
    amounts: NDArray[np.int64],
    found: Allocation,
    start: Snapped,
    reachable: NDArray[np.bool_],
    times: NDArray[np.float64],
    names: Any,
    place: str | None,
) -> gpd.GeoDataFrame:
    left = found.unplaced
    within = np.isfinite(times).any(axis=0)
    reason = np.select(
        [left == 0, ~start.on, ~reachable, ~within], ["", "off_network", "no_way", "beyond_limit"], "no_room"
    )
    table = pd.DataFrame(
        {
            "origin": names,
            "place": texts_of(leaving[place]) if place is not None else names,
            "answer": np.where(left == 0, "present", "failed"),
            "people": amounts,
            "placed": amounts - left,
            "unplaced": left,
            "reason": reason,
            "snap_m": np.where(start.on, start.distance_m, np.nan),
        }
    ).astype(_ORIGIN_COLUMNS)
    return gpd.GeoDataFrame(table, geometry=leaving.geometry.to_numpy(), crs=leaving.crs)


def _shelters(
    shelters: gpd.GeoDataFrame, room: NDArray[np.int64], closed: NDArray[np.bool_], goal: Snapped, found: Allocation
) -> gpd.GeoDataFrame:
    houses = shelters.reset_index(drop=True).copy()
    houses["closed"] = closed
    houses["placed"] = np.bincount(found.place, weights=found.people, minlength=len(shelters)).astype(np.int64)
    houses["free"] = room - houses["placed"]
    houses["snap_m"] = np.where(goal.on, goal.distance_m, np.nan)
    return houses


def _report(ways: gpd.GeoDataFrame, states: gpd.GeoDataFrame, found: Allocation) -> None:
    placed = int(states["placed"].sum())
    figure("people", int(states["people"].sum()))
    figure("placed", placed)
    figure("unplaced", int(states["unplaced"].sum()))
    figure("person_minutes", found.total)
    figure("bound_person_minutes", found.bound)
    figure("mean_minutes", found.total / placed if placed else 0.0)
    figure("longest_minutes", float(ways["minutes"].max()) if len(ways) else 0.0)
    left = states[states["unplaced"] > 0]
    for reason, group in left.groupby("reason"):
        by_place = group.groupby("place")["unplaced"].sum().sort_values(ascending=False, kind="stable")
        named = ", ".join(f"{name} ({number})" for name, number in by_place.head(10).items())
        doubt(f"{int(group['unplaced'].sum())} people have no shelter: {str(reason).replace('_', ' ')}", named)
