from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from spacegov.errors import BadInput, EmptyLayer, MissingColumn
from spacegov.ledger import collect
from spacegov.tools.foundation import measure_land_use_change


@pytest.fixture
def surveys(layer):
    """A hectare, half farm and half wood; 30 m × 100 m of farm become town, 10 m × 100 m of wood become farm."""
    before = layer([box(0, 0, 50, 100), box(50, 0, 100, 100)], **{"class": ["farm", "wood"]}, name="old")
    after = layer(
        [box(0, 0, 30, 100), box(30, 0, 60, 100), box(60, 0, 100, 100)],
        **{"class": ["town", "farm", "wood"]},
        name="new",
    )
    return before, after


def measure(before, after, **options):
    with collect() as ledger:
        answer = measure_land_use_change(before, after, **{"years": 5.0, **options})
    return answer, ledger


def test_matrix_gain_loss_and_degrees(surveys):
    answer, ledger = measure(*surveys)
    assert answer.matrix[["class_before", "class_after", "area_m2"]].values.tolist() == [
        ["farm", "farm", 2000.0],
        ["farm", "town", 3000.0],
        ["wood", "farm", 1000.0],
        ["wood", "wood", 4000.0],
    ]
    assert answer.matrix["share"].tolist() == pytest.approx([0.4, 0.6, 0.2, 0.8])
    table = answer.classes.set_index("class")
    assert table.loc["farm", ["before_m2", "after_m2", "unchanged_m2", "loss_m2", "gain_m2", "net_m2"]].tolist() == [
        5000.0, 3000.0, 2000.0, 3000.0, 1000.0, -2000.0,
    ]  # fmt: skip
    # K = (3000 - 5000) / 5000 / 5 a = -8 % a year; turnover (3000 + 1000) / 5000 / 5 a = 16 %.
    assert table.loc["farm", ["dynamic_degree", "turnover_degree"]].tolist() == pytest.approx([-0.08, 0.16])
    assert np.isnan(table.loc["town", "dynamic_degree"])
    # Σ loss / (2 Σ area) / T = 4000 / 20000 / 5.
    assert ledger.notes["figures"]["comprehensive_degree"] == pytest.approx(0.04)
    assert ledger.notes["figures"]["changed_m2"] == pytest.approx(4000.0)
    assert [entry.what for entry in ledger.balances] == ["area before, by class", "area after, by class"]


def test_changed_ground_is_given_with_its_patches(surveys):
    changes = measure(*surveys)[0].changes
    assert changes[["class_before", "class_after", "feature_before", "feature_after", "area_m2"]].values.tolist() == [
        ["farm", "town", "0", "0", 3000.0],
        ["wood", "farm", "1", "1", 1000.0],
    ]
    assert changes.geometry.area.tolist() == pytest.approx([3000.0, 1000.0])


def test_ground_of_one_survey_only_is_outside(layer, surveys):
    before, after = surveys
    answer, _ = measure(before, after.iloc[:2])
    rows = {tuple(row[:2]): row[2] for row in answer.matrix[["class_before", "class_after", "area_m2"]].values.tolist()}
    assert rows["wood", "outside"] == pytest.approx(4000.0)
    assert answer.matrix["share"].notna().all()
    grown, _ = measure(before.iloc[:1], after)
    rows = {tuple(row[:2]): row[2] for row in grown.matrix[["class_before", "class_after", "area_m2"]].values.tolist()}
    assert rows["outside", "wood"] == pytest.approx(4000.0)
    assert "outside" not in set(grown.classes["class"])


def test_slivers_stay_in_the_matrix_and_are_no_change_patches(layer):
    before = layer([box(0, 0, 50, 100), box(50, 0, 100, 100)], **{"class": ["a", "b"]})
    after = layer([box(0, 0, 50.001, 100), box(50.001, 0, 100, 100)], **{"class": ["a", "b"]})
    answer, ledger = measure(before, after)
    assert answer.changes.empty
    assert answer.matrix.set_index(["class_before", "class_after"])["area_m2"]["b", "a"] == pytest.approx(0.1, abs=1e-6)
    assert ledger.drops[0].reason == "changes nowhere wider than 0.002 m"


def test_change_between_groups(surveys):
    groups = pd.DataFrame({"class": ["farm", "wood"], "group": ["green", "green"]})
    answer, _ = measure(*surveys, groups=groups)
    assert answer.matrix[["class_before", "class_after", "area_m2"]].values.tolist() == [
        ["green", "green", 7000.0],
        ["green", "town", 3000.0],
    ]


def test_patches_without_a_class_are_counted_and_told(surveys):
    before, after = surveys
    answer, ledger = measure(before.assign(**{"class": ["farm", None]}), after)
    assert "unclassified" in set(answer.matrix["class_before"])
    assert ledger.doubts[0].text == "1 patches have no 'class' and are counted as unclassified"


def test_bad_input_is_refused_in_one_sentence(layer, surveys):
    before, after = surveys
    with pytest.raises(BadInput, match="years: 0 was given"):
        measure(before, after, years=0)
    with pytest.raises(BadInput, match="missing a required argument: 'years'"):
        measure_land_use_change(before, after)
    with pytest.raises(EmptyLayer, match="after: the survey has no patch"):
        measure(before, after.iloc[:0])
    with pytest.raises(MissingColumn, match="the column 'use' is missing"):
        measure(before, after, class_before="use")
    twice = layer([box(0, 0, 60, 100), box(50, 0, 100, 100)], **{"class": ["a", "b"]})
    with pytest.raises(BadInput, match="before: 1 pairs of patches overlap, the first are records 0 and 1"):
        measure(twice, after)


codes = st.lists(st.sampled_from("abc"), min_size=36, max_size=36)


@settings(max_examples=25, deadline=None)
@given(codes, codes)
def test_the_matrix_is_what_counting_cells_gives(old, new):
    def tiles(letters, side):
        """Cells of 6 × 6 m, cut into 36 plots; the second survey is cut elsewhere but drawn from the same cells."""
        return gpd.GeoDataFrame(
            {"class": letters},
            geometry=[box(5e5 + n % 6, 3e6 + n // 6, 5e5 + n % 6 + 1, 3e6 + n // 6 + 1) for n in range(side)],
            crs="EPSG:4549",
        )

    before = tiles(old, 36).dissolve("class", as_index=False)
    after = tiles(new, 36)
    answer, _ = measure(before, after)
    counted = pd.crosstab(np.array(old), np.array(new))
    for a in counted.index:
        for b in counted.columns:
            found = answer.matrix.query("class_before == @a and class_after == @b")["area_m2"].sum()
            assert found == pytest.approx(counted.loc[a, b], abs=1e-9)
    table = answer.classes
    assert table["net_m2"].sum() == pytest.approx(0, abs=1e-9)
    assert (table["after_m2"] - table["before_m2"]).tolist() == pytest.approx(table["net_m2"].tolist(), abs=1e-9)
    assert answer.changes["area_m2"].sum() == pytest.approx(table["loss_m2"].sum())


def test_the_planted_change_of_the_sample_county_is_measured():
    import spacegov
    from spacegov import yaml12
    from spacegov.content import content_path

    truth = yaml12.load(content_path("sample_data") / "truth.yaml")["land_use_change"]
    workspace = spacegov.open()
    before, after = (workspace.layers[truth[side]].read() for side in ("from", "to"))
    with collect():
        answer = measure_land_use_change(before, after, years=5.0)
    assert answer.changes["area_m2"].sum() == pytest.approx(truth["changed_m2"], rel=1e-9)
    found = answer.changes.groupby(["class_before", "class_after"])["area_m2"].agg(["size", "sum"])
    planted = {tuple(pair.split(">")): facts for pair, facts in truth["transitions"].items()}
    assert set(found.index) == set(planted)
    for pair, facts in planted.items():
        assert found.loc[pair, "size"] == facts["patches"]
        assert found.loc[pair, "sum"] == pytest.approx(facts["area_m2"], abs=0.001)
