"""map_landslide_susceptibility: golden information values, AUC by counting pairs, and a slope with a known cause."""

import numpy as np
import pandas as pd
import pytest
from affine import Affine
from geopandas import GeoDataFrame, points_from_xy
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, box

from spacegov import ledger
from spacegov.errors import BadInput, BadPolicy, BadRaster
from spacegov.raster import Raster
from spacegov.toolbox.policy import read_policy
from spacegov.tools.security import map_landslide_susceptibility
from spacegov.tools.security._information import area_under_curve, information_values, roc_points, spatial_folds

GRADES = read_policy("landslide-grades-2024")
CELL, SIZE = 50.0, 80


def grid(values, **attrs):
    return Raster.from_array(values, Affine(CELL, 0, 500_000, 0, -CELL, 3_260_000), "EPSG:4549", **attrs)


def hills():
    """West flat, east rising ever more steeply, with a little of its own height everywhere."""
    x = np.arange(SIZE, dtype=float)
    profile = np.where(x < 40, 100.0, 100.0 + (x - 40) ** 2)
    rough = np.random.default_rng(1).normal(0, 0.5, (SIZE, SIZE))
    return profile[None, :] + rough


def events(number, columns, seed=2):
    random = np.random.default_rng(seed)
    column = random.choice(np.arange(*columns), number)
    row = random.integers(2, SIZE - 2, number)
    x = 500_000 + (column + 0.5) * CELL
    y = 3_260_000 - (row + 0.5) * CELL
    return GeoDataFrame(geometry=points_from_xy(x, y), crs="EPSG:4549")


def susceptibility(*args, **options):
    with ledger.collect() as book:
        answer = map_landslide_susceptibility(*args, **{"grades": GRADES, **options})
    return answer, book


def test_golden_information_values():
    counts, ground = np.array([6.0, 4, 0]), np.array([200.0, 300, 500])
    assert information_values(counts, ground).tolist() == pytest.approx([1.0986, 0.2877, -np.inf], abs=5e-5)
    assert information_values(counts, ground, "add-half") == pytest.approx([1.0389, 0.2657, -2.4423], abs=5e-5)
    assert information_values(counts, ground, "lowest") == pytest.approx([1.0986, 0.2877, 0.2877], abs=5e-5)
    # counts may be areas in any unit
    assert information_values(counts * 7, ground / 3) == pytest.approx(information_values(counts, ground))


scores = st.lists(st.integers(0, 5), min_size=1, max_size=12)


@settings(deadline=None)
@given(scores, scores)
def test_auc_counts_pairs(events_, others):
    a, b = np.array(events_, float), np.array(others, float)
    pairs = [1.0 if e > o else 0.5 if e == o else 0.0 for e in a for o in b]
    area, low, high = area_under_curve(a, b)
    assert area == pytest.approx(np.mean(pairs))
    assert 0 <= low <= area <= high <= 1
    _, true, false = roc_points(a, b)
    assert (np.diff(true) >= 0).all()
    assert (np.diff(false) >= 0).all()
    assert true[-1] == false[-1] == 1


def test_delong_interval_of_a_published_size():
    # Hanley and McNeil's setting: 109 others, 33 events with normal scores one deviation apart gives an AUC near .76
    random = np.random.default_rng(5)
    area, low, high = area_under_curve(random.normal(1, 1, 4000), random.normal(0, 1, 4000))
    assert area == pytest.approx(0.7602, abs=0.015)
    # the standard error of two samples of 4000 by DeLong is about .0053
    assert (high - low) / 2 / 1.96 == pytest.approx(0.0053, abs=3e-4)


def test_folds_are_blocks_and_every_fold_is_spread():
    fold = spatial_folds((100, 100), 10, 5)
    assert np.bincount(fold.ravel()).tolist() == [2000] * 5
    assert (fold[:10, :10] == fold[0, 0]).all()
    assert fold[0, 10] != fold[0, 0] != fold[10, 0]


def test_steep_ground_is_graded_highest_and_the_model_holds_where_it_was_not_made():
    answer, book = susceptibility(events(200, (60, 78)), grid(hills()), block=500.0)
    zones = answer.zones.set_index("grade")
    assert zones.loc["very-high", "ratio"] > 3
    assert zones.loc["low", "events"] == 0
    known = zones[zones["answer"] == "present"]
    assert known["area_share"].sum() == pytest.approx(1)
    assert known["area_share"].tolist() == pytest.approx([0.5, 0.25, 0.15, 0.1], abs=0.02)
    validation = answer.validation.set_index("sample")
    assert 0.85 < validation.loc["cross-validation", "auc"] <= validation.loc["model", "auc"] <= 1
    assert validation.loc["cross-validation", "events"] == validation.loc["model", "events"]
    # the outer ring of cells has no slope
    assert zones.loc["not_covered", "area_m2"] == pytest.approx((SIZE * 4 - 4) * CELL**2)
    assert zones["area_m2"].sum() == pytest.approx((SIZE * CELL) ** 2)
    assert book.notes["figures"]["auc"] == validation.loc["cross-validation", "auc"]


def test_class_tables_add_up_and_say_where_no_event_was():
    answer, _ = susceptibility(events(200, (60, 78)), grid(hills()))
    classes = answer.classes
    counted = classes.groupby("factor")["events"].sum()
    assert counted.nunique() == 1
    assert classes.groupby("factor")["area_m2"].sum().nunique() == 1
    empty = classes[(classes["events"] == 0) & (classes["area_m2"] > 0)]
    assert np.isneginf(empty["information_value"]).all()
    assert np.isfinite(empty["value_used"]).all()


def test_events_without_a_cause_raise_a_doubt():
    _, book = susceptibility(
        events(60, (2, 78)), grid(np.random.default_rng(3).normal(100, 1, (SIZE, SIZE))), block=500.0
    )
    assert any("does not tell events" in doubt.text for doubt in book.doubts)


def test_codes_and_distances_are_factors():
    codes = np.where(np.arange(SIZE)[None, :] < 60, 1, 2) * np.ones((SIZE, 1), int)
    river = GeoDataFrame(geometry=[LineString([(500_000, 3_258_000), (504_000, 3_258_000)])], crs="EPSG:4549")
    river.attrs["layer"] = "river"
    answer, _ = susceptibility(
        events(100, (60, 78)), grid(hills()), [grid(codes, layer="rock")], [river], categorical=["rock"]
    )
    rock = answer.classes[answer.classes["factor"] == "rock"].set_index("class")
    assert rock.loc["1", "events"] == 0
    assert rock.loc["2", "information_value"] == pytest.approx(np.log(1 / (19 / 78)))
    assert "distance to river" in set(answer.classes["factor"])


def test_unknown_factors_leave_cells_unanswered_and_events_there_are_dropped():
    terrain = hills()
    terrain[:, 70:] = np.nan
    answer, book = susceptibility(events(200, (60, 78)), grid(terrain))
    assert np.isnan(answer.score.read()[:, 69:]).all()
    assert book.drops[0].count > 0
    assert answer.zones["events"].sum() <= 200 - book.drops[0].count


def test_ground_that_nobody_surveyed_teaches_nothing():
    inner = GeoDataFrame(geometry=[box(502_000, 3_256_000, 504_000, 3_260_000)], crs="EPSG:4549")
    answer, book = susceptibility(events(200, (60, 78)), grid(hills()), coverage={"events": inner})
    # the east half, less the rim without slope
    assert answer.classes.groupby("factor")["area_m2"].sum().iloc[0] == pytest.approx(39 * 78 * CELL**2)
    assert any("never surveyed" in doubt.text for doubt in book.doubts)
    assert answer.validation.loc[0, "cells"] == 39 * 78


@settings(deadline=None, max_examples=5)
@given(st.randoms())
def test_order_of_events_does_not_matter(random):
    points = events(80, (60, 78))
    order = list(range(len(points)))
    random.shuffle(order)
    one, _ = susceptibility(points, grid(hills()))
    two, _ = susceptibility(points.iloc[order], grid(hills()))
    pd.testing.assert_frame_equal(one.classes, two.classes)
    pd.testing.assert_frame_equal(one.validation, two.validation)


def test_bad_input_is_refused_in_one_sentence():
    terrain = grid(hills())
    with pytest.raises(BadInput, match="cells with an event"):
        map_landslide_susceptibility(events(5, (60, 78)), terrain, grades=GRADES)
    with pytest.raises(BadPolicy, match="begin at 0"):
        map_landslide_susceptibility(events(50, (60, 78)), terrain, grades=GRADES.assign(from_share=0.5))
    other = Raster.from_array(np.ones((4, 4)), Affine(CELL, 0, 500_000, 0, -CELL, 3_260_000), "EPSG:4549")
    with pytest.raises(BadRaster, match="different cells"):
        map_landslide_susceptibility(events(50, (60, 78)), terrain, [other], grades=GRADES)
    with pytest.raises(BadInput, match="no factor 'rock'"):
        map_landslide_susceptibility(events(50, (60, 78)), terrain, grades=GRADES, categorical=["rock"])
