"""Areas by pair of classes: hand-computed, balanced, and independent of order."""

import math

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely

from spacegov import ledger
from spacegov.errors import BadInput, MissingColumn
from spacegov.kernels import pair_areas, polygon_areas, tabulate_areas


def layer(corners, column, values, crs=32650):
    return geopandas.GeoDataFrame({column: values}, geometry=[shapely.box(*corner) for corner in corners], crs=crs)


def mesh(cells, size, seed, classes, column):
    random = np.random.default_rng(seed)
    corners = [(i * size, j * size, (i + 1) * size, (j + 1) * size) for i in range(cells) for j in range(cells)]
    return layer(corners, column, random.integers(0, classes, len(corners)))


def test_classes_by_hand_with_balance():
    plots = layer([(0, 0, 10, 10), (10, 0, 20, 10), (20, 0, 30, 10)], "use", ["town", "farm", "farm"])
    zones = layer([(0, 0, 15, 5), (15, 0, 100, 4)], "zone", ["red", "blue"])
    table = tabulate_areas(plots, zones, by=("use", "zone"), balance=True)
    assert table.to_dict("list") == {
        "use": ["farm", "farm", "farm", "town", "town"],
        "zone": ["blue", "red", None, "red", None],
        "area_m2": [60.0, 25.0, 115.0, 50.0, 50.0],
    }


def test_the_balance_stands_in_the_ledger_and_sums_to_the_whole():
    plots, zones = mesh(20, 7.3, 1, 5, "use"), mesh(9, 11.1, 2, 4, "zone")
    with ledger.collect() as book:
        table = tabulate_areas(plots, zones, by=("use", "zone"), balance=True)
    assert book.balances[0].what == "area of left"
    whole = pd.Series(polygon_areas(plots)).groupby(plots["use"].to_numpy()).sum()
    sums = table.groupby("use")["area_m2"].sum()
    np.testing.assert_allclose(sums, whole, rtol=1e-12)
    assert table["zone"].isna().any()


def test_totals_are_the_sums_of_the_pairs():
    plots, zones = mesh(20, 7.3, 1, 5, "use"), mesh(9, 11.1, 2, 4, "zone")
    pairs = pair_areas(plots, zones)
    keys = [plots["use"].to_numpy()[pairs["left_index"]], zones["zone"].to_numpy()[pairs["right_index"]]]
    table = tabulate_areas(plots, zones, by=("use", "zone"))
    for row in table.itertuples():
        areas = pairs["area_m2"][(keys[0] == row.use) & (keys[1] == row.zone)]
        assert row.area_m2 == pytest.approx(math.fsum(areas), rel=1e-15)
    assert table["area_m2"].sum() == pytest.approx(math.fsum(pairs["area_m2"]), rel=1e-14)


def test_totals_do_not_depend_on_order_or_threads_to_the_last_bit():
    plots, zones = mesh(60, 7.3, 1, 5, "use"), mesh(40, 11.1, 2, 4, "zone")
    first = tabulate_areas(plots, zones, by=("use", "zone"), threads=1)
    for seed in range(3):
        again = tabulate_areas(
            plots.sample(frac=1, random_state=seed), zones.sample(frac=1, random_state=seed), by=("use", "zone")
        )
        assert again.equals(first)


def test_many_classes_are_summed_as_well_as_few():
    plots, zones = mesh(60, 7.3, 1, 5, "plot"), mesh(40, 11.1, 2, 4, "zone")
    plots["plot"], zones["zone"] = np.arange(len(plots)), np.arange(len(zones))
    table = tabulate_areas(plots, zones, by=("plot", "zone"))
    pairs = pair_areas(plots, zones)
    assert len(plots) * len(zones) > 1 << 21
    np.testing.assert_array_equal(table["plot"], pairs["left_index"])
    np.testing.assert_array_equal(table["zone"], pairs["right_index"])
    np.testing.assert_allclose(table["area_m2"], pairs["area_m2"], rtol=1e-12)


def test_equal_names_are_told_apart_and_missing_values_are_a_class():
    plots = layer([(0, 0, 10, 10), (10, 0, 20, 10)], "use", ["farm", None])
    table = tabulate_areas(plots, plots, by=("use", "use"))
    assert list(table.columns) == ["use_left", "use_right", "area_m2"]
    assert table["area_m2"].tolist() == [100.0, 100.0]
    assert table["use_left"].isna().tolist() == [False, True]


def test_a_balance_needs_a_right_layer_counted_once():
    plots = layer([(0, 0, 10, 10)], "use", ["farm"])
    twice = layer([(0, 0, 6, 10), (4, 0, 8, 10)], "zone", ["red", "blue"])
    with pytest.raises(BadInput, match=r"right overlaps itself by 20 square units in 1 pairs .* rows 0 and 1"):
        tabulate_areas(plots, twice, by=("use", "zone"), balance=True)
    assert tabulate_areas(plots, twice, by=("use", "zone"))["area_m2"].tolist() == [40.0, 60.0]
    unnamed = layer([(0, 0, 6, 10)], "zone", [None])
    with pytest.raises(BadInput, match="rows without a class"):
        tabulate_areas(plots, unnamed, by=("use", "zone"), balance=True)


def test_an_absent_column_is_named():
    plots = layer([(0, 0, 10, 10)], "use", ["farm"])
    with pytest.raises(MissingColumn, match=r"left has no column 'usage'.*did you mean 'use'"):
        tabulate_areas(plots, plots, by=("usage", "use"))


def test_layers_apart_give_an_empty_table_or_all_outside():
    plots, zones = layer([(0, 0, 10, 10)], "use", ["farm"]), layer([(50, 50, 60, 60)], "zone", ["red"])
    assert tabulate_areas(plots, zones, by=("use", "zone")).empty
    table = tabulate_areas(plots, zones[:0], by=("use", "zone"), balance=True)
    assert table.to_dict("list") == {"use": ["farm"], "zone": [None], "area_m2": [100.0]}
