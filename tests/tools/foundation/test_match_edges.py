from __future__ import annotations

import geopandas as gpd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, box

from spacegov.errors import BadInput, WrongGeometry
from spacegov.ledger import collect
from spacegov.tools.foundation import match_edges


def match(left, right, border=None, **options):
    with collect() as ledger:
        return match_edges(left, right, border, **options), ledger


def told(answer):
    return answer.faults[["code", "feature_left", "feature_right"]].values.tolist()


@pytest.fixture
def border(layer):
    return layer([LineString([(100, -100), (100, 300)])])


def test_neighbours_that_meet_have_no_fault(layer):
    left = layer([box(0, 0, 100, 50), box(0, 50, 100, 100)], use=["farm", "wood"])
    right = layer([box(100, 0, 200, 50), box(100, 50, 200, 100)], use=["farm", "wood"])
    answer, _ = match(left, right, class_column="use")
    assert answer.faults.empty
    assert answer.joins.empty
    assert answer.faults.crs == answer.joins.crs == left.crs


def test_gaps_and_overlaps_with_their_areas_and_proposals(layer):
    left = layer([box(0, 0, 98, 50), box(0, 50, 103, 100)], plot=["a", "b"])
    right = layer([box(100, 0, 200, 100)], plot=["x"])
    answer, ledger = match(left, right, id_column="plot")
    assert told(answer) == [["overlap", "b", "x"], ["gap", "a", "x"]]
    # 3 m × 50 m are claimed twice, 2 m × 50 m by nobody.
    assert answer.faults["area_m2"].tolist() == pytest.approx([150.0, 100.0])
    # b is the smaller claim; the gap shares 50 m with either side, and among equals the left takes it.
    assert answer.joins[["action", "side", "feature"]].values.tolist() == [["cut", "left", "b"], ["fill", "left", "a"]]
    assert ledger.notes["figures"]["gap_m2"] == pytest.approx(100.0)


def test_a_gap_goes_to_the_side_with_the_longer_border(layer):
    left = layer([box(0, 0, 98, 50)], plot=["a"])
    right = layer([box(100, 10, 200, 40)], plot=["x"])
    answer, _ = match(left, right, id_column="plot")
    # Closing fills the 2 m beside the right plot's 30 m; both sides share as much with it.
    assert told(answer) == [["gap", "a", "x"]]
    assert answer.faults["area_m2"][0] == pytest.approx(60.0)
    stepped = layer([box(100, 0, 200, 20), box(98.5, 20, 200, 50)], plot=["x", "y"])
    answer, _ = match(left, stepped, id_column="plot")
    # Two gaps in one piece: 2 m × 20 m and 0.5 m × 30 m; the left plot shares all 50 m with it.
    assert answer.faults["area_m2"].sum() == pytest.approx(55.0)
    assert answer.joins[["side", "feature"]].values.tolist() == [["left", "a"]]


def test_what_is_wider_than_the_search_distance_is_no_gap(layer):
    left, right = layer([box(0, 0, 90, 50)]), layer([box(100, 0, 200, 50)])
    assert match(left, right)[0].faults.empty
    assert told(match(left, right, search=12.0)[0]) == [["gap", "0", "0"]]


def test_a_hole_inside_one_side_is_not_the_neighbours_matter(layer):
    left = layer([box(0, 0, 100, 50).difference(box(40, 20, 42, 22))])
    assert match(left, layer([box(100, 0, 200, 50)]))[0].faults.empty


def test_class_breaks_are_told_by_length(layer):
    left = layer([box(0, 0, 100, 50), box(0, 50, 100, 100)], use=["farm", "wood"])
    right = layer([box(100, 0, 200, 70), box(100, 70, 200, 100)], use=["farm", "wood"])
    answer, _ = match(left, right, class_column="use")
    # Between 50 and 70 m wood meets farm.
    assert answer.faults[["code", "class_left", "class_right"]].values.tolist() == [["class-break", "wood", "farm"]]
    assert answer.faults["length_m"][0] == pytest.approx(20.0, abs=0.01)
    assert match(left, right, class_column="use", min_length=25.0)[0].faults.empty


def test_lines_that_meet_lie_apart_or_break_off(layer, border):
    left = layer(
        [LineString([(0, y), (100, y)]) for y in (0, 50, 100, 150)], name="west", road=["G1", "G2", "S1", "S2"]
    )
    right = layer(
        [LineString([(100, 0), (200, 0)]), LineString([(100, 53), (200, 50)]), LineString([(101, 150), (200, 150)])],
        name="east", road=["G1", "G2", "S9"],
    )  # fmt: skip
    answer, _ = match(left, right, border, class_column="road")
    rows = answer.faults[["code", "class_left", "class_right", "length_m"]].values.tolist()
    assert rows == [
        ["class-break", "S2", "S9", pytest.approx(1.0)],
        ["offset", "G2", "G2", pytest.approx(3.0)],
        ["offset", "S2", "S9", pytest.approx(1.0)],
        ["broken", "S1", "", 0.0],
    ]
    assert answer.joins[["action", "side"]].values.tolist() == [["join-ends", "both"]] * 2
    assert answer.joins["length_m"].tolist() == pytest.approx([1.5, 0.5])


def test_an_end_is_matched_once_and_by_class_first(layer, border):
    left = layer([LineString([(0, 0), (100, 0)]), LineString([(0, 4), (100, 4)])], road=["A", "B"])
    right = layer([LineString([(100, 3), (200, 3)])], road=["A"])
    answer, _ = match(left, right, border, class_column="road", search=5.0)
    # B is nearer, but the road is A.
    assert answer.faults[["code", "class_left"]].values.tolist() == [["offset", "A"], ["broken", "B"]]


def test_a_line_that_runs_on_over_the_border_is_not_broken(layer, border):
    left = layer([LineString([(0, 0), (100, 0)])])
    through = layer([LineString([(200, -50), (100, 0), (200, 50)])])
    assert match(left, through, border)[0].faults.empty


def test_lines_that_meet_short_of_the_border_carry_each_other_on(layer, border):
    left = layer([LineString([(0, 0), (97, 0)]), LineString([(97, 0), (100, 0)])])
    assert match(left, layer([LineString([(100, 0), (200, 0)])]), border)[0].faults.empty


def test_the_border_may_be_the_units_themselves(layer):
    counties = layer([box(0, -100, 100, 300), box(100, -100, 200, 300)])
    left, right = layer([LineString([(0, 0), (100, 0)])]), layer([LineString([(150, 0), (200, 0)])])
    # The roads also end on the outer borders of both counties, which concern nobody here.
    assert told(match(left, right, counties)[0]) == [["broken", "0", ""]]
    with pytest.raises(BadInput, match="share no border"):
        match_edges(left, right, layer([box(0, 0, 10, 10), box(50, 0, 60, 10)]))


def test_bad_input_is_refused_in_one_sentence(layer, border):
    line = layer([LineString([(0, 0), (100, 0)])])
    with pytest.raises(BadInput, match="border: lines were given"):
        match_edges(line, line)
    with pytest.raises(WrongGeometry, match="two layers of polygons or two of lines"):
        match_edges(line, layer([box(0, 0, 1, 1)]), border)
    with pytest.raises(WrongGeometry, match="two layers of polygons or two of lines"):
        match_edges(layer([Point(0, 0)]), layer([Point(0, 0)]))


def test_empty_sides(layer, border):
    line = layer([LineString([(0, 0), (100, 0)])])
    assert told(match(line, line.iloc[:0], border)[0]) == [["broken", "0", ""]]
    plots = layer([box(0, 0, 1, 1)])
    assert match(plots, plots.iloc[:0])[0].faults.empty


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-4, 4), min_size=1, max_size=6))
def test_sides_may_change_places(offsets):
    """Strips of 10 m, each ending some metres short of the border or beyond it."""
    left = gpd.GeoDataFrame(
        geometry=[box(5e5, 3e6 + 10 * n, 5e5 + 100 + d, 3e6 + 10 * n + 10) for n, d in enumerate(offsets)],
        crs="EPSG:4549",
    )
    right = gpd.GeoDataFrame(geometry=[box(5e5 + 100, 3e6, 5e5 + 200, 3e6 + 10 * len(offsets))], crs="EPSG:4549")
    there, back = match(left, right)[0].faults, match(right, left)[0].faults
    assert sorted(there["code"]) == sorted(back["code"])
    assert there["area_m2"].sum() == pytest.approx(back["area_m2"].sum())
    claimed = there.loc[there["code"] == "overlap", "area_m2"].sum()
    assert claimed == pytest.approx(10 * sum(max(d, 0) for d in offsets))
    free = there.loc[there["code"] == "gap", "area_m2"].sum()
    assert free == pytest.approx(10 * sum(max(-d, 0) for d in offsets))
