"""Roads between settlements: cheapest ways over the relief that join each other, drawn as one connected network."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from spacegov.synthetic.admin import Units, coarse, steps
from spacegov.synthetic.frame import Floats, Ints, noise, to_millimetres
from spacegov.synthetic.settlements import STREET_WIDTH, Settlement
from spacegov.synthetic.terrain import Terrain

RANKS = ("national", "provincial", "county", "township", "village")
WIDTH = {"national": 24.0, "provincial": 16.0, "county": 11.0, "township": 8.0, "village": 5.0, **STREET_WIDTH}
LANES = {"national": 4, "provincial": 2, "county": 2, "township": 2, "village": 1, "main": 4, "side": 2, "lane": 1}
SPEED = {
    "national": 80,
    "provincial": 60,
    "county": 50,
    "township": 40,
    "village": 30,
    "main": 50,
    "side": 30,
    "lane": 20,
}


@dataclass(frozen=True)
class Road:
    """A stretch of road between two junctions."""

    line: Any
    rank: str
    bridge: bool
    settlement: int
    axis: int
    number: int


def build_roads(
    random: np.random.Generator, terrain: Terrain, units: Units, places: list[Settlement], water: Any, lakes: Any
) -> list[Road]:
    """Lay the roads between all settlements and to the neighbouring counties, and add the streets.

    Parameters
    ----------
    random
        Source of randomness.
    terrain, units, places
        Relief, administrative units and settlements.
    water
        Polygons of the river surface, for bridges.
    lakes
        Polygons of standing water, which roads go round.

    Returns
    -------
    list of Road
        One connected network; lines meet in equal coordinates.
    """
    grid = units.grid
    slope = coarse(terrain.slope, 2)
    area = coarse(terrain.catchment_km2, 2)
    cost = (1 + (slope / 3.5) ** 1.8) * np.exp(0.55 * noise(random, grid.shape, 22, 4))
    cost += 10.0 * (area > 6) + 60.0 * (area > 300) + 1.5 * (coarse(terrain.above_river, 2) < 1)
    x, y = grid.centres()
    for lake in lakes:
        west, south, east, north = lake.bounds
        near = (x > west - 100) & (x < east + 100) & (y > south - 100) & (y < north + 100)
        cost[near] += 400.0 * shapely.contains_xy(shapely.buffer(lake, 60), x[near], y[near])
    ranks = _plan(grid, cost, units, places)
    chains = _chains(ranks)
    shapes = [(_smooth(np.array(chain), grid), rank) for chain, rank in chains]
    roads = _meet_streets(shapes, places, units.county_shape)
    tree = shapely.STRtree(water)
    lines = np.array([line for line, _ in roads], dtype=object)
    wet = np.zeros(len(lines), dtype=bool)
    wet[np.unique(tree.query(lines, predicate="intersects")[0])] = True
    network = [Road(line, RANKS[rank], bool(over), -1, 0, -1) for (line, rank), over in zip(roads, wet, strict=True)]
    for place in places:
        network += [
            Road(shapely.LineString(s.ends), s.rank, s.bridge, place.number, s.axis, s.line) for s in place.streets
        ]
    return _largest_part(network)


def _plan(grid: Any, cost: Floats, units: Units, places: list[Settlement]) -> dict[tuple[int, int], int]:
    """Steps between cells that carry a road, with the rank of the best road on them."""
    from scipy.sparse.csgraph import dijkstra

    everywhere = np.ones(grid.shape, dtype=bool)
    ranks: dict[tuple[int, int], int] = {}
    cost = cost.copy()
    seats = [int(units.village_seats[p.village] @ np.array([grid.columns, 1])) for p in places]
    towns = seats[:9]
    ends = {
        name: int(r * grid.rows) * grid.columns + min(int(c * grid.columns), grid.columns - 1)
        for name, (r, c) in {
            "west": (0.42, 0),
            "east": (0.52, 1),
            "north": (0.01, 0.80),
            "south": (0.99, 0.62),
            "south-west": (0.86, 0.0),
            "south-east": (0.80, 1),
            "north-west": (0.0, 0.22),
        }.items()
    }
    middle = np.array([divmod(t, grid.columns) for t in towns])
    gap = np.hypot(*(middle[:, None] - middle[None]).transpose(2, 0, 1))
    links = [
        (towns[0], ends["west"], 0),
        (towns[0], ends["east"], 0),
        (towns[0], ends["north"], 1),
        (towns[0], ends["south"], 1),
    ]
    links += [(towns[0], town, 2) for town in towns[1:]]
    links += [
        (towns[a], towns[b], 2)
        for a in range(1, 9)
        for b in range(a + 1, 9)
        if b in np.argsort(gap[a], kind="stable")[1:4]
    ]
    links += [
        (towns[int(np.argmin(np.abs(np.array(towns) - ends[e])))], ends[e], 3)
        for e in ("south-west", "south-east", "north-west")
    ]

    def mark(path: list[int], rank: int) -> None:
        for a, b in itertools.pairwise(path):
            step = (a, b) if a < b else (b, a)
            ranks[step] = min(rank, ranks.get(step, 9))
        used = np.array(path)
        flat = cost.ravel()
        fresh = used[~done[used]]
        flat[fresh] *= 0.3
        done[used] = True

    done = np.zeros(cost.size, dtype=bool)
    for start, end, rank in links:
        _, before = dijkstra(
            steps(cost, everywhere, grid.cell), directed=False, indices=start, return_predecessors=True
        )
        path = [end]
        while path[-1] != start:
            path.append(int(before[path[-1]]))
        mark(path, rank)
    for round_seats, rank in ((seats[9::3], 3), (seats[9:], 4)):
        _, before, _ = dijkstra(
            steps(cost, everywhere, grid.cell),
            directed=False,
            indices=np.flatnonzero(done),
            min_only=True,
            return_predecessors=True,
        )
        for seat in round_seats:
            path = [seat]
            while before[path[-1]] >= 0:
                path.append(int(before[path[-1]]))
            mark(path, rank)
    _link_neighbours(cost, grid, seats, mark)
    return ranks


def _link_neighbours(cost: Floats, grid: Any, seats: list[int], mark: Any) -> None:
    """Ways between villages that lie side by side."""
    from scipy.sparse.csgraph import dijkstra

    place = np.array([divmod(seat, grid.columns) for seat in seats])
    gap = np.hypot(*(place[:, None] - place[None]).transpose(2, 0, 1))
    done: set[tuple[int, int]] = set()
    for a in range(9, len(seats)):
        for b in np.argsort(gap[a], kind="stable")[1:3].tolist():
            pair = (min(a, b), max(a, b))
            if pair in done or gap[a, b] * grid.cell > 3_200:
                continue
            done.add(pair)
            top, left = np.maximum(np.minimum(place[a], place[b]) - 20, 0)
            bottom, right = np.minimum(np.maximum(place[a], place[b]) + 21, cost.shape)
            part = cost[top:bottom, left:right]
            ends = [int((place[k][0] - top) * part.shape[1] + place[k][1] - left) for k in (a, b)]
            graph = steps(part, np.ones(part.shape, dtype=bool), grid.cell)
            _, before = dijkstra(graph, directed=False, indices=ends[0], return_predecessors=True)
            path = [ends[1]]
            while path[-1] != ends[0]:
                path.append(int(before[path[-1]]))
            rows, columns = np.divmod(np.array(path), part.shape[1])
            mark(((rows + top) * grid.columns + columns + left).tolist(), 4)


def _chains(ranks: dict[tuple[int, int], int]) -> list[tuple[list[int], int]]:
    """Runs of cells between junctions, ends and changes of rank."""
    beside: dict[int, list[int]] = {}
    for a, b in sorted(ranks):
        beside.setdefault(a, []).append(b)
        beside.setdefault(b, []).append(a)

    def rank(a: int, b: int) -> int:
        return ranks[(a, b) if a < b else (b, a)]

    def is_node(cell: int) -> bool:
        near = beside[cell]
        return len(near) != 2 or rank(cell, near[0]) != rank(cell, near[1])

    used: set[tuple[int, int]] = set()
    chains: list[tuple[list[int], int]] = []
    for start in sorted(beside):
        if not is_node(start):
            continue
        for second in beside[start]:
            if (min(start, second), max(start, second)) in used:
                continue
            chain = [start, second]
            used.add((min(start, second), max(start, second)))
            while not is_node(chain[-1]):
                following = next(c for c in beside[chain[-1]] if c != chain[-2])
                used.add((min(chain[-1], following), max(chain[-1], following)))
                chain.append(following)
            chains.append((chain, rank(start, second)))
    return chains


def _smooth(cells: Ints, grid: Any) -> Floats:
    from scipy.ndimage import gaussian_filter1d

    row, column = np.divmod(cells, grid.columns)
    points = np.column_stack([grid.west + (column + 0.5) * grid.cell, grid.north - (row + 0.5) * grid.cell])
    if len(points) > 4:
        pad = min(len(points) - 1, 10)
        extended = np.vstack([2 * points[0] - points[pad:0:-1], points, 2 * points[-1] - points[-2 : -pad - 2 : -1]])
        ends = points[[0, -1]]
        points = gaussian_filter1d(extended, 2.4, axis=0, mode="nearest")[pad:-pad]
        points[[0, -1]] = ends  # a short run is not mirrored far enough to keep them by itself
        points = points[np.unique(np.r_[0, np.arange(0, len(points) - 1, 2), len(points) - 1])]
    return to_millimetres(points)


def _meet_streets(shapes: list[tuple[Floats, int]], places: list[Settlement], county: Any) -> list[tuple[Any, int]]:
    """Roads end at the nearest crossing of the settlements they enter, and at the county's border."""
    grounds = np.array([p.ground for p in places], dtype=object)
    nodes = [np.unique(np.vstack([s.ends for s in p.streets]), axis=0) for p in places]
    tree = shapely.STRtree(grounds)
    seats = {tuple(to_millimetres(p.centre).tolist()): p.number for p in places}
    shapely.prepare(county)
    result: list[tuple[Any, int]] = []

    def snap(place: int, point: Floats) -> Floats:
        return np.asarray(nodes[place][np.argmin(np.hypot(*(nodes[place] - point).T))])

    for points, rank in shapes:
        line = shapely.LineString(points)
        hit = np.sort(tree.query(line, predicate="intersects"))
        rest = shapely.difference(line, shapely.union_all(grounds[hit])) if len(hit) else line
        for part in shapely.get_parts(shapely.intersection(rest, county)):
            if part.geom_type != "LineString" or part.length < 1:
                continue
            chain = shapely.get_coordinates(part)
            touched = []
            for end in (0, -1):
                point = shapely.Point(chain[end])
                touching = [int(h) for h in hit if grounds[h].distance(point) < 1e-6]
                seat = seats.get(tuple(np.round(chain[end], 3).tolist()))
                if touching or seat is not None:
                    place = touching[0] if touching else seat
                    assert place is not None
                    touched.append(place)
                    chain[end] = snap(place, chain[end])
            if len(touched) == 2 and touched[0] == touched[1] and part.length < 250:
                continue
            chain = to_millimetres(chain)
            chain = chain[np.r_[True, np.any(np.diff(chain, axis=0) != 0, axis=1)]]
            if len(chain) > 1:
                result.append((shapely.LineString(chain), rank))
    return result


def _largest_part(network: list[Road]) -> list[Road]:
    """The roads that can be reached from each other; what a river or the border has cut off is left out."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    first = np.round(shapely.get_coordinates(shapely.get_point([r.line for r in network], 0)), 3)
    last = np.round(shapely.get_coordinates(shapely.get_point([r.line for r in network], -1)), 3)
    _, index = np.unique(np.vstack([first, last]), axis=0, return_inverse=True)
    index = index.ravel()
    a, b = index[: len(network)], index[len(network) :]
    size = int(index.max()) + 1
    _, label = connected_components(coo_array((np.ones(len(a)), (a, b)), shape=(size, size)), directed=False)
    best = int(np.argmax(np.bincount(label[a])))
    return [road for road, part in zip(network, label[a], strict=True) if part == best]
