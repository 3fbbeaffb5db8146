from __future__ import annotations

import geopandas as gpd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, Polygon, box

from spacegov.errors import BadInput, MissingColumn, WrongGeometry
from spacegov.ledger import collect
from spacegov.tools.foundation import compare_versions


def compare(before, after, **options):
    with collect() as ledger:
        answer = compare_versions(before, after, **{"key": "id", **options})
    return answer, ledger


@pytest.fixture
def before(layer):
    return layer(
        [box(10 * n, 0, 10 * n + 10, 10) for n in range(5)],
        id=["a", "b", "c", "d", "e"],
        use=["farm", "farm", "wood", "town", "wood"],
        owner=["x", "y", "z", "w", "v"],
    )


@pytest.fixture
def after(layer):
    """b is gone, c reclassified, d reshaped, e both, f new."""
    return layer(
        [box(0, 0, 10, 10), box(20, 0, 30, 10), box(30, 0, 40, 12), box(40, 0, 48, 10), box(90, 0, 95, 10)],
        id=["a", "c", "d", "e", "f"],
        use=["farm", "farm", "town", "town", "farm"],
        owner=["x", "z", "new", "v", "u"],
    )


def test_every_change_is_told_with_its_areas(before, after):
    answer, ledger = compare(before, after, class_column="use")
    columns = [
        "change",
        "feature_before",
        "feature_after",
        "class_before",
        "class_after",
        "edited",
        "gained_m2",
        "lost_m2",
    ]
    assert answer.features[columns].values.tolist() == [
        ["added", "", "f", "", "farm", "", 50.0, 0.0],
        ["removed", "b", "", "farm", "", "", 0.0, 100.0],
        ["reshaped", "d", "d", "town", "town", "owner", 20.0, 0.0],
        ["reclassified", "c", "c", "wood", "farm", "", 0.0, 0.0],
        ["reshaped-reclassified", "e", "e", "wood", "town", "", 0.0, 20.0],
        ["unchanged", "a", "a", "farm", "farm", "", 0.0, 0.0],
    ]
    figures = ledger.notes["figures"]
    assert [figures[name] for name in ("added", "removed", "reshaped", "reclassified", "unchanged")] == [1] * 5
    assert (figures["gained_m2"], figures["lost_m2"]) == pytest.approx((70.0, 120.0))


def test_the_matrix_balances_on_both_sides(before, after):
    answer, ledger = compare(before, after, class_column="use")
    assert answer.matrix.values.tolist() == [
        ["farm", "farm", 100.0],
        ["farm", "outside", 100.0],
        ["outside", "farm", 50.0],
        ["outside", "town", pytest.approx(20.0)],
        ["town", "town", 100.0],
        ["wood", "farm", 100.0],
        ["wood", "outside", pytest.approx(20.0)],
        ["wood", "town", pytest.approx(80.0)],
    ]
    assert [entry.whole for entry in ledger.balances] == pytest.approx([500.0, 450.0])


def test_vertices_added_on_an_edge_are_no_change(layer):
    square = layer([box(0, 0, 10, 10)], id=["a"])
    dense = layer([Polygon([(0, 0), (5, 0), (10, 0), (10, 10), (0, 10)])], id=["a"])
    assert compare(square, dense)[0].features["change"].tolist() == ["unchanged"]


def test_a_border_that_moved_less_than_the_tolerance_is_unchanged(layer):
    old, new = layer([box(0, 0, 10, 10)], id=["a"]), layer([box(0, 0, 10.001, 10)], id=["a"])
    assert compare(old, new)[0].features["change"].tolist() == ["unchanged"]
    assert compare(old, new, tolerance=0.0005)[0].features["change"].tolist() == ["reshaped"]


def test_by_place_where_keys_were_given_anew(layer, before):
    renamed = before.assign(id=["1", "2", "3", "4", "5"]).iloc[::-1].reset_index(drop=True)
    answer, _ = compare(before, renamed, match="place", class_column="use")
    assert answer.features["change"].tolist() == ["unchanged"] * 5
    assert answer.features[["feature_before", "feature_after"]].values.tolist() == [
        ["a", "1"], ["b", "2"], ["c", "3"], ["d", "4"], ["e", "5"],
    ]  # fmt: skip


def test_by_place_a_piece_split_off_is_added(layer):
    old = layer([box(0, 0, 100, 10)], id=["a"])
    new = layer([box(0, 0, 80, 10), box(80, 0, 100, 10)], id=["p", "q"])
    changes = compare(old, new, match="place")[0].features
    assert changes[["change", "feature_before", "feature_after"]].values.tolist() == [
        ["added", "", "q"],
        ["reshaped", "a", "p"],
    ]
    assert compare(old, new, match="place", min_overlap=0.9)[0].features["change"].tolist() == [
        "added",
        "added",
        "removed",
    ]


def test_lines_and_points_are_compared_too(layer):
    roads = layer([LineString([(0, 0), (10, 0)]), LineString([(0, 5), (10, 5)])], id=["a", "b"])
    moved = layer([LineString([(0, 0), (10, 0.5)]), LineString([(0, 5), (10, 5)])], id=["a", "b"])
    answer, _ = compare(roads, moved)
    assert answer.features["change"].tolist() == ["reshaped", "unchanged"]
    assert len(answer.matrix) == 0
    wells = layer([Point(0, 0), Point(5, 5)], id=["a", "b"])
    assert compare(wells, wells.iloc[[0]], match="place")[0].features["change"].tolist() == ["removed", "unchanged"]


def test_the_layers_own_key_is_used(before, after):
    for frame in (before, after):
        frame.attrs["key"] = "id"
    assert compare(before, after, key=None)[0].features["feature_after"].tolist()[0] == "f"


def test_a_version_that_overlaps_itself_is_doubted(layer):
    twice = layer([box(0, 0, 10, 10), box(5, 0, 15, 10)], id=["a", "b"])
    _, ledger = compare(twice, twice)
    assert {entry.where for entry in ledger.doubts} == {"before", "after"}


def test_bad_input_is_refused_in_one_sentence(layer, before, after):
    with pytest.raises(BadInput, match="before: it has no key to find its features again"):
        compare(before, after, key=None)
    with pytest.raises(BadInput, match="before: 'a' names more than one feature"):
        compare(before.assign(id=["a"] * 5), after)
    with pytest.raises(BadInput, match="1 features have no 'id'"):
        compare(before.assign(id=["a", "b", "c", "d", None]), after)
    with pytest.raises(MissingColumn, match="the column 'uses' is missing"):
        compare(before, after, class_column="uses")
    with pytest.raises(WrongGeometry, match="points, lines and polygons are mixed"):
        compare(before, layer([Point(0, 0)], id=["a"]))


def test_empty_versions(before):
    assert set(compare(before, before.iloc[:0])[0].features["change"]) == {"removed"}
    assert set(compare(before.iloc[:0], before)[0].features["change"]) == {"added"}


cells = st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 4), st.integers(1, 4))


@settings(max_examples=25, deadline=None)
@given(st.lists(cells, min_size=1, max_size=5), st.lists(cells, min_size=1, max_size=5))
def test_forwards_and_backwards_mirror_each_other(old, new):
    def frame(rectangles):
        shapes = [box(5e5 + x, 3e6 + y, 5e5 + x + w, 3e6 + y + h) for x, y, w, h in rectangles]
        return gpd.GeoDataFrame({"id": [str(n) for n in range(len(shapes))]}, geometry=shapes, crs="EPSG:4549")

    there, back = compare(frame(old), frame(new))[0].features, compare(frame(new), frame(old))[0].features
    assert (there["change"] == "added").sum() == (back["change"] == "removed").sum()
    assert (there["change"] == "unchanged").sum() == (back["change"] == "unchanged").sum()
    assert there["gained_m2"].sum() == pytest.approx(back["lost_m2"].sum())
    difference = there["area_after_m2"].sum() - there["area_before_m2"].sum()
    assert there["gained_m2"].sum() - there["lost_m2"].sum() == pytest.approx(difference, abs=1e-6)
