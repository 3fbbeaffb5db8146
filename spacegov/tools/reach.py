"""Ways by road from door to door, and the part of a network within reach of a place.

Every tool that asks for ways prepares them here, so that a road closed, a one-way street or a place off the road means
one thing in all of them. Times are in minutes. Places enter the network where they stand, on the nearest road that is
open; the way between a door and the road is walked, and counts on both ends. Polygons count by their centroid.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pydantic import Field

from spacegov.errors import BadInput
from spacegov.kernels.network import Network, Snapped, build_network
from spacegov.kinds import name_of
from spacegov.ledger import doubt, figure
from spacegov.tools.conditions import column_of
from spacegov.tools.overlay import shapes_of

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Speed = Annotated[float, Field(gt=0, json_schema_extra={"unit": "km/h"})]


def road_network(
    roads: gpd.GeoDataFrame,
    barriers: gpd.GeoDataFrame | None,
    *,
    speed: float,
    road_speed: str | None = None,
    direction: str | None = None,
) -> Network:
    """Make a network whose costs are minutes, roads that a barrier meets closed.

    Parameters
    ----------
    roads : GeoDataFrame
        Lines.
    barriers : GeoDataFrame or None
        What closes roads.
    speed : float
        km/h, for all roads.
    road_speed, direction : str, optional
        Columns of the roads: the speed of each instead, its direction.

    Raises
    ------
    BadInput
        Every road is closed.
    """
    network = build_network(
        roads,
        speed_kmh=speed if road_speed is None else roads[road_speed].to_numpy(),
        direction=None if direction is None else roads[direction].to_numpy(),
    )
    if barriers is None or not len(barriers):
        return network
    closed = network.meets(barriers.geometry, tolerance=0.05)
    figure("blocked_length_m", float(network.length_m[closed].sum()))
    if closed.all():
        raise BadInput(f"{name_of(barriers, 'barriers')}: every road is closed; give what closes only some of them")
    return network.block(closed)


def doors_of(network: Network, places: gpd.GeoDataFrame, max_snap: float) -> Snapped:
    """Put places on the network."""
    return network.snap(shapely.centroid(shapes_of(places)), max_snap)


def tell_off_network(places: Snapped, names: Any, what: str) -> None:
    """Tell of facilities that no open road is near enough to, the first five by name.

    Parameters
    ----------
    places : Snapped
        Where they enter the network.
    names : array of str
        Of the places.
    what : str
        What the places are.
    """
    off = np.flatnonzero(~places.on)
    if len(off):
        listed = ", ".join(str(name) for name in names[off[:5]])
        doubt(
            f"{len(off)} of {len(places)} {what} lie off the network and serve nobody",
            listed + (" …" if len(off) > 5 else ""),
        )


def tell_longest_snap(*groups: Snapped) -> None:
    """Tell the longest way between a place on the network and its road."""
    metres = np.concatenate([places.distance_m[places.on] for places in groups])
    figure("longest_snap_m", float(metres.max(initial=0.0)))


def walked(places: Snapped, speed: float) -> Floats:
    """Minutes between door and road, at km/h; 0 off the network."""
    return np.where(places.on, places.distance_m, 0.0) * 0.06 / speed


def nearest_by_road(
    network: Network, places: Snapped, doors: Snapped, *, walking: float, reverse: bool
) -> tuple[Indices, Floats]:
    """Give for each door the place that is nearest from door to door, -1 where none is, and the minutes.

    Parameters
    ----------
    network : Network
        Costs in minutes.
    places, doors : Snapped
        From where, and to where.
    walking : float
        km/h between door and road.
    reverse : bool
        Ways from the doors to the places instead.
    """
    place, minutes = network.nearest(places, doors, reverse=reverse, start=walked(places, walking))
    return place, minutes + walked(doors, walking)


def minutes_by_road(network: Network, places: Snapped, doors: Snapped, *, walking: float, reverse: bool) -> Floats:
    """Give the minutes from every place to every door, infinite where there is no way: (places, doors)."""
    minutes = network.costs(places, doors, reverse=reverse)
    minutes += walked(places, walking)[:, None] + walked(doors, walking)[None, :]
    return minutes


class WaysByRoad:
    """Minutes to facilities over several networks, each made once.

    Parameters
    ----------
    max_snap : float
        Metres from a road beyond which a place is off it.
    walking : float
        km/h between a road and a door.
    """

    def __init__(self, max_snap: float, walking: float) -> None:
        self.max_snap, self.walking = max_snap, walking
        self._networks: dict[tuple[str, float | str | None], Network] = {}

    def minutes(
        self, name: str, roads: gpd.GeoDataFrame, speed: float | str | None, facilities: Any, points: Any
    ) -> tuple[Floats, int]:
        """Give the minutes from points to the nearest facility, and how many points are off the network.

        Parameters
        ----------
        name : str
            Of the roads.
        roads : GeoDataFrame
            Lines.
        speed : float or str
            km/h, or the column of the roads that holds it; walked without.
        facilities, points : array of shapely geometries
            Facilities that are lines or polygons are entered anywhere along their edge.
        """
        key = (name, speed)
        if key not in self._networks:
            column = column_of(roads, speed, name).name if isinstance(speed, str) else None
            self._networks[key] = road_network(
                roads, None, speed=speed if isinstance(speed, float) else self.walking, road_speed=column
            )
        network = self._networks[key]
        places, doors = network.snap(entrances(facilities), self.max_snap), network.snap(points, self.max_snap)
        _, minutes = nearest_by_road(network, places, doors, walking=self.walking, reverse=True)
        return minutes, int((~doors.on).sum())


def entrances(shapes: Any) -> Any:
    """Where facilities are entered: points as they are, lines and polygons along their edge, every 100 m."""
    kinds = shapely.get_dimensions(shapes)
    edges = np.where(kinds == 2, shapely.boundary(shapes), shapes)
    along = shapely.points(shapely.get_coordinates(shapely.segmentize(edges[kinds > 0], 100.0)))
    return np.concatenate([shapely.centroid(shapes[kinds == 0]), along])


def reached_lines(
    network: Network, places: Snapped, limit: float, start: Floats, *, reverse: bool
) -> Iterator[tuple[int, Any]]:
    """Go through the places with the lines each reaches: (place, array of shapely LineString).

    Parameters
    ----------
    network : Network
        Costs in the unit of the limit.
    places : Snapped
        Places; those off the network reach nothing.
    limit : float
        Cost, the way to the network included.
    start : array of float64
        Cost of the way from each place to the network.
    reverse : bool
        Ways to the place instead of from it.
    """
    on = np.flatnonzero(places.on)
    # what it costs to go along an edge away from its tail, and away from its head
    from_tail, from_head = (network.backward, network.forward) if reverse else (network.forward, network.backward)
    for number, nodes, costs in network.reached(places.take(on), limit, reverse=reverse):
        place = int(on[number])
        left = np.full(len(network.nodes), -np.inf)
        left[nodes] = limit - start[place] - costs
        ahead, back = _share(left[network.tail], from_tail), _share(left[network.head], from_head)
        own, at, rest = int(places.edge[place]), float(places.share[place]), limit - float(start[place])
        pieces = [_cut(network.shapes, ahead, back)]
        if rest >= 0:
            begin = at - float(_share(np.array([rest]), from_head[[own]])[0]) if at > 0 else at
            end = at + float(_share(np.array([rest]), from_tail[[own]])[0]) if at < 1 else at
            pieces.append(_part(network.shapes[[own]], np.array([max(begin, 0.0)]), np.array([min(end, 1.0)])))
        yield place, np.concatenate(pieces)


def _share(left: Floats, cost: Floats) -> Floats:
    """Share of an edge that what is left pays for, 0 to 1."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(cost > 0, left / cost, np.where(left >= 0, 1.0, 0.0))
    return np.asarray(np.clip(np.nan_to_num(share, nan=0.0), 0.0, 1.0))


def _cut(shapes: Any, ahead: Floats, back: Floats) -> Any:
    whole = ahead + back >= 1
    head = np.flatnonzero(~whole & (back > 0))
    tail = np.flatnonzero(~whole & (ahead > 0))
    return np.concatenate(
        [
            shapes[whole],
            _part(shapes[tail], np.zeros(len(tail)), ahead[tail]),
            _part(shapes[head], 1 - back[head], np.ones(len(head))),
        ]
    )


def _part(shapes: Any, begin: Floats, end: Floats) -> Any:
    from shapely.ops import substring

    parts = [
        substring(shape, first, last, normalized=True)
        for shape, first, last in zip(shapes, begin.tolist(), end.tolist(), strict=True)
        if last > first
    ]
    lines = np.empty(len(parts), dtype=object)
    lines[:] = parts
    return lines
