"""summarize_zones: homes and facilities counted once, in the strictest zone they meet."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, box

from spacegov import ledger
from spacegov.errors import BadInput, MissingColumn
from spacegov.tools.emergency import summarize_zones

ZONES = {"zone_id": ["p-1", "c-1", "k-1"], "zone": ["prevention", "containment", "control"], "rank": [3, 1, 2]}


def strips(*bounds, **columns):
    shapes = [box(500_000 + a, 3_260_000, 500_000 + b, 3_260_100) for a, b in bounds]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4549")


def zones():
    # prevention 0–300, containment 0–100, control 80–200
    return strips((0, 300), (0, 100), (80, 200), **ZONES)


def points(*eastings, layer):
    frame = gpd.GeoDataFrame(geometry=[Point(500_000 + x, 3_260_050) for x in eastings], crs="EPSG:4549")
    frame.attrs["layer"] = layer
    return frame


def summarize(*args, **options):
    with ledger.collect() as book:
        answer = summarize_zones(*args, **options)
    return answer, book


def test_everything_counts_once_in_the_strictest_zone():
    homes = strips(
        (10, 20), (90, 110), (150, 160), (250, 260), (400, 410), residents=[1, 2, 4, 8, 16], elderly=[0, 1, 1, 2, 3]
    )
    clinics, shops = points(50, 350, layer="clinics"), points(150, 160, layer="shops")
    answer, book = summarize(zones(), homes, [clinics, shops], sums=["residents", "elderly"])
    table = answer.zones.set_index("zone_id")
    assert list(table.index) == ["c-1", "k-1", "p-1"]
    assert table["buildings"].tolist() == [2, 1, 1]
    assert table["residents"].tolist() == [3, 4, 8]
    assert table["area_m2"].tolist() == [10_000, 12_000, 30_000]
    assert table["facilities"].tolist() == [1, 2, 0]
    types = answer.types.set_index("zone")
    assert types.loc["outside", ["buildings", "residents", "elderly", "facilities"]].tolist() == [1, 16, 3, 1]
    assert types["residents"].sum() == 31
    assert answer.facilities.to_numpy().tolist() == [
        ["c-1", "containment", "clinics", 1],
        ["", "outside", "clinics", 1],
        ["k-1", "control", "shops", 2],
    ]
    figures = book.notes["figures"]
    assert (figures["containment_buildings"], figures["control_elderly"]) == (2, 1)
    assert any("lie in no zone" in doubt.text for doubt in book.doubts)


def test_missing_amounts_are_told():
    answer, book = summarize(zones(), strips((10, 20), (30, 40), residents=[5.0, np.nan]), sums=["residents"])
    assert answer.zones["residents"].tolist() == [5, 0, 0]
    assert any("no value in 'residents'" in doubt.where or "no value" in doubt.text for doubt in book.doubts)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 9)), min_size=1, max_size=10), st.randoms())
def test_tables_add_up_whatever_the_order(rows, random):
    homes = strips(*[(a, a + 5) for a, _ in rows], residents=[n for _, n in rows])
    answer, _ = summarize(zones(), homes, sums=["residents"])
    assert answer.types["buildings"].sum() == len(rows)
    assert answer.types["residents"].sum() == sum(n for _, n in rows)
    order = list(range(len(rows)))
    random.shuffle(order)
    shuffled, _ = summarize(zones().iloc[::-1], homes.iloc[order], sums=["residents"])
    pd.testing.assert_frame_equal(shuffled.types, answer.types)


def test_empty_layers_and_bad_input():
    answer, _ = summarize(zones(), strips(residents=[]), sums=["residents"])
    assert answer.zones["buildings"].tolist() == [0, 0, 0]
    homes = strips((0, 5), residents=[-1])
    with pytest.raises(MissingColumn, match="did you mean 'residents'"):
        summarize(zones(), homes, sums=["residant"])
    with pytest.raises(BadInput, match="negative 'residents'"):
        summarize(zones(), homes, sums=["residents"])
    with pytest.raises(BadInput, match="name one feature each"):
        summarize(zones().assign(zone_id="c-1"), homes)
