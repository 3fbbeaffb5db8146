"""Relief: uplift and running water shape it, so that every valley drains and every ridge parts two waters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spacegov.synthetic.frame import GRID, Floats, Grid, Ints, noise, stretch

INFLOW_KM2 = 900.0  # what the main river gathers before it enters the area
BASE_LEVEL_M = 24.0
RELIEF = 0.62  # brings the highest summit to about 1,000 m


@dataclass(frozen=True)
class Terrain:
    """Relief and the ways of the water over it, all of shape `grid.shape`.

    Parameters
    ----------
    grid
        The grid.
    height
        Height in metres, free of depressions.
    downstream
        Flat index of the cell that each cell drains to (itself at an outlet).
    catchment_km2
        Area drained through each cell in km², the part beyond the area included.
    slope
        Slope in degrees.
    above_river
        Height above the river cell that the water reaches, in metres.
    """

    grid: Grid
    height: Floats
    downstream: Ints
    catchment_km2: Floats
    slope: Floats
    above_river: Floats


def _drain(height: Floats, outlet: Ints) -> tuple[Floats, Any]:
    import pyflwdir

    filled, directions = pyflwdir.dem.fill_depressions(height.astype(np.float32), idxs_pit=outlet)
    return filled.astype(np.float64), pyflwdir.from_array(directions, ftype="d8", check_ftype=False)


def _lower_along_flow(height: Floats, flow: Any, factor: Floats, base: float) -> Floats:
    """One implicit step of stream erosion, from the outlet upstream (Braun and Willett 2013)."""
    z = height.ravel().copy()
    flat = factor.ravel()
    downstream = flow.idxs_ds
    rank = flow.rank.ravel()
    order = np.argsort(rank, kind="stable")
    ranks = rank[order]
    starts = np.searchsorted(ranks, np.arange(0, ranks[-1] + 2))
    z[order[starts[0] : starts[1]]] = base
    for level in range(1, len(starts) - 1):
        cells = order[starts[level] : starts[level + 1]]
        below = z[downstream[cells]]
        z[cells] = np.maximum((z[cells] + flat[cells] * below) / (1 + flat[cells]), below)
    return z.reshape(height.shape)


def _uplift(random: np.random.Generator, grid: Grid) -> Floats:
    """Where the land rises: a range in the north-west, hills in the south, hardly anything on the plain."""
    x, y = grid.centres()
    u = (x - grid.west) / (grid.columns * grid.cell)
    v = (y - (grid.north - grid.rows * grid.cell)) / (grid.rows * grid.cell)
    bend = 0.055 * noise(random, grid.shape, grid.rows / 3)
    range_north = stretch(v + 0.42 * (1 - u) - 0.93 + bend, 0.0, 0.30)
    hills_south = 0.55 * stretch(0.30 - v + 0.10 * np.sin(5 * u + 0.6) + bend, 0.0, 0.22)
    island = 0.28 * np.exp(-(((u - 0.70) / 0.07) ** 2 + ((v - 0.66) / 0.05) ** 2))
    rough = np.exp(0.25 * noise(random, grid.shape, grid.rows / 6))
    knolls = 0.16 * stretch(noise(random, grid.shape, grid.rows / 9, 3), 0.7, 1.9)
    return 0.012 + (range_north + hills_south + island + knolls) * rough


def _catchment(flow: Any, grid: Grid, inlet: int) -> Floats:
    share = np.full(grid.shape, grid.cell**2 / 1e6)
    share.ravel()[inlet] += INFLOW_KM2
    return np.asarray(flow.accuflux(share), dtype=np.float64)


def make_terrain(random: np.random.Generator, grid: Grid = GRID) -> Terrain:
    """Make relief by letting uplift and stream erosion work against each other, first coarse, then fine.

    Parameters
    ----------
    random
        Source of randomness.
    grid
        The grid of the result.

    Returns
    -------
    Terrain
        Heights, drainage and what follows from them.

    Notes
    -----
    Stream power law dz/dt = U - K A^0.45 s with an implicit scheme; hill slopes by diffusion. One outlet at the
    eastern edge, one inlet at the western edge that brings the main river in.
    """
    from scipy.ndimage import gaussian_filter, zoom

    coarse = grid.coarser(4)
    uplift = _uplift(random, coarse)
    # A trough from the inlet to the outlet gives the main river its way before it has cut one.
    x, y = coarse.centres()
    u = (x - coarse.west) / (coarse.columns * coarse.cell)
    v = (y - (coarse.north - coarse.rows * coarse.cell)) / (coarse.rows * coarse.cell)
    axis = 0.60 - 0.16 * u + 0.055 * np.sin(9.0 * u + 0.5) + 0.02 * np.sin(23 * u)
    height = 26 + 16 * (1 - u) + 22 * np.abs(v - axis) ** 0.7 + 5 * noise(random, coarse.shape, 30, 6)
    uplift *= 0.06 + 0.94 * stretch(np.abs(v - axis), 0.015, 0.10)
    rows = np.arange(coarse.rows)
    outlet_row = int(rows[np.argmin(np.abs(v[:, -1] - axis[:, -1]))])
    inlet_row = int(rows[np.argmin(np.abs(v[:, 0] - axis[:, 0]))])
    outlet = np.array([outlet_row * coarse.columns + coarse.columns - 1])
    inlet = inlet_row * coarse.columns
    for step in range(115):
        height, flow = _drain(height, outlet)
        area = _catchment(flow, coarse, inlet)
        # A little roughness with every step keeps the eight directions of the grid from showing.
        height = height + uplift * 9.0 * (1 + 0.25 * random.standard_normal(coarse.shape))
        height = _lower_along_flow(height, flow, 0.040 * (area * 1e2) ** 0.45, BASE_LEVEL_M)
        if step < 107:
            height += (0.45 + 1.2 * uplift) * random.standard_normal(coarse.shape)
        if step % 12 == 11 and step < 107:
            height = gaussian_filter(height, 0.5, mode="nearest")
    fine = zoom(height, 4, order=3, mode="nearest", grid_mode=True)
    lift = zoom(uplift, 4, order=1, mode="nearest", grid_mode=True)
    fine += (0.7 + 9.0 * np.minimum(lift, 0.9)) * noise(random, grid.shape, 24, 4)
    outlet = np.array([(outlet_row * 4 + 2) * grid.columns + grid.columns - 1])
    inlet = (inlet_row * 4 + 2) * grid.columns
    bumps = noise(random, grid.shape, 18, 3)
    for step in range(7):
        # On filled flats water would run straight along the grid; low bumps make it wind.
        fine = fine + 0.5 * np.roll(bumps, (step * 37, step * 53), axis=(0, 1))
        fine, flow = _drain(fine, outlet)
        area = _catchment(flow, grid, inlet)
        fine = fine + lift * 3.0
        fine = _lower_along_flow(fine, flow, 0.045 * (area * 1e2) ** 0.42, BASE_LEVEL_M)
        if step < 6:
            fine = gaussian_filter(fine, 0.6, mode="nearest")
    fine, flow = _drain(fine + 0.35 * bumps, outlet)
    fine = _flatten_valleys(fine, flow, _catchment(flow, grid, inlet))
    fine = BASE_LEVEL_M + RELIEF * (gaussian_filter(fine, 0.7, mode="nearest") - BASE_LEVEL_M)
    # Quarters of a metre: exact in binary, so heights compare exactly and compress well.
    fine, flow = _drain(np.round(fine * 4) / 4, outlet)
    area = _catchment(flow, grid, inlet)
    slope = np.degrees(np.arctan(np.hypot(*np.gradient(fine, grid.cell))))
    above = flow.hand((area > 2.5).astype(bool), fine.astype(np.float32)).astype(np.float64)
    return Terrain(grid, fine, np.asarray(flow.idxs_ds, dtype=np.int64), area, slope, np.maximum(above, 0))


def _flatten_valleys(height: Floats, flow: Any, area: Floats) -> Floats:
    """Let valleys have floors: what lies little above its river is lowered towards it, more so on large rivers."""
    above = np.maximum(flow.hand(area > 1.5, height.astype(np.float32)).astype(np.float64), 0)
    return np.asarray(height - above + above**2 / (above + 9.0), dtype=np.float64)
