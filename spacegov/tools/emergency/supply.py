"""What reaches a zone: the nearest hospital, supply point and checkpoint by road, and buildings beyond the limit."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from spacegov.checks import checked
from spacegov.kernels.network import Network, Snapped
from spacegov.kinds import ColumnOf, Features, Lines, Metres, Minutes, Polygons, name_of
from spacegov.ledger import doubt, figure
from spacegov.tools.emergency._zoning import strictest
from spacegov.tools.overlay import shapes_of
from spacegov.tools.reach import (
    Speed,
    doors_of,
    nearest_by_road,
    road_network,
    tell_longest_snap,
    tell_off_network,
)
from spacegov.tools.values import amounts_of, column_among, labels_of

_BUILDING_COLUMNS = {
    "building": "str",
    "zone_id": "str",
    "facility_kind": "str",
    "answer": "str",
    "facility": "str",
    "minutes": "float64",
    "reason": "str",
    "snap_m": "float64",
    "people": "float64",
}
_FACILITY_COLUMNS = {
    "facility": "str",
    "facility_kind": "str",
    "answer": "str",
    "buildings": "int64",
    "snap_m": "float64",
}
_ZONE_COLUMNS = {
    "zone_id": "str",
    "facility_kind": "str",
    "buildings": "int64",
    "beyond": "int64",
    "off_network": "int64",
    "people": "float64",
    "people_beyond": "float64",
    "nearest": "str",
    "minutes_nearest": "float64",
    "minutes_median": "float64",
    "minutes_farthest": "float64",
}


class SupplyAccess(NamedTuple):
    """Answer of `check_supply_access`."""

    buildings: gpd.GeoDataFrame
    zones: pd.DataFrame
    facilities: gpd.GeoDataFrame


@checked(partition=None)
def check_supply_access(
    zones: Polygons,
    buildings: Features,
    facilities: list[Features],
    roads: Lines,
    blocked: Features | None = None,
    *,
    limit: Minutes = 15.0,
    zone_id: Annotated[str | None, ColumnOf("zones")] = None,
    rank: Annotated[str | None, ColumnOf("zones", numeric=True)] = None,
    strictest_rank: Annotated[int, Field(ge=1)] = 2,
    people: Annotated[str | None, ColumnOf("buildings", numeric=True)] = None,
    speed: Speed = 30.0,
    road_speed: Annotated[str | None, ColumnOf("roads", numeric=True)] = None,
    direction: Annotated[str | None, ColumnOf("roads")] = None,
    walking: Speed = 4.0,
    max_snap: Metres = 200.0,
) -> SupplyAccess:
    """Find the nearest facility of each kind for the buildings of a zone, and those it does not reach in time.

    Parameters
    ----------
    zones
        Zones.
    buildings
        Buildings.
    facilities
        A layer for each kind: hospitals, supply points, checkpoints.
    roads
        The network; lines join where they share a vertex.
    blocked
        What closes roads.
    limit
        Longest time from the facility.
    zone_id, rank
        Columns of the zones; 1 is strictest. Without a name these are `zone_id` and `rank` where there are such
        columns, else zones go by their names and are all of rank 1.
    strictest_rank
        Zones of this rank and stricter ones are asked about.
    people
        Column of the people in a building.
    speed
        Speed of supply on the road; `road_speed` names a column with the speed of each road instead, km/h.
    road_speed, direction
        Columns of the roads.
    walking
        Speed between a road and a door.
    max_snap
        Distance from a road beyond which a place is off the network.

    Returns
    -------
    buildings : GeoDataFrame
        A row for each building of these zones and each kind of facility: building, zone_id, facility_kind,
        answer (`present` within the limit, `absent` beyond, `failed` off the network or without a way), facility (the
        nearest), minutes, reason (`off_network`, `no_way`), snap_m (m to the road), people
    zones : DataFrame
        zone_id, facility_kind, buildings, beyond, off_network, people, people_beyond, nearest (facility that serves the
        most buildings), minutes_nearest, minutes_median, minutes_farthest
    facilities : GeoDataFrame
        A row for each facility, kind by kind in their order: facility, facility_kind, answer (`present` on the network,
        `failed` off it, where it serves nobody), buildings (asked about, for which it is the nearest), snap_m (m to the
        road)

    Raises
    ------
    EmptyLayer
        Roads without a line.
    BadInput
        Speeds that are not positive, people below zero, or every road closed.

    Notes
    -----
    Times run from door to door, from the facility to the building, one-way roads included, by one search from all
    facilities of a kind. A building off the network is `failed`, never far. Distances to the road are given, of
    facilities too. Not split over machines, since every part would need the whole network.

    References
    ----------
    Dijkstra 1959; supply standards for closed zones are the steward's: the limit is an option.

    Examples
    --------
    >>> import shapely
    >>> line = lambda *xs: shapely.LineString([(500000 + x, 3200000) for x in xs])
    >>> frame = lambda shapes, **columns: gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4549")
    >>> area = frame([shapely.box(499990, 3199990, 503000, 3200010)], zone_id=["c-1"], rank=[1])
    >>> at = lambda x: shapely.Point(500000 + x, 3200000)
    >>> answer = check_supply_access(area, frame([at(1000), at(2500)]), [frame([at(0)])], frame([line(0, 3000)]),
    ...                              limit=4.0)
    >>> answer.buildings[["building", "answer", "minutes"]].to_numpy().tolist()
    [['0', 'present', 2.0], ['1', 'absent', 5.0]]
    """
    zone_id, rank = zone_id or column_among(zones, ("zone_id",)), rank or column_among(zones, ("rank",))
    ranks = np.ones(len(zones), dtype=np.int64) if rank is None else zones[rank].to_numpy()
    names = labels_of(zones) if zone_id is None else zones[zone_id].astype(str).to_numpy()
    order = np.argsort(ranks, kind="stable")
    asked_zones = gpd.GeoDataFrame({"rank": ranks[order]}, geometry=zones.geometry.to_numpy()[order], crs=zones.crs)
    home = strictest(buildings.geometry.to_numpy(), asked_zones)
    ranks = np.append(asked_zones["rank"].to_numpy(dtype=np.int64), np.iinfo(np.int64).max)
    asked = np.flatnonzero(ranks[home] <= strictest_rank)
    ids = names[order]
    network = road_network(roads, blocked, speed=speed, road_speed=road_speed, direction=direction)
    doors = doors_of(network, buildings.iloc[asked], max_snap)
    names = labels_of(buildings)[asked]
    starts = [doors_of(network, layer, max_snap) for layer in facilities]
    tell_longest_snap(doors, *starts)
    found = [
        _reach(network, layer, f"facilities {number}", start, names, doors, limit, walking)
        for number, (layer, start) in enumerate(zip(facilities, starts, strict=True), start=1)
    ]
    tables, places = zip(*found, strict=True)
    rows = pd.concat(tables, ignore_index=True)
    rows["zone_id"] = np.tile(ids[home[asked]], len(facilities))
    chosen = buildings.iloc[asked]
    values = amounts_of(chosen, people, "buildings", "people") if people else np.full(len(asked), np.nan)
    rows["people"] = np.tile(values, len(facilities))
    shapes = np.tile(buildings.geometry.to_numpy()[asked], len(facilities))
    frame = gpd.GeoDataFrame(
        rows[list(_BUILDING_COLUMNS)].astype(_BUILDING_COLUMNS),
        geometry=gpd.GeoSeries(shapes, crs=buildings.crs),
        crs=buildings.crs,
    )
    table = _by_zone(frame)
    _report(frame, table)
    return SupplyAccess(frame, table, pd.concat(places, ignore_index=True))


def _reach(
    network: Network,
    layer: gpd.GeoDataFrame,
    default: str,
    start: Snapped,
    buildings: NDArray[Any],
    doors: Snapped,
    limit: float,
    walking: float,
) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Give what a kind of facility is to each building, and the facilities."""
    name = name_of(layer, default)
    names = labels_of(layer)
    tell_off_network(start, names, name)
    nearest, total = nearest_by_road(network, start, doors, walking=walking, reverse=False)
    served = nearest >= 0
    table = pd.DataFrame(
        {
            "building": buildings,
            "facility_kind": name,
            "answer": np.select([~served, total <= limit + 1e-9], ["failed", "present"], "absent"),
            "facility": np.where(served, names[np.maximum(nearest, 0)] if len(layer) else "", ""),
            "minutes": np.where(served, total, np.nan),
            "reason": np.select([served, ~doors.on], ["", "off_network"], "no_way"),
            "snap_m": np.where(doors.on, doors.distance_m, np.nan),
        }
    )
    places = pd.DataFrame(
        {
            "facility": names,
            "facility_kind": name,
            "answer": np.where(start.on, "present", "failed"),
            "buildings": np.bincount(nearest[served], minlength=len(layer)),
            "snap_m": np.where(start.on, start.distance_m, np.nan),
        }
    ).astype(_FACILITY_COLUMNS)
    return table, gpd.GeoDataFrame(places, geometry=shapes_of(layer), crs=layer.crs)


def _by_zone(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for (zone, kind), group in pd.DataFrame(frame.drop(columns="geometry")).groupby(["zone_id", "facility_kind"]):
        reached = group[group["facility"] != ""]
        beyond = group[group["answer"] != "present"]
        often = reached["facility"].value_counts().sort_index().sort_values(ascending=False, kind="stable")
        rows.append(
            {
                "zone_id": zone,
                "facility_kind": kind,
                "buildings": len(group),
                "beyond": int((group["answer"] == "absent").sum()),
                "off_network": int((group["answer"] == "failed").sum()),
                "people": group["people"].sum(min_count=1),
                "people_beyond": beyond["people"].sum(min_count=1) if len(beyond) else 0.0,
                "nearest": str(often.index[0]) if len(often) else "",
                "minutes_nearest": reached["minutes"].min(),
                "minutes_median": reached["minutes"].median(),
                "minutes_farthest": reached["minutes"].max(),
            }
        )
    return pd.DataFrame(rows, columns=list(_ZONE_COLUMNS)).astype(_ZONE_COLUMNS)


def _report(frame: gpd.GeoDataFrame, table: pd.DataFrame) -> None:
    figure("buildings_asked", int(frame["building"].nunique()))
    late = frame[frame["answer"] == "absent"]
    figure("buildings_beyond", int(late["building"].nunique()))
    figure("buildings_failed", int(frame.loc[frame["answer"] == "failed", "building"].nunique()))
    figure("people_beyond", float(late.drop_duplicates("building")["people"].sum()))
    figure("longest_minutes", float(frame["minutes"].max()) if frame["minutes"].notna().any() else 0.0)
    figure("zones_asked", int(table["zone_id"].nunique()))
    failed = frame[frame["answer"] == "failed"]
    if len(failed):
        kinds = ", ".join(f"{kind} ({number})" for kind, number in failed["facility_kind"].value_counts().items())
        doubt(f"{failed['building'].nunique()} buildings have no way to a facility or lie off the network", kinds)
