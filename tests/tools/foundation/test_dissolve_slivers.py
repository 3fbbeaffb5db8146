from __future__ import annotations

import itertools

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from spacegov.errors import BadInput, EmptyLayer
from spacegov.ledger import collect
from spacegov.toolbox import read_policy
from spacegov.tools.foundation import dissolve_slivers


@pytest.fixture
def strip(layer):
    """A wood, a narrow road, a field in a row; the field shares a longer border with the road."""
    return layer(
        [box(0, 0, 50, 8), box(50, 0, 55, 10), box(55, 0, 100, 10)],
        **{"class": ["wood", "road", "field"]},
        name="plots",
    )


def merged(frame, **options):
    with collect() as ledger:
        answer = dissolve_slivers(frame, **{"class_column": "class", **options})
    return answer, ledger


def test_a_small_piece_goes_where_its_border_is_longest(strip):
    answer, ledger = merged(strip, min_area=100)
    # The road of 50 m² shares 8 m with the wood and 10 m with the field.
    row = answer.merges.iloc[0]
    assert row[["feature", "class", "into_class", "reason"]].tolist() == ["1", "road", "field", "longest-border"]
    assert row[["area_m2", "shared_m"]].tolist() == pytest.approx([50.0, 10.0], abs=0.01)
    assert answer.layer[["class", "area_m2", "merged"]].values.tolist() == [["wood", 400.0, 0], ["field", 500.0, 1]]
    assert ledger.balances[0].whole == pytest.approx(900.0)
    assert ledger.notes["figures"]["changed_class"] == 1


def test_its_own_group_comes_first(layer):
    frame = layer(
        [box(0, 0, 50, 8), box(50, 0, 55, 10), box(55, 0, 100, 10)],
        **{"class": ["lane", "road", "field"], "kind": ["t", "t", "f"]},
    )
    answer, _ = merged(frame, min_area=100, group="kind")
    assert answer.merges[["into_class", "reason"]].values.tolist() == [["lane", "same-group"]]


def test_within_the_group_only(strip):
    answer, ledger = merged(strip, min_area=100, within_group=True)
    assert answer.merges[["into", "reason"]].values.tolist() == [["", "other-group-only"]]
    assert len(answer.layer) == 3
    assert ledger.notes["figures"]["kept_small"] == 1


def test_a_piece_alone_stays_and_is_told(layer):
    answer, _ = merged(
        layer([box(0, 0, 50, 50), box(90, 0, 91, 1), box(50, 50, 51, 51)], **{"class": list("abc")}), min_area=10
    )
    # The third touches the first in a corner only.
    assert answer.merges[["feature", "reason"]].values.tolist() == [["1", "no-neighbour"], ["2", "no-neighbour"]]
    assert len(answer.layer) == 3


def test_chains_of_small_pieces_grow_together(layer):
    # 1 m² and 2 m² pieces become one of 3 m², which reaches the unit of 3 m² and stays.
    frame = layer([box(0, 0, 1, 1), box(1, 0, 3, 1), box(3, 0, 6, 1)], **{"class": ["a", "a", "b"]})
    answer, _ = merged(frame, min_area=3)
    assert answer.layer[["class", "area_m2", "merged"]].values.tolist() == [["a", 3.0, 1], ["b", 3.0, 0]]
    longer, _ = merged(frame, min_area=3.5)
    assert longer.layer[["area_m2", "merged"]].values.tolist() == [[6.0, 2]]
    assert longer.merges["final"].nunique() == 1


def test_units_by_class_and_their_groups(layer):
    table = read_policy("minimum-mapping-units-survey-2019")
    frame = layer(
        [box(0, 0, 15, 20), box(15, 0, 30, 20), box(30, 0, 100, 40), box(0, 20, 30, 50)],
        **{"class": ["0601", "0101", "0103", "0701"]},
    )
    answer, _ = merged(frame, min_areas=table)
    # 300 m² of industry reach 200 m²; 300 m² of paddy do not reach 400 m² and go to the other farmland.
    assert answer.merges[["class", "into_class", "reason"]].values.tolist() == [["0101", "0103", "same-group"]]


def test_classes_the_table_does_not_know_are_kept_and_told(strip):
    table = pd.DataFrame({"class": ["wood"], "min_area_m2": [10.0]})
    answer, ledger = merged(strip, min_areas=table)
    assert len(answer.layer) == 3
    assert ledger.doubts[0].text == "no minimum mapping unit is known for field, road; these pieces are kept"
    assert len(merged(strip, min_areas=table, min_area=100)[0].layer) == 2


def test_borders_a_millimetre_apart_are_shared(layer):
    frame = layer([box(0, 0, 50, 10), box(50.001, 0, 54, 10)], **{"class": ["a", "b"]})
    assert len(merged(frame, min_area=100)[0].merges.query("into != ''")) == 1
    assert len(merged(frame, min_area=100, tolerance=0.0001)[0].merges.query("into != ''")) == 0


def test_names_columns_and_crs_are_kept(strip):
    named = strip.assign(plot=["A", "B", "C"])
    answer, _ = merged(named, min_area=100, id_column="plot")
    assert answer.merges[["feature", "into", "final"]].values.tolist() == [["B", "C", "C"]]
    assert list(answer.layer.columns) == ["class", "geometry", "plot", "area_m2", "merged"]
    assert answer.layer.crs == strip.crs == answer.merges.crs


def test_nothing_small_leaves_the_layer_as_it_is(strip):
    answer, _ = merged(strip, min_area=1)
    assert len(answer.merges) == 0
    assert answer.layer.geometry.geom_equals(strip.geometry).all()


def test_bad_input_is_refused_in_one_sentence(layer, strip):
    with pytest.raises(BadInput, match="no minimum mapping unit was given"):
        dissolve_slivers(strip)
    with pytest.raises(BadInput, match="the column of the classes is needed"):
        dissolve_slivers(strip, min_areas=pd.DataFrame({"class": ["a"], "min_area_m2": [1.0]}))
    with pytest.raises(BadInput, match="1 pairs of polygons overlap, the first are records 0 and 1"):
        dissolve_slivers(layer([box(0, 0, 10, 10), box(9, 0, 20, 10)]), min_area=5)
    with pytest.raises(EmptyLayer, match="no polygon"):
        dissolve_slivers(strip.iloc[:0], min_area=5)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(1, 30), st.randoms(use_true_random=False))
def test_area_is_kept_nothing_small_with_neighbours_is_left_and_order_is_free(seed, unit, random):
    """A tiling of 12 × 12 m by random cuts."""
    generator = np.random.default_rng(seed)
    xs = np.r_[0, np.sort(generator.choice(np.arange(1, 12), 4, replace=False)), 12]
    shapes = []
    for left, right in itertools.pairwise(xs):
        ys = np.r_[0, np.sort(generator.choice(np.arange(1, 12), 3, replace=False)), 12]
        shapes += [box(5e5 + left, 3e6 + low, 5e5 + right, 3e6 + high) for low, high in itertools.pairwise(ys)]
    frame = gpd.GeoDataFrame(
        {"class": generator.choice(list("abc"), len(shapes)), "plot": [f"{n:02}" for n in range(len(shapes))]},
        geometry=shapes,
        crs="EPSG:4549",
    )
    with collect():
        answer = dissolve_slivers(frame, min_area=unit, class_column="class", id_column="plot").layer
        shuffled = frame.iloc[random.sample(range(len(frame)), len(frame))]
        turned = dissolve_slivers(shuffled, min_area=unit, class_column="class", id_column="plot").layer
    assert answer["area_m2"].sum() == pytest.approx(144)
    assert (answer["area_m2"] >= unit).all() or len(answer) == 1
    assert shapely.union_all(answer.geometry.values).area == pytest.approx(144)
    left, right = answer.sort_values("plot"), turned.sort_values("plot")
    assert left["plot"].tolist() == right["plot"].tolist()
    assert shapely.equals(left.geometry.values, right.geometry.values).all()
