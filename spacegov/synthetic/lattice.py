"""One bent lattice under a whole province: counties are pieces of it, so their borders meet to the millimetre."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spacegov.synthetic.frame import Floats, Ints

CELL_M = (162.5, 108.0)  # breadth and depth of a field
COUNTY_CELLS = (160, 240)  # cells of a full county from west to east and from south to north: 26 km
TOWN_CELLS = (40, 40)  # a township's ground, with one town in it
WITHIN = 4  # a built cell holds WITHIN × WITHIN parcels
UNITS_PER_CELL = 5.24  # records that a cell brings on average over all layers


def mixed(a: Ints, b: Ints, seed: int) -> Floats:
    """A number from 0 to 1 for every pair of whole numbers, always the same one (SplitMix64)."""
    with np.errstate(over="ignore"):
        x = np.asarray(a, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.asarray(b, dtype=np.uint64) * np.uint64(
            0xC2B2AE3D27D4EB4F
        )
        x = x + np.uint64(seed) * np.uint64(0x165667B19E3779F9)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x = x ^ (x >> np.uint64(31))
    return np.asarray((x >> np.uint64(11)).astype(np.float64) / 2.0**53)


@dataclass(frozen=True)
class Province:
    """A province: counties in rows, each of the same number of lattice cells.

    Parameters
    ----------
    seed
        Decides everything.
    columns, rows
        Counties from west to east and from south to north; the last row may be short.
    counties
        Number of counties.
    breadth, depth
        Cells of a county.
    """

    seed: int
    columns: int
    rows: int
    counties: int
    breadth: int
    depth: int

    @classmethod
    def of(cls, units: int, seed: int) -> Province:
        """The province whose layers hold about the wanted number of records."""
        full = COUNTY_CELLS[0] * COUNTY_CELLS[1] * UNITS_PER_CELL
        counties = max(int(np.ceil(units / full)), 1)
        share = np.sqrt(units / (counties * full))
        breadth, depth = (max(round(side * share), 8) for side in COUNTY_CELLS)
        columns = int(np.ceil(np.sqrt(counties)))
        return cls(seed, columns, int(np.ceil(counties / columns)), counties, breadth, depth)

    def nodes(self, i: Ints, j: Ints) -> Floats:
        """Places of lattice nodes in metres, in whole millimetres."""
        x0 = 500_000.0 - self.columns * self.breadth * CELL_M[0] / 2
        y0 = 3_263_000.0 - self.rows * self.depth * CELL_M[1] / 2
        x, y = x0 + i * CELL_M[0], y0 + j * CELL_M[1]
        bent_x = (
            420 * np.sin(y / 3_900 + 0.4)
            + 160 * np.sin(y / 1_270 + x / 5_100)
            + 0.26 * CELL_M[0] * (mixed(i, j, self.seed) - 0.5)
        )
        bent_y = (
            380 * np.sin(x / 4_600 + 1.3)
            + 140 * np.sin(x / 1_490 - y / 4_700)
            + 0.26 * CELL_M[1] * (mixed(i, j, self.seed + 1) - 0.5)
        )
        return np.round(np.stack([x + bent_x, y + bent_y], axis=-1), 3)

    def origin(self, county: int) -> tuple[int, int]:
        """First lattice column and row of a county; counties follow each other like furrows."""
        row, column = divmod(county, self.columns)
        if row % 2:
            column = self.columns - 1 - column
        return column * self.breadth, row * self.depth


@dataclass(frozen=True)
class Ground:
    """The cells of one county in an order that keeps near cells near.

    `cells` (n, 4, 2) corners, `built` whether built upon, `town` the township's number in the county, `near` distance
    from the town's middle over its radius, `luck` a number from 0 to 1.
    """

    cells: Floats
    built: Any
    town: Ints
    near: Floats
    luck: Floats


def interleaved(a: Ints, b: Ints) -> Ints:
    """Morton number of two coordinates below 65,536."""
    result = np.zeros(len(a), dtype=np.int64)
    for bit in range(16):
        result |= ((a >> bit) & 1) << (2 * bit)
        result |= ((b >> bit) & 1) << (2 * bit + 1)
    return result


def county_ground(province: Province, county: int) -> Ground:
    """Lay out a county.

    Parameters
    ----------
    province
        The province.
    county
        Number of the county.

    Returns
    -------
    Ground
        Its cells.
    """
    west, south = province.origin(county)
    i, j = np.meshgrid(np.arange(province.breadth + 1) + west, np.arange(province.depth + 1) + south, indexing="ij")
    nodes = province.nodes(i, j)
    a, b = (side.ravel() for side in np.indices((province.breadth, province.depth)))
    order = np.argsort(interleaved(a, b), kind="stable")
    a, b = a[order], b[order]
    cells = np.stack([nodes[a, b], nodes[a + 1, b], nodes[a + 1, b + 1], nodes[a, b + 1]], axis=1)
    across, along = a // TOWN_CELLS[0], b // TOWN_CELLS[1]
    town = across * (province.depth // TOWN_CELLS[1] + 1) + along
    seed = province.seed + 17 * county
    middle_a = (across + 0.25 + 0.5 * mixed(across, along, seed)) * TOWN_CELLS[0]
    middle_b = (along + 0.25 + 0.5 * mixed(across, along, seed + 2)) * TOWN_CELLS[1]
    radius = 3.2 + 5.0 * mixed(across, along, seed + 3) ** 2 + np.where(town == 0, 3.5, 0.0)
    angle = np.arctan2(b - middle_b, a - middle_a)
    near = np.hypot(a - middle_a, b - middle_b) / (
        radius * (1 + 0.22 * np.sin(3 * angle + town) + 0.12 * np.sin(5 * angle))
    )
    luck = mixed(a + west, b + south, province.seed + 5)
    built = (near < 1.0) | (luck > 0.986)
    return Ground(cells, built, town, near, luck)


def county_ring(province: Province, county: int) -> Floats:
    """Border of a county along lattice lines, a ring (n, 2) that is not closed."""
    west, south = province.origin(county)
    i, j = np.arange(province.breadth + 1) + west, np.arange(province.depth + 1) + south
    sides = [
        (i, np.full(len(i), j[0])),
        (np.full(len(j), i[-1]), j),
        (i[::-1], np.full(len(i), j[-1])),
        (np.full(len(j), i[0]), j[::-1]),
    ]
    return np.vstack([province.nodes(*side)[:-1] for side in sides])


def split(cells: Floats, parts: int) -> Floats:
    """Cells (n, 4, 2) cut into parts × parts quarters (n · parts², 4, 2) that share their corners exactly."""
    share = np.linspace(0, 1, parts + 1)
    south = cells[:, None, 0] + share[None, :, None] * (cells[:, None, 1] - cells[:, None, 0])
    north = cells[:, None, 3] + share[None, :, None] * (cells[:, None, 2] - cells[:, None, 3])
    grid = np.round(south[:, :, None] + share[None, None, :, None] * (north - south)[:, :, None], 3)
    quarters = np.stack([grid[:, :-1, :-1], grid[:, 1:, :-1], grid[:, 1:, 1:], grid[:, :-1, 1:]], axis=3)
    return np.asarray(quarters.reshape(-1, 4, 2))


def shrunk(corners: Floats, breadth: Floats, depth: Floats) -> Floats:
    """Quadrilaterals drawn in towards their middle, to shares of their size along the first side and across."""
    middle = corners.mean(axis=1, keepdims=True)
    along = (corners[:, 1] - corners[:, 0] + corners[:, 2] - corners[:, 3])[:, None] / 4
    across = (corners[:, 3] - corners[:, 0] + corners[:, 2] - corners[:, 1])[:, None] / 4
    sign = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], dtype=np.float64)
    shift = sign[None, :, :1] * breadth[:, None, None] * along + sign[None, :, 1:] * depth[:, None, None] * across
    return np.asarray(np.round(middle + shift, 3), dtype=np.float64)
