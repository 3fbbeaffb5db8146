"""Real layers: zoning of Baltimore and of Hsinchu county, every pair against GEOS."""

import os
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely

from spacegov import ledger
from spacegov.errors import InvalidGeometry
from spacegov.kernels import pair_areas, polygon_areas, self_pair_areas, tabulate_areas
from tests.kernels.shapes import error_bound

DATA = Path(os.environ.get("SPACEGOV_REAL_DATA", ""))

pytestmark = pytest.mark.skipif(
    not os.environ.get("SPACEGOV_REAL_DATA"), reason="SPACEGOV_REAL_DATA names no folder of real layers"
)


@pytest.fixture(scope="module")
def zoning():
    return geopandas.read_file(DATA / "baltimore_md.gpkg", layer="zoning")


@pytest.fixture(scope="module")
def blocks():
    return geopandas.read_file(DATA / "baltimore_md.gpkg", layer="baltimore_block_groups")


@pytest.fixture(scope="module")
def hsinchu():
    frame = geopandas.read_file(DATA / "hsinchu_county_zoning.gpkg")
    return frame[frame.geometry.is_valid].reset_index(drop=True)


def against_geos(left, right):
    """Compare every pair whose boxes meet, found or not."""
    found = pair_areas(left, right, trusted=True).set_index(["left_index", "right_index"])["area_m2"]
    tree = shapely.STRtree(right)
    i, j = tree.query(left)
    truth = shapely.area(shapely.intersection(left[i], right[j]))
    ours = found.reindex(list(zip(i, j, strict=True)), fill_value=0.0).to_numpy()
    bounds = np.array([error_bound(left[[a]], right[[b]])[0, 0] for a, b in zip(i, j, strict=True)])
    assert len(found) == (ours > 0).sum()
    assert (np.abs(ours - truth) <= bounds).all()
    return found


def test_baltimore_zoning_by_block_group(zoning, blocks):
    with pytest.raises(InvalidGeometry, match="11 of 2407 polygons in left are invalid"):
        pair_areas(zoning, blocks)
    valid = shapely.make_valid(np.asarray(zoning.geometry), method="structure", keep_collapsed=False)
    pairs = against_geos(valid, np.asarray(blocks.geometry))
    assert len(pairs) > 5000
    with ledger.collect() as book:
        repaired = pair_areas(zoning, blocks, repair=True)
    assert "11 invalid polygons of left were made valid" in book.doubts[0].text
    assert repaired["area_m2"].sum() == pytest.approx(pairs.sum(), rel=1e-12)


def test_hsinchu_zoning_shifted_over_itself(hsinchu):
    shapes = shapely.force_2d(np.asarray(hsinchu.geometry))
    shifted = shapely.transform(shapes, lambda xy: xy + np.array([50.0, 0.0]))
    pairs = against_geos(shapes, shifted)
    assert len(pairs) > 10_000


def test_areas_of_real_polygons_are_those_of_geos(zoning, hsinchu):
    for frame in (hsinchu, zoning[zoning.is_valid]):
        np.testing.assert_allclose(polygon_areas(frame), frame.area, rtol=1e-11)


def test_a_balance_over_baltimore_sums_to_the_zoning(zoning, blocks):
    overlap = self_pair_areas(blocks)["area_m2"].sum()
    assert overlap < 1e-9 * blocks.area.sum()
    valid = zoning.set_geometry(shapely.make_valid(zoning.geometry.values, method="structure", keep_collapsed=False))
    column = next(name for name in zoning.columns if name.startswith("zoning"))
    table = tabulate_areas(valid, blocks, by=(column, blocks.columns[0]), balance=True)
    assert table["area_m2"].sum() == pytest.approx(valid.area.sum(), rel=1e-9)
