"""What is planted in the papers of plans is in the data, and found again by plain pandas and shapely."""

import numpy as np
import pandas as pd
import pytest
import shapely


def test_the_figures_of_the_text_contradict_the_map_where_planted(layer, truth):
    planted = truth["plan_figures"]
    plan, text = layer("planned.land-use-plan"), layer("planned.land-use-figures").set_index("use")["area_ha"]
    drawn = plan.geometry.area.groupby(plan["use"]).sum() / 10_000
    added = {row["use"]: row["added_ha"] for row in planted["differs"]}
    assert set(drawn.index) - set(text.index) == set(planted["only_map"])
    assert set(text.index) - set(drawn.index) == {*planted["only_table"], "total"}
    for use in drawn.index.intersection(text.index):
        assert text[use] - drawn[use] == pytest.approx(added.get(use, 0.0), abs=0.006)
    assert text["total"] == pytest.approx(drawn.sum(), abs=0.006)
    assert len(text) == planted["lines"] + 1


def test_the_limits_of_the_master_plan_are_broken_where_planted(layer, truth):
    planted = truth["master_limits"]
    limits, units = layer("planned.master-plan-limits"), layer("planned.detailed-plan").set_index("unit_id")
    place, row = shapely.STRtree(limits.geometry.to_numpy()).query(units.representative_point(), predicate="within")
    joined = units.iloc[place].join(limits.iloc[row].set_index(units.index[place]).add_suffix("_master"))
    assert set(units.index) - set(joined.index) == {planted["outside"]}
    wrong = {
        "ratio_max": joined["ratio_max"] - joined["ratio_max_master"],
        "height_max_m": joined["height_max_m"] - joined["height_max_m_master"],
        "green_min": joined["green_min_master"] - joined["green_min"],
    }
    found = [(unit, item) for item, excess in wrong.items() for unit in joined.index[excess > 1e-9]]
    assert sorted(found) == sorted((case["unit_id"], case["item"]) for case in planted["intensity"])
    for case in planted["intensity"]:
        assert wrong[case["item"]][case["unit_id"]] == pytest.approx(abs(case["difference"]))
    assert joined.index[joined["ratio_max_master"].isna()].tolist() == [planted["without_limit"]]
    assert joined.index[joined["use_master"] != "urban"].tolist() == [planted["use"]]


def test_facilities_are_missing_where_planted(layer, truth):
    there = layer("planned.service-facilities")["kind"].value_counts()
    wanted = layer("planned.facility-requirements").set_index("kind")["count"]
    missing = (wanted - there.reindex(wanted.index)).pipe(lambda left: left[left > 0])
    assert missing.to_dict() == {row["kind"]: row["missing"] for row in truth["facility_requirements"]["missing"]}


def test_the_neighbours_plan_fits_but_where_planted(layer, truth):
    planted = truth["edge_faults"]
    plan, strip = layer("planned.land-use-plan"), layer("planned.neighbour-land-use-plan").set_index("patch_id")
    here, there = plan.geometry.to_numpy(), strip.geometry.to_numpy()
    assert shapely.is_valid(there).all()
    ours, theirs = shapely.STRtree(there).query(here, predicate="intersects")
    shared = pd.Series(shapely.area(shapely.intersection(here[ours], there[theirs])), index=strip.index[theirs])
    overlaps = shared.groupby(level=0).sum().pipe(lambda area: area[area > 1e-3])
    assert overlaps.to_dict() == pytest.approx(
        {row["patch_id"]: row["area_m2"] for row in planted["overlaps"]}, abs=0.01
    )
    county = shapely.union_all(here[np.unique(ours)])
    for row in planted["gaps"]:
        patch = strip.geometry[row["patch_id"]]
        moved = shapely.transform(patch, lambda points, width=row["width_m"]: points - [width, 0.0])
        gap = shapely.difference(shapely.difference(moved, patch), county)
        assert shapely.area(gap) == pytest.approx(row["area_m2"], rel=0.02)
        assert shapely.distance(patch, county) < row["width_m"]
    breaks = {row["patch_id"] for row in planted["class_breaks"]}
    lengths = shapely.length(shapely.intersection(shapely.boundary(here[ours]), shapely.boundary(there[theirs])))
    differ = plan["use"].to_numpy()[ours] != strip["use"].to_numpy()[theirs]
    apart = {*breaks, *overlaps.index}
    assert set(strip.index[theirs[(lengths > 1) & differ]]) - apart == set()
    assert breaks <= set(strip.index[theirs[(lengths > 1) & differ]])
