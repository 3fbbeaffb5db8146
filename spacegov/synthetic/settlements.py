"""Towns and villages: where they lie, their streets, and the blocks between the streets."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from spacegov.synthetic.admin import Units, coarse, steps
from spacegov.synthetic.frame import Floats, Ints, Mask, to_millimetres
from spacegov.synthetic.terrain import Terrain

STREET_WIDTH = {"main": 28.0, "side": 14.0, "lane": 5.0}


@dataclass(frozen=True)
class Kind:
    """How a kind of settlement is laid out: spacing of its streets in metres, and their classes."""

    name: str
    along: tuple[float, float]
    across: tuple[float, float]
    main_every: int
    main: str
    side: str
    warp: float
    merge: float


KINDS = {
    "city": Kind("city", (150.0, 250.0), (120.0, 190.0), 4, "main", "side", 90.0, 0.16),
    "town": Kind("town", (105.0, 175.0), (85.0, 125.0), 5, "main", "side", 35.0, 0.14),
    "village": Kind("village", (60.0, 105.0), (43.0, 52.0), 99, "lane", "lane", 10.0, 0.10),
}


@dataclass
class Block:
    """Ground between streets; `bottom` and `top` are its southern and northern side from west to east."""

    settlement: int
    bottom: Floats
    top: Floats
    column: int
    row: int
    use: str = ""

    def at(self, s: Floats, t: Floats) -> Floats:
        """Places (n, 2) at share `s` from west to east and share `t` from south to north."""
        return (1 - t)[:, None] * _along(self.bottom, s) + t[:, None] * _along(self.top, s)

    @property
    def breadth(self) -> float:
        """Mean length from west to east in metres."""
        return float((_length(self.bottom) + _length(self.top)) / 2)

    @property
    def depth(self) -> float:
        """Mean length from south to north in metres."""
        return float(np.hypot(*(self.top.mean(axis=0) - self.bottom.mean(axis=0))))


@dataclass(frozen=True)
class Street:
    """A street from one crossing to the next; `axis` 0 runs from south to north, 1 from west to east."""

    ends: Floats
    rank: str
    bridge: bool
    axis: int
    line: int


@dataclass
class Settlement:
    """A town or village with its streets and blocks."""

    number: int
    kind: str
    village: int
    township: int
    centre: Floats
    bearing: float
    blocks: list[Block] = field(default_factory=list)
    streets: list[Street] = field(default_factory=list)
    ground: Any = None
    lattice: Any = None
    main_columns: Any = None


def _length(chain: Floats) -> float:
    return float(np.hypot(*np.diff(chain, axis=0).T).sum())


def _along(chain: Floats, share: Floats) -> Floats:
    knots = np.linspace(0, 1, len(chain))
    return np.column_stack([np.interp(share, knots, chain[:, 0]), np.interp(share, knots, chain[:, 1])])


def _grow(cost: Floats, allowed: Mask, seat: Ints, cells: int, cell: float) -> Mask:
    """The given number of cells that are cheapest to reach from the seat."""
    from scipy.sparse.csgraph import dijkstra

    reach = int(np.ceil(np.sqrt(cells) * 2.2)) + 4
    top, left = max(int(seat[0]) - reach, 0), max(int(seat[1]) - reach, 0)
    window = (slice(top, int(seat[0]) + reach + 1), slice(left, int(seat[1]) + reach + 1))
    part = cost[window]
    start = (int(seat[0]) - top) * part.shape[1] + int(seat[1]) - left
    distance = dijkstra(steps(part, allowed[window], cell), directed=False, indices=start)
    order = np.argsort(distance, kind="stable")[:cells]
    mask = np.zeros(part.size, dtype=bool)
    mask[order[np.isfinite(distance[order])]] = True
    grown = np.zeros(cost.shape, dtype=bool)
    grown[window] = mask.reshape(part.shape)
    return grown


def settle(random: np.random.Generator, terrain: Terrain, units: Units, water: Any) -> list[Settlement]:
    """Lay out every town and village of the county.

    Parameters
    ----------
    random
        Source of randomness.
    terrain, units
        Relief and administrative units.
    water
        Polygons of rivers and lakes and lines of streams; no block comes nearer than 18 m.

    Returns
    -------
    list of Settlement
        By village number; each with connected streets and at least two blocks.
    """
    from scipy.ndimage import distance_transform_edt

    grid = units.grid
    slope = coarse(terrain.slope, 2)
    above = coarse(terrain.above_river, 2)
    edge = distance_transform_edt(units.township >= 0) * grid.cell
    allowed = (slope < 9) & (edge > 250) & (coarse((terrain.catchment_km2 > 9).astype(float), 2) == 0)
    cost = (1 + (slope / 3.0) ** 2) * np.exp(0.35 * random.standard_normal(grid.shape)) + 6.0 * (above < 1.2)
    taken = np.zeros(grid.shape, dtype=bool)
    tree = shapely.STRtree(water)
    town_cells = {tuple(seat): n for n, seat in enumerate(units.town_seats.tolist())}
    result: list[Settlement] = []
    order = sorted(
        range(len(units.village_seats)), key=lambda v: (town_cells.get(tuple(units.village_seats[v].tolist()), 99), v)
    )
    for village in order:
        seat = units.village_seats[village]
        town = town_cells.get(tuple(seat.tolist()))
        name = "village" if town is None else "city" if town == 0 else "town"
        hectares = {"city": 1_250.0, "town": random.uniform(70, 150), "village": random.lognormal(1.45, 0.45)}[name]
        own = (
            allowed & ~taken
            if name == "city"
            else allowed & ~taken & (units.township == units.village_township[village])
        )
        x = grid.west + (seat[1] + 0.5) * grid.cell
        y = grid.north - (seat[0] + 0.5) * grid.cell
        mask = _grow(
            np.minimum(cost, 60.0) if name == "city" else cost,
            own
            | (
                np.hypot(*np.meshgrid(np.arange(grid.columns) - seat[1], np.arange(grid.rows) - seat[0]))
                < (40 if name == "city" else 0)
            ),
            seat,
            max(int(hectares * 1e4 / grid.cell**2), 6),
            grid.cell,
        )
        mask &= own
        gradient = np.gradient(
            terrain.height[max(seat[0] * 2 - 20, 0) : seat[0] * 2 + 20, max(seat[1] * 2 - 20, 0) : seat[1] * 2 + 20]
        )
        fall = np.arctan2(gradient[0].mean() * -1, gradient[1].mean())
        lean = (
            np.mod(fall + np.pi / 4, np.pi / 2) - np.pi / 4
        )  # streets follow the fall of the ground, houses face south
        bearing = float(np.clip(lean, -0.45, 0.45) * (0.6 if name == "city" else 0.9))
        place = Settlement(len(result), name, village, int(units.village_township[village]), np.array([x, y]), bearing)
        _lay_out(random, place, mask, units, tree)
        if len(place.blocks) >= 2:
            place.number = len(result)
            for block in place.blocks:
                block.settlement = place.number
            result.append(place)
            around = shapely.buffer(place.ground, 120)
            gx, gy = grid.centres()
            near = (np.abs(gx - x) < 4_000) & (np.abs(gy - y) < 4_000)
            taken[near] |= shapely.contains_xy(around, gx[near], gy[near])
    return result


def _lay_out(random: np.random.Generator, place: Settlement, mask: Mask, units: Units, tree: Any) -> None:
    """Fill the settlement's ground with a bent lattice of streets; keep the blocks that lie on dry, allowed ground."""
    from scipy.ndimage import label

    kind = KINDS[place.kind]
    grid = units.grid
    rows, columns = np.nonzero(mask)
    if len(rows) == 0:
        return
    cos, sin = np.cos(place.bearing), np.sin(place.bearing)
    dx = grid.west + (columns + 0.5) * grid.cell - place.centre[0]
    dy = grid.north - (rows + 0.5) * grid.cell - place.centre[1]
    reach = float(np.hypot(dx, dy).max()) + 150
    u = _spacings(random, kind.along, reach)
    v = _spacings(random, kind.across, reach)
    lattice = np.stack(np.meshgrid(u, v, indexing="ij"), axis=-1)
    phases = random.uniform(0, 2 * np.pi, 6)
    wave = 2 * np.pi / (reach * random.uniform(0.9, 1.5, 6) + 250)
    bend_u = kind.warp * (
        np.sin(lattice[..., 1] * wave[0] + phases[0]) + 0.5 * np.sin(lattice[..., 0] * wave[1] * 2 + phases[1])
    )
    bend_v = kind.warp * (
        np.sin(lattice[..., 0] * wave[2] + phases[2]) + 0.5 * np.sin(lattice[..., 1] * wave[3] * 2 + phases[3])
    )
    bent = lattice + np.stack([bend_u, bend_v], axis=-1)
    bent += random.normal(0, 0.012 * kind.along[0], bent.shape)
    points = to_millimetres(
        np.stack(
            [
                place.centre[0] + cos * bent[..., 0] - sin * bent[..., 1],
                place.centre[1] + sin * bent[..., 0] + cos * bent[..., 1],
            ],
            axis=-1,
        )
    )
    quads: Any = shapely.polygons(
        np.stack([points[:-1, :-1], points[1:, :-1], points[1:, 1:], points[:-1, 1:]], axis=2)
    )
    centre = points[:-1, :-1] * 0.25 + points[1:, :-1] * 0.25 + points[1:, 1:] * 0.25 + points[:-1, 1:] * 0.25
    row, column = grid.locate(centre[..., 0], centre[..., 1])
    keep = mask[row, column]
    wet = tree.query(quads[keep], predicate="dwithin", distance=18.0)[0]
    where = np.argwhere(keep)
    keep[tuple(where[np.unique(wet)].T)] = False
    parts, count = label(keep)
    if count == 0:
        return
    sizes = np.bincount(parts.ravel())[1:]
    least = max(int(sizes.max()), 1) if place.kind != "city" else 40
    keep = np.isin(parts, 1 + np.flatnonzero(sizes >= least))
    if place.kind != "city" and np.sum(sizes == sizes.max()) > 1:
        keep = parts == 1 + int(np.argmax(sizes))
    main_u = np.arange(len(u)) % kind.main_every == kind.main_every // 2
    main_v = np.arange(len(v)) % kind.main_every == kind.main_every // 2
    joined = _join(random, keep, main_u, kind.merge)
    _add_streets(place, points, keep, joined, main_u, main_v, kind)
    _add_blocks(place, points, keep, joined, main_u, main_v, kind)
    place.lattice, place.main_columns = points, np.flatnonzero(main_u)
    place.ground = shapely.union_all(quads[keep], grid_size=0.001)


def _spacings(random: np.random.Generator, limits: tuple[float, float], reach: float) -> Floats:
    count = int(2 * reach / limits[0]) + 2
    lines = np.cumsum(random.uniform(*limits, count))
    lines -= lines[count // 2] - random.uniform(-20, 20)
    return np.asarray(lines[(lines > -reach) & (lines < reach)])


def _join(random: np.random.Generator, keep: Mask, main_u: Mask, share: float) -> Mask:
    """Whether block (i, j) is one with block (i + 1, j); never across a main street, never three."""
    joined = np.zeros(keep.shape, dtype=bool)
    wish = random.random(keep.shape) < share
    for i in range(keep.shape[0] - 1):
        possible = keep[i] & keep[i + 1] & wish[i] & (not main_u[i + 1])
        joined[i] = possible & ~(joined[i - 1] if i else False)
    return joined


def _add_streets(
    place: Settlement, points: Floats, keep: Mask, joined: Mask, main_u: Mask, main_v: Mask, kind: Kind
) -> None:
    padded = np.pad(keep, 1)
    bridge_u, bridge_v = _bridges(keep, main_u, main_v, place.kind)
    columns, rows = points.shape[:2]
    for i in range(columns):
        for j in range(rows):
            if i + 1 < columns and (padded[i + 1, j] or padded[i + 1, j + 1] or bridge_v[i, j]):
                bridge = not (padded[i + 1, j] or padded[i + 1, j + 1])
                place.streets.append(
                    Street(points[[i, i + 1], [j, j]], kind.main if main_v[j] else kind.side, bridge, 1, j)
                )
            if j + 1 < rows and (padded[i, j + 1] or padded[i + 1, j + 1] or bridge_u[i, j]):
                inside = 0 < i <= joined.shape[0] and j < joined.shape[1] and joined[i - 1, j]
                if not inside:
                    bridge = not (padded[i, j + 1] or padded[i + 1, j + 1])
                    place.streets.append(
                        Street(points[[i, i], [j, j + 1]], kind.main if main_u[i] else kind.side, bridge, 0, i)
                    )


def _bridges(keep: Mask, main_u: Mask, main_v: Mask, kind: str) -> tuple[Mask, Mask]:
    """Main streets that go on over the river: runs of at most six missing edges between built ones."""
    padded = np.pad(keep, 1)
    have_u = padded[:-1, 1:-1] | padded[1:, 1:-1]  # edge (i, j)-(i, j+1)
    have_v = padded[1:-1, :-1] | padded[1:-1, 1:]  # edge (i, j)-(i+1, j)
    add_u = np.zeros((keep.shape[0] + 1, keep.shape[1] + 1), dtype=bool)
    add_v = np.zeros_like(add_u)
    if kind != "city":
        return add_u, add_v
    for have, add, main in ((have_u, add_u, main_u), (have_v.T, add_v.T, main_v)):
        for line in np.flatnonzero(main):
            at = np.flatnonzero(have[line])
            for low, high in itertools.pairwise(at):
                if 1 < high - low <= 7:
                    add[line, low + 1 : high] = True
    return add_u, add_v


def _add_blocks(
    place: Settlement, points: Floats, keep: Mask, joined: Mask, main_u: Mask, main_v: Mask, kind: Kind
) -> None:
    width = {True: STREET_WIDTH[kind.main] / 2, False: STREET_WIDTH[kind.side] / 2}
    for i, j in np.argwhere(keep).tolist():
        if i and joined[i - 1, j]:
            continue
        last = i + 2 if joined[i, j] else i + 1
        bottom, top = points[i : last + 1, j], points[i : last + 1, j + 1]
        inset = _inset(
            bottom,
            top,
            width[bool(main_v[j])],
            width[bool(main_v[j + 1])],
            width[bool(main_u[i])],
            width[bool(main_u[last])],
        )
        place.blocks.append(Block(place.number, to_millimetres(inset[0]), to_millimetres(inset[1]), i, j))


def _inset(bottom: Floats, top: Floats, south: float, north: float, west: float, east: float) -> tuple[Floats, Floats]:
    """Sides of a block moved inwards by half the width of the street on each side."""

    def offset(chain: Floats, distance: float) -> Floats:
        direction = np.gradient(chain, axis=0)
        direction /= np.hypot(direction[:, 0], direction[:, 1])[:, None]
        return chain + distance * np.column_stack([-direction[:, 1], direction[:, 0]])

    low, high = offset(bottom, south), offset(top, -north)

    def cut(chain: Floats, end: int, a: Floats, b: Floats) -> None:
        p, q = (chain[0], chain[1]) if end == 0 else (chain[-1], chain[-2])
        d, e = q - p, b - a
        s = ((a[0] - p[0]) * e[1] - (a[1] - p[1]) * e[0]) / (d[0] * e[1] - d[1] * e[0])
        chain[end] = p + s * d

    left = offset(np.array([top[0], bottom[0]]), west)
    right = offset(np.array([bottom[-1], top[-1]]), east)
    for chain in (low, high):
        cut(chain, 0, left[0], left[1])
        cut(chain, -1, right[0], right[1])
    return low, high
