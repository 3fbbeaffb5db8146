"""trace_ecological_corridors: the golden graph, paths against another solver, barriers, bad input."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from spacegov import ledger
from spacegov.errors import BadInput, BadPolicy
from spacegov.raster import Raster
from spacegov.tools.protection import trace_ecological_corridors
from spacegov.tools.protection._connectivity import importance, integral_index, probability_index

WEST, NORTH = 500_000, 3_300_000


def cell(row, column):
    x, y = WEST + 10 * column, NORTH - 10 * row
    return shapely.box(x + 1, y - 9, x + 9, y - 1)


def trace(codes, places, **options):
    cover = Raster.from_array(np.asarray(codes), Affine(10, 0, WEST, 0, -10, NORTH), "EPSG:4549")
    sources = gpd.GeoDataFrame(
        {"id": [f"s{i}" for i in range(len(places))]}, geometry=[cell(*p) for p in places], crs=4549
    )
    table = options.pop("table", pd.DataFrame({"code": [1, 2, 3], "resistance": [1.0, 4.0, 9.0]}))
    with ledger.collect() as book:
        answer = trace_ecological_corridors(
            sources, cover, **{"resistance": table, "source": "id", "max_cost": 100.0, **options}
        )
    return answer, book


def test_the_golden_graph():
    area = np.array([4.0, 2.0, 1.0])
    chance = np.array([[0, 0.5, 0], [0.5, 0, 0.4], [0, 0.4, 0]])
    assert integral_index(area, chance > 0) / 100 == pytest.approx(0.336667, abs=5e-7)
    assert probability_index(area, chance) / 100 == pytest.approx(0.322)
    d_iic, d_pc = importance(area, chance > 0, chance)
    assert (100 * d_iic).tolist() == pytest.approx([79.21, 49.50, 16.83], abs=5e-3)
    assert (100 * d_pc).tolist() == pytest.approx([79.50, 47.20, 13.04], abs=5e-3)


def test_a_straight_way_by_hand():
    answer, _ = trace([[1, 1, 2, 1, 1]], [(0, 0), (0, 4)])
    # steps: 10 · (1 + 2.5 + 2.5 + 1)
    row = answer.corridors.iloc[0]
    assert (row["status"], row["cost"], row["length_m"]) == ("linked", 70.0, 40.0)
    assert row["probability"] == pytest.approx(0.5**0.7)
    assert answer.sources["links"].tolist() == [1, 1]
    # two equal habitats: IIC (1 + 1 + 2 · 1/2)/4
    assert answer.indices["iic"][0] == pytest.approx(0.75)
    assert trace([[1, 1, 2, 1, 1]], [(0, 0), (0, 4)], max_cost=69.0)[0].corridors["status"][0] == "far"


def test_barriers_leave_no_path_and_say_so():
    answer, book = trace([[1, 7, 1]], [(0, 0), (0, 2)])
    assert answer.corridors["status"].tolist() == ["no-path"]
    assert answer.corridors.geometry[0].is_empty
    assert "1 pairs" in book.doubts[0].text
    assert answer.indices["links"][0] == 0


@settings(max_examples=20, deadline=None)
@given(codes=st.lists(st.integers(1, 3), min_size=48, max_size=48))
def test_costs_equal_another_solver(codes):
    grid = np.asarray(codes).reshape(6, 8)
    price = np.array([0, 1.0, 4.0, 9.0])[grid]
    rows, columns, values = [], [], []
    for r in range(6):
        for c in range(8):
            for dr, dc in ((0, 1), (1, 0), (1, 1), (1, -1)):
                if 0 <= r + dr < 6 and 0 <= c + dc < 8:
                    rows.append(8 * r + c)
                    columns.append(8 * (r + dr) + c + dc)
                    values.append(10 * np.hypot(dr, dc) * (price[r, c] + price[r + dr, c + dc]) / 2)
    far = dijkstra(coo_array((values, (rows, columns)), shape=(48, 48)).tocsr(), directed=False, indices=0)
    answer, _ = trace(grid, [(0, 0), (5, 7), (2, 6)])
    assert answer.corridors["cost"].tolist()[:2] == pytest.approx([far[47], far[22]])


def test_bad_input_is_refused():
    with pytest.raises(BadInput, match="two or more"):
        trace([[1, 1]], [(0, 0)])
    with pytest.raises(BadInput, match="lies off"):
        trace([[1, 1]], [(0, 0), (9, 9)])
    with pytest.raises(BadPolicy, match="above 0"):
        trace([[1, 1]], [(0, 0), (0, 1)], table=pd.DataFrame({"code": [1], "resistance": [0.0]}))
