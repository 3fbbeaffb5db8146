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
from skimage.graph import MCP_Geometric

from spacegov import ledger
from spacegov.errors import BadInput, BadPolicy
from spacegov.raster import Raster
from spacegov.tools.protection import trace_ecological_corridors
from spacegov.tools.protection._connectivity import importance, integral_index, probability_index
from spacegov.tools.protection._current_flow import current_shares

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
    # beyond the largest cost nothing is looked for, and nothing is given
    far = trace([[1, 1, 2, 1, 1]], [(0, 0), (0, 4)], max_cost=69.0)[0].corridors.iloc[0]
    assert (far["status"], far["probability"], far["pinch_points"]) == ("far", 0.0, 0)
    assert np.isnan(far["cost"])
    assert far["geometry"].is_empty


def test_barriers_leave_no_path_and_say_so():
    answer, book = trace([[1, 7, 1]], [(0, 0), (0, 2)])
    assert answer.corridors["status"].tolist() == ["no-path"]
    assert answer.corridors.geometry[0].is_empty
    assert [each.text for each in book.doubts] == [
        "land cover 7 has no resistance in the table and is a barrier",
        "1 pairs of habitats have no way between them that is free of barriers or unknown ground",
    ]
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
    answer, _ = trace(grid, [(0, 0), (5, 7), (2, 6)], max_cost=1e6)
    assert answer.corridors["cost"].tolist()[:2] == pytest.approx([far[47], far[22]])


def test_ways_equal_those_of_scikit_image():
    grid = np.random.default_rng(4).integers(1, 4, (40, 60))
    price = np.array([0, 1.0, 4.0, 9.0])[grid]
    places = [(2, 3), (37, 55), (5, 50), (30, 8)]
    answer, _ = trace(grid, places, max_cost=1e6)
    solver = MCP_Geometric(price)
    reached, _ = solver.find_costs([places[0]])
    for row, place in zip(answer.corridors.itertuples(), places[1:], strict=False):
        assert row.cost == pytest.approx(10 * reached[place])
        way = np.asarray(row.geometry.coords)
        cells = np.column_stack([(NORTH - way[:, 1]) // 10, (way[:, 0] - WEST) // 10]).astype(int)
        assert (tuple(cells[0]), tuple(cells[-1])) == (places[0], place)
        steps = np.abs(np.diff(cells, axis=0))
        assert steps.max() == 1
        along = price[cells[:, 0], cells[:, 1]]
        walked = 10 * (np.hypot(*steps.T) * (along[1:] + along[:-1]) / 2).sum()
        assert walked == pytest.approx(row.cost)


def test_a_limit_changes_nothing_within_it():
    grid = np.random.default_rng(7).integers(1, 4, (20, 30))
    places = [(2, 3), (17, 25), (5, 20), (10, 8)]
    whole, _ = trace(grid, places, max_cost=1e6)
    some, _ = trace(grid, places, max_cost=float(whole.corridors["cost"].median()))
    near = some.corridors["status"] == "linked"
    assert near.sum() in (3, 4)
    assert set(some.corridors.loc[~near, "status"]) == {"far"}
    assert some.corridors.loc[near, "cost"].tolist() == pytest.approx(whole.corridors.loc[near, "cost"].tolist())
    assert (some.corridors.geometry[near].length == whole.corridors.geometry[near].length).all()


def test_a_gap_in_a_wall_is_the_pinch_point():
    codes = np.ones((7, 9), dtype=int)
    codes[:, 4] = 7
    codes[3, 4] = 1
    answer, book = trace(codes, [(3, 0), (3, 8)], max_cost=500.0, detour=0.5)
    row = answer.corridors.iloc[0]
    assert row["narrowest"] == pytest.approx(1)
    gap = answer.pinch_points[answer.pinch_points.intersects(cell(3, 4))].iloc[0]
    assert gap["flow"] == pytest.approx(1)
    assert row["pinch_points"] == len(answer.pinch_points) == book.notes["figures"]["pinch_points"]
    assert answer.pinch_points["area_m2"].tolist() == [100 * n for n in answer.pinch_points["cells"]]
    # a second gap takes its part, and the first is no longer what everything passes
    codes[1, 4] = 1
    two, _ = trace(codes, [(3, 0), (3, 8)], max_cost=500.0, detour=0.5, pinch=0.95)
    assert not two.pinch_points.intersects(cell(3, 4)).any()


def test_currents_by_hand():
    # a ladder of resistors: two ways of equal cells between two ends, one twice as resistant as the other
    ground = np.array([[1.0, 1.0, 1.0], [1.0, -1.0, 1.0], [1.0, 4.0, 1.0]])
    corridor = ground > 0
    corridor[1, 1] = False
    start, end = np.zeros((2, 3, 3), dtype=bool)
    start[:, 0] = end[:, 2] = True
    shares = current_shares(ground, corridor, start, end)
    # straight and slanting conductors of the upper cell: 1 and 1/√2 on either side; of the lower, 1/2.5 as good
    assert shares[0, 1] == pytest.approx(2.5 / 3.5)
    assert shares[2, 1] == pytest.approx(1 / 3.5)
    assert shares[1, 1] == 0


@settings(max_examples=15, deadline=None)
@given(values=st.lists(st.integers(1, 9), min_size=35, max_size=35))
def test_all_of_the_current_passes_every_line_across(values):
    ground = np.asarray(values, float).reshape(5, 7)
    start, end = np.zeros((2, 5, 7), dtype=bool)
    start[:, 0] = end[:, 6] = True
    shares = current_shares(ground, np.ones((5, 7), dtype=bool), start, end)
    # flow along a column adds to what passes through its cells
    assert (shares[:, 1:6].sum(axis=0) >= 1 - 1e-9).all()
    turned = current_shares(ground, np.ones((5, 7), dtype=bool), end, start)
    assert np.allclose(shares, turned)


def test_bad_input_is_refused():
    with pytest.raises(BadInput, match="two or more"):
        trace([[1, 1]], [(0, 0)])
    with pytest.raises(BadInput, match="lies off"):
        trace([[1, 1]], [(0, 0), (9, 9)])
    with pytest.raises(BadPolicy, match="above 0"):
        trace([[1, 1]], [(0, 0), (0, 1)], table=pd.DataFrame({"code": [1], "resistance": [0.0]}))
