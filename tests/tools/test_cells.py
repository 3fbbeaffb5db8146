"""Cells of rasters: values brought onto other cells, polygons painted."""

import numpy as np
import shapely
from affine import Affine

from spacegov.raster import Raster
from spacegov.tools.cells import cells_with, values_on

WEST, NORTH = 500_000, 3_300_000


def raster(values, side, west=WEST):
    return Raster.from_array(np.asarray(values, float), Affine(side, 0, west, 0, -side, NORTH), "EPSG:4549")


def test_values_lie_on_straight_lines_between_the_middles_of_coarser_cells():
    coarse = np.add.outer(np.arange(3) * 10.0, np.arange(4) * 100.0)
    fine = values_on(raster(coarse, 90), raster(np.zeros((9, 12)), 30))
    rows = np.interp(np.arange(9) * 30 + 15, np.arange(3) * 90 + 45, np.arange(3) * 10.0)
    columns = np.interp(np.arange(12) * 30 + 15, np.arange(4) * 90 + 45, np.arange(4) * 100.0)
    assert np.allclose(fine, np.add.outer(rows, columns))


def test_values_of_finer_cells_are_averaged():
    fine = np.arange(36.0).reshape(6, 6)
    means = fine.reshape(2, 3, 2, 3).mean(axis=(1, 3))
    assert np.allclose(values_on(raster(fine, 10), raster(np.zeros((2, 2)), 30)), means)


def test_what_is_unknown_or_outside_stays_unknown():
    found = values_on(raster([[np.nan, 4.0, 6.0]], 30), raster(np.zeros((1, 12)), 10))
    assert np.isnan(found[0, :3]).all()
    assert np.isnan(found[0, 9:]).all()
    # middles of the cells known at 45 and 75 m, the fine ones from 35 to 85 m
    assert np.allclose(found[0, 3:9], np.interp([35, 45, 55, 65, 75, 85], [45, 75], [4, 6]))


def test_the_middle_of_a_cell_decides_and_the_last_polygon_counts():
    shapes = [shapely.box(WEST, NORTH - 10, WEST + 24, NORTH), shapely.box(WEST + 10, NORTH - 10, WEST + 20, NORTH)]
    found = cells_with(raster(np.zeros((1, 4)), 10), shapes, [1.0, 2.0])
    assert np.array_equal(found, [[1, 2, np.nan, np.nan]], equal_nan=True)
    assert np.isnan(cells_with(raster(np.zeros((1, 4)), 10), [], [])).all()
