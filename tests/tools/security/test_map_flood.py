"""map_flood against counted cells, a plain flood fill, and the golden profiles."""

import numpy as np
import pandas as pd
import pytest
from affine import Affine
from geopandas import GeoDataFrame
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from shapely import LineString, Point

from spacegov import ledger
from spacegov.errors import BadInput, BadPolicy, BadRaster, UnsuitableCrs
from spacegov.raster import Raster
from spacegov.tools.security import map_flood

STEPS = pd.DataFrame({"class": ["shallow", "deep"], "from_m": [0.0, 1.0]})


def land(values, cell=10.0, crs="EPSG:4549"):
    array = np.asarray(values, dtype=float)
    return Raster.from_array(array, Affine(cell, 0, 500_000, 0, -cell, 3_260_000), crs, layer="terrain")


def at(row, column, cell=10.0):
    place = Point(500_000 + (column + 0.5) * cell, 3_260_000 - (row + 0.5) * cell)
    return GeoDataFrame(geometry=[place], crs="EPSG:4549")


def flood(*args, **options):
    with ledger.collect() as book:
        answer = map_flood(*args, **{"classes": STEPS, **options})
    return answer, book


def test_a_dry_basin_behind_a_ridge_stays_dry():
    answer, _ = flood(land([[2, 3, 5, 1, 6]]), stage=4, sides=("west",))
    assert answer.depth.read().tolist() == [[2, 1, 0, 0, 0]]


def test_hand_follows_the_flow_path():
    profile = land([[2, 5, 9, 4, 1]])
    ends = pd.concat([at(0, 0), at(0, 4)], ignore_index=True)
    answer, _ = flood(profile, ends, stage=100, method="hand")
    assert (100 - answer.depth.read()).tolist() == [[0, 3, 8, 3, 0]]


def test_areas_and_volumes_are_those_of_the_cells():
    answer, book = flood(land([[2, 3, 3.5, 9]]), stage=4, sides=("west",))
    zones = answer.zones.set_index("class")
    assert zones.loc["shallow", ["area_m2", "volume_m3"]].tolist() == [100, 50]
    assert zones.loc["deep", ["area_m2", "volume_m3"]].tolist() == [200, 300]
    assert zones.loc["deep", "depth_mean_m"] == pytest.approx(1.5)
    assert zones.geometry.area.tolist() == [100, 200]
    figures = book.notes["figures"]
    assert figures["flooded_m2"] == 300
    assert figures["volume_m3"] == 350
    assert book.balances[0].whole == pytest.approx(400)


def test_cells_without_data_are_not_answered_and_never_dry():
    answer, book = flood(land([[2, np.nan, 1, 9]]), stage=4, sides=("west",))
    depth = answer.depth.read()[0]
    assert np.isnan(depth[1])
    # the ground beyond the gap is not connected by anything known
    assert depth[[0, 2, 3]].tolist() == [2, 0, 0]
    assert answer.zones["answer"].tolist() == ["present", "not_covered"]
    assert book.notes["figures"]["unanswered_m2"] == 100
    assert any("nobody knows" in doubt.text for doubt in book.doubts)


def test_a_source_over_missing_cells_wets_what_lies_beside_it():
    answer, _ = flood(land([[9, 9, 9], [1, np.nan, 9], [9, 9, 9]]), at(1, 1), stage=2)
    assert answer.depth.read()[1, 0] == 1


def test_water_at_the_edge_of_the_terrain_is_flagged():
    bowl = np.full((5, 5), 9.0)
    bowl[1:4, 1:4] = 1
    answer, book = flood(land(bowl), at(2, 2), stage=2)
    assert answer.zones["edge_length_m"].tolist() == [0]
    assert book.doubts == []
    bowl[2, 4] = 1
    answer, book = flood(land(bowl), at(2, 2), stage=2)
    assert answer.zones["edge_length_m"].tolist() == [10]
    assert "edge" in book.doubts[0].text


def test_corners_pass_water_with_eight_neighbours_only():
    diagonal = land([[1, 9], [9, 1]])
    eight, _ = flood(diagonal, at(0, 0), stage=2)
    four, _ = flood(diagonal, at(0, 0), stage=2, neighbours=4)
    assert eight.depth.read().tolist() == [[1, 0], [0, 1]]
    assert four.depth.read().tolist() == [[1, 0], [0, 0]]


def test_hand_keeps_a_basin_behind_a_ridge_dry():
    # a river falls along column 0; the hollow in column 3 lies lower than the river but behind ground of 8;
    # from 4 the steepest way is straight to 3 (1 in 1), not across to 2.9 (1.1 in 1.41)
    values = np.full((5, 5), 20.0)
    values[:, 0] = [3.2, 3.1, 3, 2.9, 2.8]
    values[2, 1:4] = [4, 8, 2]
    river = GeoDataFrame(geometry=[LineString([(500_005, 3_259_995), (500_005, 3_259_955)])], crs="EPSG:4549")
    low, _ = flood(land(values), river, stage=2, method="hand")
    assert low.depth.read()[2].tolist()[:4] == [2, 1, 0, 0]
    high, _ = flood(land(values), river, stage=6, method="hand")
    assert high.depth.read()[2].tolist()[:4] == [6, 5, 1, 7]


def test_hand_does_not_answer_ground_that_drains_off_the_map():
    river = at(0, 0)
    answer, _ = flood(land([[1, 5, 9, 5, 0]]), river, stage=3, method="hand")
    depth = answer.depth.read()[0]
    assert depth[:2].tolist() == [3, 0]
    assert np.isnan(depth[3:]).all()


def test_areas_on_the_ellipsoid_follow_the_scale_of_the_grid():
    # EPSG:4549 has scale 1 on its central meridian, easting 500 000
    terrain = land(np.ones((4, 4)), cell=25)
    plane, _ = flood(terrain, stage=2, sides=("west",))
    ellipsoid, _ = flood(terrain, stage=2, sides=("west",), area_basis="ellipsoid")
    assert ellipsoid.zones["area_m2"].sum() == pytest.approx(plane.zones["area_m2"].sum(), rel=1e-6)
    east = Raster.from_array(np.ones((4, 4)), Affine(25, 0, 600_000, 0, -25, 3_260_000), "EPSG:4549")
    wide, _ = flood(east, stage=2, sides=("west",), area_basis="ellipsoid")
    # 100 km off the meridian lengths are (1 + x²/2R²) too long, areas twice that
    factor = (1 + 100_050.0**2 / (2 * 6_371_000.0**2)) ** 2
    assert wide.zones["area_m2"].sum() == pytest.approx(10_000 / factor, rel=2e-6)


heights = arrays(np.float64, (6, 7), elements=st.sampled_from([0.0, 1.0, 2.0, 3.0, np.nan]))


@settings(deadline=None, max_examples=20)
@given(heights, st.integers(0, 5), st.integers(0, 6), st.sampled_from([4, 8]))
def test_agrees_with_a_plain_flood_fill(values, row, column, neighbours):
    if np.isnan(values).all() or np.isnan(values[row, column]):
        return
    answer, _ = flood(land(values), at(row, column), stage=2.5, neighbours=neighbours)
    wet, queue = set(), [(row, column)]
    while queue:
        r, c = queue.pop()
        if (r, c) in wet or not (0 <= r < 6 and 0 <= c < 7) or not values[r, c] < 2.5:
            continue
        wet.add((r, c))
        steps = [(r + i, c + j) for i in (-1, 0, 1) for j in (-1, 0, 1) if neighbours == 8 or not (i and j)]
        queue += steps
    depth = answer.depth.read()
    expected = np.where(np.isnan(values), np.nan, 0.0)
    for r, c in wet:
        expected[r, c] = 2.5 - values[r, c]
    np.testing.assert_array_equal(depth, expected)
    assert answer.zones.geometry.is_valid.all()
    present = answer.zones[answer.zones["answer"] == "present"]
    assert present.geometry.area.sum() == pytest.approx(100 * len(wet))


@settings(deadline=None, max_examples=20)
@given(heights)
def test_a_higher_stage_never_dries_a_cell(values):
    if np.isnan(values[:, 0]).all():
        return
    low, _ = flood(land(values), stage=1.5, sides=("west",))
    high, _ = flood(land(values), stage=2.5, sides=("west",))
    assert (np.nan_to_num(high.depth.read()) >= np.nan_to_num(low.depth.read())).all()


def test_bad_input_is_refused_in_one_sentence():
    terrain = land([[1, 2], [3, 4]])
    with pytest.raises(BadInput, match="no source of water"):
        map_flood(terrain, stage=2, classes=STEPS)
    with pytest.raises(BadInput, match="lies on the terrain"):
        map_flood(terrain, at(50, 50), stage=2, classes=STEPS)
    with pytest.raises(BadInput, match="method 'hand'"):
        map_flood(terrain, stage=2, classes=STEPS, sides=("west",), method="hand")
    with pytest.raises(BadPolicy, match="begin at 0"):
        map_flood(terrain, stage=2, sides=("west",), classes=pd.DataFrame({"class": ["a"], "from_m": [1.0]}))
    with pytest.raises(BadRaster, match="nodata"):
        map_flood(land([[np.nan, np.nan]]), stage=2, sides=("west",), classes=STEPS)
    with pytest.raises(UnsuitableCrs, match="degrees"):
        map_flood(land([[1.0, 2.0]], cell=0.01, crs="EPSG:4326"), stage=2, sides=("west",), classes=STEPS)


def test_a_stage_below_the_source_floods_nothing_and_says_so():
    answer, book = flood(land([[5, 6]]), stage=1, sides=("west",))
    assert len(answer.zones) == 0
    assert answer.zones.crs == "EPSG:4549"
    assert "no place is flooded" in book.doubts[0].text
