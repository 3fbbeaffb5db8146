"""Where facilities should go: nearest for all, most people covered, or fewest that cover, proven optimal."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pydantic import Field

from spacegov.checks import checked
from spacegov.errors import BadInput, EmptyLayer
from spacegov.kinds import ColumnOf, Count, Features, Lines, Metres, Minutes, Share, Table
from spacegov.ledger import progress
from spacegov.tools.allocation import allocate
from spacegov.tools.overlay import shapes_of
from spacegov.tools.reach import (
    Speed,
    doors_of,
    minutes_by_road,
    road_network,
    tell_longest_snap,
    tell_off_network,
)
from spacegov.tools.use._location_frames import ASSIGNMENT, place_frame, report, site_frame, solution_table
from spacegov.tools.use._location_inputs import Ways, people_of, prices_of, room_of, straight_ways, table_ways
from spacegov.tools.use._median import Choice, p_median
from spacegov.tools.use._siting import Sites, cover_most, cover_set, median_with_room
from spacegov.tools.values import labels_of

Goal = Literal["p-median", "maximum-coverage", "set-cover"]
Seconds = Annotated[float, Field(gt=0, json_schema_extra={"unit": "s"})]
Floats = NDArray[np.float64]


class FacilityLocation(NamedTuple):
    """Answer of `locate_facilities`."""

    sites: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    assignment: pd.DataFrame
    solution: pd.DataFrame


@checked(partition=None)
def locate_facilities(
    demand: Features,
    candidates: Features,
    existing: Features | None = None,
    roads: Lines | None = None,
    barriers: Features | None = None,
    travel: Table | None = None,
    *,
    goal: Goal = "p-median",
    number: Count = 1,
    limit: Annotated[Minutes, Field(gt=0)] | None = None,
    target_share: Annotated[Share, Field(gt=0)] = 1.0,
    people: Annotated[str | None, ColumnOf("demand", numeric=True)] = None,
    capacity: Annotated[str | None, ColumnOf("candidates", numeric=True)] = None,
    existing_capacity: Annotated[str | None, ColumnOf("existing", numeric=True)] = None,
    price: Annotated[str | None, ColumnOf("candidates", numeric=True)] = None,
    travel_place: Annotated[str, ColumnOf("travel")] = "place",
    travel_site: Annotated[str, ColumnOf("travel")] = "site",
    travel_minutes: Annotated[str, ColumnOf("travel", numeric=True)] = "minutes",
    towards: Literal["facility", "people"] = "facility",
    speed: Speed = 4.8,
    road_speed: Annotated[str | None, ColumnOf("roads", numeric=True)] = None,
    direction: Annotated[str | None, ColumnOf("roads")] = None,
    walking: Speed = 4.8,
    max_snap: Metres = 200.0,
    gap: Share = 0.0,
    time_limit: Seconds = 60.0,
) -> FacilityLocation:
    """Choose sites for new facilities beside those that are kept, and prove how good the choice is.

    Parameters
    ----------
    demand
        Places with people: buildings, villages, points; polygons count by their centroid.
    candidates
        Sites to choose from.
    existing
        Facilities that are there and stay.
    roads
        The network; without it ways are straight lines, walked.
    barriers
        What closes roads.
    travel
        Minutes from place to site, where they are known already, by the names of both; a pair that is missing has no
        way.
    goal
        `p-median`: least way for all people together; `maximum-coverage`: most people within `limit`; `set-cover`:
        cheapest sites that serve `target_share` of those within `limit` of any site.
    number
        New sites at most, for `p-median` and `maximum-coverage`.
    limit
        Longest time from door to door; `p-median` may go without.
    target_share
        Share of the people within reach of some site that `set-cover` must serve.
    people
        Column of the people of a place; without it each counts as one.
    capacity, existing_capacity
        Columns of the most people a site serves; an empty value, or no column, is room for all.
    price
        Column of the cost of a candidate, for `set-cover`; without it all cost one.
    travel_place, travel_site, travel_minutes
        Columns of `travel`.
    towards
        Which way one-way roads are taken.
    speed
        Speed on the network; `road_speed` names a column with the speed of each road instead, km/h.
    road_speed, direction
        Columns of the roads.
    walking
        Speed between a road and a door, and along straight lines.
    max_snap
        Distance from a road beyond which a place or site is off the network.
    gap
        How far from the best bound the answer may lie, as a share; 0 asks for the proven optimum.
    time_limit
        Seconds after which the best answer so far is given, with its gap.

    Returns
    -------
    sites : GeoDataFrame
        A row for each facility kept, then for each candidate, in their order: site, kind (`existing`, `candidate`),
        decision (`kept`, `chosen`, `not-chosen`, `off-network`), people (served), capacity, load_share (people over
        capacity), minutes_mean, minutes_farthest, price, snap_m (m to the road), geometry (a
        point)
    places : GeoDataFrame
        A row for each place, in their order: place, answer (`present` all its people served, `absent` some not,
        `failed` off the network or without a way), site (that serves most of them), minutes (mean of those served),
        reason (`too_far`, `no_room`, `off_network`, `no_way`), people, people_served, minutes_before (to the nearest
        existing facility), geometry
    assignment : DataFrame
        place, site, people, minutes: who goes where
    solution : DataFrame
        One row: goal, objective (people × minutes, people, or price), bound, gap (share), status (`optimal`: proven
        within the gap, `time-limit`), chosen (number), people, people_served, minutes_mean, minutes_farthest

    Raises
    ------
    Unsolvable
        No choice serves all who can be served, or none was found in time.
    BadInput
        More new sites than candidates, no limit where coverage needs one, people or capacities below 0, people not
        whole where capacities are given, roads and travel times at once.
    EmptyLayer
        No candidates, or no place with people.

    Notes
    -----
    All programs are exact, by HiGHS. p-median: min Σ wᵢθᵢ over whole y with Σ y ≤ p, where θᵢ ≥ r − Σ max(0, r − dᵢⱼ)yⱼ
    are added as cuts where they are broken, first in the relaxed program, from the answer of exchanging sites pairwise;
    sites whose reduced cost exceeds what is left between answer and bound are fixed. Coverage: places within reach of
    the same sites are one group. With capacities people of one place may go to several sites, whole persons at the
    least time together. Places that no site can reach are told and do not count. Twenty thousand places and a hundred
    sites take seconds; p-median with capacities has a variable for every pair and suits some thousands of pairs. Not
    split: the choice is one.

    References
    ----------
    Hakimi 1964; Toregas et al. 1971 (set cover); Church and ReVelle 1974 (maximum coverage); Teitz and Bart 1968;
    Duran-Mateluna, Alès and Elloumi 2023 (cuts for the p-median); Beasley 1990 (OR-Library).

    Examples
    --------
    >>> at = lambda *xs: gpd.GeoDataFrame(geometry=[shapely.Point(5e5 + x, 33e5) for x in xs], crs=4549)
    >>> points = at(0, 1, 2, 8, 9, 15)
    >>> answer = locate_facilities(points, points, number=3, walking=0.06)  # a metre a minute
    >>> answer.sites.loc[answer.sites["decision"] == "chosen", "site"].tolist()
    ['1', '4', '5']
    >>> answer.solution[["objective", "bound", "status"]].to_numpy().tolist()
    [[3.0, 3.0, 'optimal']]
    """
    _check(demand, candidates, roads, travel, goal, number, limit)
    weights = people_of(demand, people)
    shapes = shapes_of(candidates) if existing is None else np.concatenate([shapes_of(existing), shapes_of(candidates)])
    both = gpd.GeoDataFrame(geometry=shapely.centroid(shapes), crs=candidates.crs)
    names = labels_of(candidates) if existing is None else np.concatenate([labels_of(existing), labels_of(candidates)])
    old = 0 if existing is None else len(existing)
    if travel is not None:
        columns = (travel_place, travel_site, travel_minutes)
        ways = table_ways(travel, columns, labels_of(demand), names)
    elif roads is None:
        ways = straight_ways(demand, both, walking)
    else:
        network = road_network(roads, barriers, speed=speed, road_speed=road_speed, direction=direction)
        doors, places = doors_of(network, both, max_snap), doors_of(network, demand, max_snap)
        tell_longest_snap(doors, places)
        tell_off_network(doors, names, "facilities and candidates")
        minutes = minutes_by_road(network, doors, places, walking=walking, reverse=towards == "facility").T
        ways = Ways(minutes, doors.distance_m, places.distance_m)
    progress(0.3, "choosing")
    rooms = [np.full(0, np.inf)] if existing is None else [room_of(existing, existing_capacity, "existing")]
    room = np.concatenate([*rooms, room_of(candidates, capacity, "candidates")])
    if np.isfinite(room).any() and (weights != np.rint(weights)).any():
        raise BadInput(f"demand: {people!r} has parts of people, whole ones are needed with capacities; round them")
    prices = np.concatenate([np.zeros(old), prices_of(candidates, price)])
    kept = np.arange(len(room)) < old
    near = ways.minutes if limit is None else np.where(ways.minutes <= limit + 1e-9, ways.minutes, np.inf)
    choice = _choose(goal, near, weights, Sites(kept, room, prices), number, target_share, gap, time_limit)
    opened = kept | choice.chosen
    progress(0.9, "who goes where")
    pairs = _assign(near, weights, room, opened)
    served = np.asarray(np.bincount(pairs["row"], pairs["people"], len(demand)), dtype=np.float64)
    places_frame = place_frame(demand, weights, served, ways, near, pairs, opened, old, names)
    sites_frame = site_frame(both, names, old, opened, room, prices, ways, pairs, len(candidates))
    assignment = pd.DataFrame(
        {
            "place": places_frame["place"].to_numpy()[pairs["row"]],
            "site": names[pairs["column"]],
            "people": pairs["people"],
            "minutes": pairs["minutes"],
        }
    ).astype(ASSIGNMENT)
    solution = solution_table(goal, choice, weights, served, pairs)
    report(solution, places_frame, choice)
    return FacilityLocation(sites_frame, places_frame, assignment, solution)


def _check(
    demand: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    roads: gpd.GeoDataFrame | None,
    travel: pd.DataFrame | None,
    goal: Goal,
    number: int,
    limit: float | None,
) -> None:
    if not len(candidates) or not len(demand):
        empty = "candidates" if not len(candidates) else "demand"
        raise EmptyLayer(f"{empty}: the layer has no feature, at least one is needed; check the layer or its filter")
    if goal != "set-cover" and number > len(candidates):
        raise BadInput(f"number: {number} new sites were asked for of {len(candidates)} candidates; ask for fewer")
    if goal != "p-median" and limit is None:
        raise BadInput(f"limit: none was given, {goal} needs the longest time; give minutes")
    if roads is not None and travel is not None:
        raise BadInput("travel: times and roads were both given, one of them is needed; leave the other out")


def _choose(
    goal: Goal,
    near: Floats,
    weights: Floats,
    sites: Sites,
    number: int,
    share: float,
    gap: float,
    time_limit: float,
) -> Choice:
    asked = (weights > 0) & np.isfinite(near).any(axis=1)
    if not asked.any():
        return Choice(np.zeros(len(sites.kept), dtype=bool), 0.0, 0.0, 0.0, True)
    cost, weight = near[asked], weights[asked]
    if goal == "maximum-coverage":
        return cover_most(np.isfinite(cost), weight, sites, number, gap, time_limit)
    if goal == "set-cover":
        return cover_set(np.isfinite(cost), weight, sites, share, gap, time_limit)
    if np.isfinite(sites.room).any():
        return median_with_room(cost, weight, sites, number, gap, time_limit)
    fallback = cost[:, sites.kept].min(axis=1, initial=np.inf)
    found = p_median(cost[:, ~sites.kept], weight, fallback, number, gap, time_limit)
    chosen = np.zeros(len(sites.kept), dtype=bool)
    chosen[~sites.kept] = found.chosen
    return found._replace(chosen=chosen)


def _assign(near: Floats, weights: Floats, room: Floats, opened: NDArray[np.bool_]) -> dict[str, Any]:
    """Who goes where: to the nearest, or by the least time together where room is limited."""
    columns = np.flatnonzero(opened)
    if not len(columns):
        nothing = np.zeros(0, dtype=np.int64)
        return {"row": nothing, "column": nothing, "people": np.zeros(0), "minutes": np.zeros(0)}
    cost = near[:, columns]
    if np.isfinite(room[columns]).any():
        whole = np.rint(weights).astype(np.int64)
        rooms = np.where(np.isfinite(room[columns]), room[columns], whole.sum()).astype(np.int64)
        found = allocate(whole, rooms, cost.T)
        row, column, people = found.origin, columns[found.place], found.people.astype(np.float64)
    else:
        row = np.flatnonzero(np.isfinite(cost).any(axis=1))
        column, people = columns[np.argmin(cost[row], axis=1)], weights[row]
    return {"row": row, "column": column, "people": people, "minutes": near[row, column]}
