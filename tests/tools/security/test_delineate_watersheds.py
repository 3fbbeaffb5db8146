"""delineate_watersheds: counted valleys, a plain accumulation, and the mountains of Swellendam."""

import os
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from geopandas import GeoDataFrame
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from shapely import Point

from spacegov import ledger
from spacegov.errors import BadInput, BadRaster, UnsuitableCrs
from spacegov.raster import Raster
from spacegov.tools.security import delineate_watersheds


def land(values, cell=10.0):
    return Raster.from_array(np.asarray(values, float), Affine(cell, 0, 500_000, 0, -cell, 3_260_000), "EPSG:4549")


def at(*cells):
    places = [Point(500_000 + 10 * c + 5, 3_260_000 - 10 * r - 5) for r, c in cells]
    return GeoDataFrame(geometry=places, crs="EPSG:4549")


def watersheds(*args, **options):
    with ledger.collect() as book:
        answer = delineate_watersheds(*args, **options)
    return answer, book


# two valleys that meet at row 3 and leave at the bottom; walls of 20
Y_VALLEY = [
    [20, 9, 20, 9, 20],
    [20, 8, 20, 8, 20],
    [20, 7, 20, 7, 20],
    [20, 20, 5, 20, 20],
    [20, 20, 4, 20, 20],
]


def test_links_meet_and_orders_rise_where_two_of_the_highest_meet():
    answer, _ = watersheds(land(Y_VALLEY), min_catchment=250, by="links")
    streams = answer.streams
    assert streams["order"].tolist() == [2, 1, 1]
    assert streams["to_link"].tolist() == [0, 1, 1]
    # everything but the walls beside the lowest cells comes down the middle
    assert streams["catchment_m2"].iloc[0] == answer.accumulation.read()[4, 2]
    assert answer.accumulation.read()[4, 2] == pytest.approx(answer.basins["area_m2"].sum())
    # the middle wall falls east, so that the east arm is a stream one cell earlier; each enters across a corner
    assert sorted(streams["length_m"]) == pytest.approx([10, 10 + 10 * 2**0.5, 20 + 10 * 2**0.5])
    assert answer.basins["kind"].tolist() == ["link"] * 3
    assert answer.basins["area_m2"].sum() == pytest.approx(2500)


def test_nested_outlets_share_the_ground():
    answer, _ = watersheds(land(Y_VALLEY), at((2, 1), (4, 2)), min_catchment=150, snap=0)
    basins = answer.basins.set_index("outlet")
    assert set(basins.index) == {0, 1}
    assert basins.loc[1, "catchment_m2"] == pytest.approx(basins["area_m2"].sum())
    assert basins.loc[0, "catchment_m2"] == pytest.approx(basins.loc[0, "area_m2"])
    assert (basins.loc[0, "outlet_x"], basins.loc[0, "outlet_y"]) == (500_015, 3_259_975)


def test_outlets_move_to_the_largest_catchment_nearby():
    answer, _ = watersheds(land(Y_VALLEY), at((4, 1)), min_catchment=150, snap=15)
    named = answer.basins[answer.basins["basin"] > 0]
    assert (named["outlet_x"].iloc[0], named["outlet_y"].iloc[0]) == (500_025, 3_259_955)


def test_depressions_are_filled_to_their_lowest_outlet():
    bowl = [[9, 9, 9, 9], [9, 1, 6, 4], [9, 9, 9, 9]]
    answer, book = watersheds(land(bowl), min_catchment=150)
    assert answer.filled.read()[1].tolist() == [9, 6, 6, 4]
    assert book.notes["figures"]["filled_m3"] == pytest.approx(500)


def test_ground_that_reaches_no_outlet_is_a_row_of_its_own():
    ridge = [[1, 5, 9, 5, 1]]
    answer, _ = watersheds(land(ridge), at((0, 0)), min_catchment=50, snap=0)
    assert answer.basins["kind"].tolist() == ["outlet", "rest"]
    # the peak drains to the first of its equal sides, the east
    assert answer.basins["area_m2"].tolist() == [200, 300]


def test_rivers_that_reach_the_sea_apart_stay_apart():
    # two valleys fall south into a sea that lies level along the edge; one corner must not drain it all
    coast = [[9, 5, 9, 5, 9], [9, 3, 9, 3, 9], [9, 1, 9, 1, 9], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]]
    answer, _ = watersheds(land(coast), min_catchment=400)
    assert (answer.direction.read_codes()[0][4] == 0).all()
    named = answer.basins[answer.basins["basin"] > 0]
    assert len(named) == 2
    # each drains its half, over the part of the edge that is nearest
    assert named["area_m2"].tolist() == [1000, 700]
    # level ground at the edge that falls elsewhere still drains there
    step = [[9, 9, 9], [5, 5, 5], [5, 5, 4], [9, 9, 9]]
    flat, _ = watersheds(land(step), min_catchment=100)
    assert flat.accumulation.read()[2, 2] == 1200


def test_a_level_collar_is_told_since_it_may_be_missing_data():
    collar = np.zeros((7, 7))
    collar[2:5, 2:5] = [[9, 8, 9], [9, 7, 9], [9, 6, 9]]
    _, book = watersheds(land(collar), min_catchment=300)
    assert any("lies level at 0 m along 100\u202f% of its edge" in doubt.text for doubt in book.doubts)
    _, book = watersheds(land(Y_VALLEY), min_catchment=150)
    assert not any("lies level" in doubt.text for doubt in book.doubts)


def test_two_outlets_on_one_cell_share_it_and_that_is_told():
    answer, book = watersheds(land(Y_VALLEY), at((4, 2), (4, 2)), min_catchment=150, snap=0)
    assert answer.basins["area_m2"].sum() == pytest.approx(2500)
    assert [doubt.where for doubt in book.doubts if "share its basin" in doubt.text] == ["1"]
    assert answer.basins["outlet"].tolist() == [0]


def test_unknown_cells_stay_unknown_and_edges_are_counted():
    terrain = land([[9, 9, 9], [9, np.nan, 5], [9, 9, 4]])
    answer, book = watersheds(terrain, min_catchment=400)
    assert np.isnan(answer.filled.read()[1, 1])
    assert np.isnan(answer.accumulation.read()[1, 1])
    assert answer.direction.read_codes()[1].sum() == 8
    assert answer.basins["area_m2"].sum() == pytest.approx(800)
    assert any("edge of the known terrain" in doubt.text for doubt in book.doubts)


@settings(deadline=None, max_examples=20)
@given(arrays(np.float64, (6, 6), elements=st.sampled_from([0.0, 1.0, 2.0, 3.0, 5.0, np.nan])))
def test_water_is_neither_lost_nor_made(values):
    if np.isnan(values).all():
        return
    answer, _ = watersheds(land(values), min_catchment=300)
    codes, valid = answer.direction.read_codes()
    filled, total = answer.filled.read(), answer.accumulation.read()
    steps = {1: (0, 1), 2: (1, 1), 4: (1, 0), 8: (1, -1), 16: (0, -1), 32: (-1, -1), 64: (-1, 0), 128: (-1, 1)}
    expected = np.where(valid, 100.0, np.nan)
    outflow = 0.0
    for row, column in np.argwhere(valid):
        r, c, count = row, column, 0
        while codes[r, c]:
            down, right = steps[codes[r, c]]
            assert filled[r + down, c + right] <= filled[r, c] + 1e-9
            r, c, count = r + down, c + right, count + 1
            expected[r, c] += 100
            assert count < 36, "a flow path closes on itself"
    np.testing.assert_allclose(total, expected)
    outflow = total[valid & (codes == 0)].sum()
    assert outflow == pytest.approx(100 * valid.sum())
    assert answer.basins["area_m2"].sum() == pytest.approx(100 * valid.sum())


def test_bad_input_is_refused_in_one_sentence():
    with pytest.raises(BadInput, match="lies on no known terrain"):
        delineate_watersheds(land(Y_VALLEY), at((50, 50)))
    with pytest.raises(BadRaster, match="every cell is nodata"):
        delineate_watersheds(land([[np.nan, np.nan]]))


DATA = os.environ.get("SPACEGOV_REAL_DATA")


@pytest.mark.skipif(not DATA, reason="SPACEGOV_REAL_DATA names no folder with real layers")
def test_swellendam_in_the_wrong_zone_is_refused_and_answered_on_the_ellipsoid():
    terrain = Raster.open(Path(DATA) / "swellendam" / "SRTM" / "srtm_41_19.tif")
    with pytest.raises(UnsuitableCrs, match="EPSG:32733 is the wrong CRS"):
        delineate_watersheds(terrain)
    answer, _ = watersheds(terrain, min_catchment=20e6, area_basis="ellipsoid")
    assert answer.streams["order"].max() >= 3
    assert answer.basins["area_m2"].sum() == pytest.approx(
        np.nansum(answer.accumulation.read()[answer.direction.read() == 0])
    )
    # streams only grow
    below = answer.streams.set_index("link")["catchment_m2"].reindex(answer.streams["to_link"])
    assert (below.dropna().to_numpy() >= answer.streams.loc[answer.streams["to_link"] > 0, "catchment_m2"]).all()
