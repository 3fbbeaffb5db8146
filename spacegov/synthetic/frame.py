"""The ground that every part of the sample county stands on: grid, reference system, noise and rounding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CRS = "EPSG:4549"
MILLIMETRE = 0.001

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Grid:
    """A north-up grid of square cells.

    Parameters
    ----------
    west, north
        Outer corner of the upper left cell in metres.
    cell
        Width of a cell in metres.
    rows, columns
        Size of the grid.
    """

    west: float
    north: float
    cell: float
    rows: int
    columns: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows, self.columns

    def centres(self) -> tuple[Floats, Floats]:
        """Eastings (rows, columns) and northings (rows, columns) of the cell centres in metres."""
        eastings = self.west + (np.arange(self.columns) + 0.5) * self.cell
        northings = self.north - (np.arange(self.rows) + 0.5) * self.cell
        x, y = np.meshgrid(eastings, northings)
        return x, y

    def locate(self, x: Floats, y: Floats) -> tuple[Ints, Ints]:
        """Row and column of the cells that hold the given places (clipped to the grid)."""
        column = np.clip(np.floor((np.asarray(x) - self.west) / self.cell), 0, self.columns - 1)
        row = np.clip(np.floor((self.north - np.asarray(y)) / self.cell), 0, self.rows - 1)
        return row.astype(np.int64), column.astype(np.int64)

    def coarser(self, factor: int) -> Grid:
        """The grid of the same extent with cells `factor` times as wide."""
        return Grid(self.west, self.north, self.cell * factor, self.rows // factor, self.columns // factor)


# The county and four kilometres around it: rivers come from beyond the border, and so must the land.
GRID = Grid(west=496_000.0, north=3_280_000.0, cell=25.0, rows=1360, columns=1360)


def noise(random: np.random.Generator, shape: tuple[int, int], wavelength: float, octaves: int = 4) -> Floats:
    """Smooth fractal noise with mean 0 and standard deviation 1.

    Parameters
    ----------
    random
        Source of randomness.
    shape
        Rows and columns wanted.
    wavelength
        Size of the largest waves in cells.
    octaves
        Number of halvings of the wavelength, each of half the height.

    Returns
    -------
    Floats
        Array (rows, columns).
    """
    from scipy.ndimage import map_coordinates

    total = np.zeros(shape)
    height = 1.0
    for _ in range(octaves):
        lattice = random.standard_normal((int(shape[0] / wavelength) + 5, int(shape[1] / wavelength) + 5))
        offset = random.uniform(0, 1, 2)
        rows = np.arange(shape[0]) / wavelength + 1 + offset[0]
        columns = np.arange(shape[1]) / wavelength + 1 + offset[1]
        grid = np.meshgrid(rows, columns, indexing="ij")
        total += height * map_coordinates(lattice, grid, order=3, mode="nearest")
        height *= 0.5
        wavelength = max(wavelength / 2, 2.0)
    return np.asarray((total - total.mean()) / total.std(), dtype=np.float64)


def to_millimetres(coordinates: Floats) -> Floats:
    """Coordinates rounded to one millimetre, so that what meets meets exactly."""
    return np.asarray(np.round(np.asarray(coordinates, dtype=np.float64), 3), dtype=np.float64)


def stretch(values: Floats, low: float, high: float) -> Floats:
    """Smooth step: 0 below `low`, 1 above `high`, a soft S between."""
    t = np.clip((values - low) / (high - low), 0.0, 1.0)
    return t * t * (3 - 2 * t)
