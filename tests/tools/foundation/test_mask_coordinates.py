from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import LineString, Point, box

from spacegov.errors import BadInput, BadPolicy, EmptyLayer, MissingColumn
from spacegov.ledger import collect
from spacegov.toolbox import read_policy
from spacegov.tools.foundation import mask_coordinates

TABLE = read_policy("masking-2025")


def mask(frame, units=None, **options):
    with collect() as ledger:
        return mask_coordinates(frame, units, masking=TABLE, **options), ledger


@pytest.fixture
def homes(layer):
    points = np.random.default_rng(7).uniform(0, 2000, (300, 2))
    return layer([Point(*xy) for xy in points], owner=[f"N{n}" for n in range(300)], use=["a", "b", "c"] * 100)


def test_columns_that_are_not_kept_are_dropped(homes):
    answer, ledger = mask(homes, sharing="conditional", keep=["use"])
    assert list(answer.masked.columns) == ["use", "geometry"]
    assert ledger.notes["figures"]["dropped_columns"] == 1
    assert answer.masked.crs == homes.crs
    nothing, _ = mask(homes, sharing="conditional")
    assert list(nothing.masked.columns) == ["geometry"]


def test_generalised_points_stand_in_the_middle_of_cells(layer):
    frame = layer([Point(13, 27), Point(18, 22), Point(31, 5)])
    answer, _ = mask(frame, sharing="open")
    local = shapely.get_coordinates(answer.masked.geometry.values) - [510_000, 3_260_000]
    assert local.tolist() == [[15, 25], [15, 25], [35, 5]]
    # (13, 27) moves by (2, -2), (18, 22) by (-3, 3), (31, 5) by (4, 0).
    assert answer.displacement["max_m"][0] == pytest.approx(18**0.5)
    assert answer.displacement["mean_m"][0] == pytest.approx((8**0.5 + 18**0.5 + 4) / 3)


def test_generalised_polygons_lie_on_the_grid_and_keep_shared_borders(layer):
    wave = [(50 + 4 * np.sin(y / 5), y) for y in range(0, 101, 2)]
    left = shapely.Polygon([(0, 0), *wave, (0, 100)])
    right = shapely.Polygon([(100, 0), *wave, (100, 100)])
    answer, _ = mask(layer([left, right]), sharing="open", cell=5)
    first, second = answer.masked.geometry
    assert first.intersection(second).area == pytest.approx(0)
    assert first.area + second.area == pytest.approx(10_000)
    assert (shapely.get_coordinates(answer.masked.geometry.values) % 5 == 0).all()
    assert 0 < answer.displacement["max_m"][0] < 10


def test_what_is_smaller_than_the_grid_vanishes_and_is_told(layer):
    answer, ledger = mask(layer([box(0, 0, 100, 100), box(200, 0, 201, 1)]), sharing="open", cell=50)
    assert len(answer.masked) == 1
    assert answer.displacement[["features", "vanished"]].values.tolist() == [[2, 1]]
    assert ledger.drops[0].reason == "smaller than the grid of 50 m"


def test_shifts_lie_in_the_ring_and_depend_on_the_key_only(homes):
    answer, _ = mask(homes, sharing="conditional", seed=5, keep=["owner"])
    joined = answer.masked.merge(pd.DataFrame(homes), on="owner")
    distance = shapely.distance(joined["geometry_x"].to_numpy(), joined["geometry_y"].to_numpy())
    assert distance.min() >= 100
    assert distance.max() <= 300
    # Even over the ring's area: the mean radius is 2/3 (300³ − 100³) / (300² − 100²) = 216.7 m.
    assert distance.mean() == pytest.approx(216.7, abs=10)
    turned, _ = mask(homes.iloc[::-1], sharing="conditional", seed=5, keep=["owner"])
    assert shapely.equals(turned.masked.geometry.values, answer.masked.geometry.values).all()
    other, _ = mask(homes, sharing="conditional", seed=6, keep=["owner"])
    assert not shapely.equals(other.masked.geometry.values, answer.masked.geometry.values).any()


def test_the_order_of_records_gives_nothing_away(homes):
    masked = mask(homes, sharing="conditional", keep=["owner"])[0].masked
    assert masked["owner"].tolist() != homes["owner"].tolist()
    assert masked.geometry.x.is_monotonic_increasing


def test_shapes_are_moved_whole(layer):
    frame = layer([box(0, 0, 10, 20), box(10, 0, 30, 20)])
    answer, ledger = mask(frame, sharing="conditional")
    assert sorted(answer.masked.geometry.area) == pytest.approx([200, 400])
    assert ledger.doubts[0].text == "every feature is moved for itself, so that borders and nodes no longer meet"


def test_counts_below_the_least_are_withheld(layer):
    frame = layer(
        [*[Point(100 + n, 100) for n in range(12)], *[Point(1500, 100 + n) for n in range(9)], Point(2500, 100)]
    )
    answer, ledger = mask(frame, sharing="restricted")
    assert answer.masked["count"].fillna(-1).tolist() == [12, -1, -1]
    assert answer.masked["withheld"].tolist() == [False, True, True]
    assert answer.masked.geometry.area.tolist() == pytest.approx([1e6] * 3)
    assert ledger.notes["figures"]["withheld"] == 2
    assert answer.links.loc[0, ["means", "features"]].tolist() == ["place", 0]


def test_a_single_withheld_count_is_doubted(layer):
    frame = layer([*[Point(100 + n, 100) for n in range(12)], Point(1500, 100)])
    answer, ledger = mask(frame, sharing="restricted")
    assert answer.links[["means", "features"]].values.tolist() == [["place", 1]]
    assert any("the total less the others gives it away" in doubt.text for doubt in ledger.doubts)


def test_counts_by_unit_and_class(layer):
    units = layer([box(0, 0, 100, 100), box(100, 0, 200, 100)])
    frame = layer([Point(10, 10), Point(20, 10), Point(100, 50), Point(150, 10), Point(999, 0)], use=list("aabab"))
    answer, ledger = mask(frame, units, sharing="restricted", keep=["use"], min_count=2)
    # The point on the border of both counts in the first.
    assert answer.masked[["use", "count"]].fillna(-1).values.tolist() == [["a", 2], ["b", -1], ["a", -1]]
    assert ledger.drops[0].reason == "in no unit"


def test_grids_start_at_the_origin_and_not_at_the_data(layer):
    one = mask(layer([Point(10, 10)]), sharing="restricted", min_count=1)[0].masked
    two = mask(layer([Point(10, 10), Point(-700, 10)]), sharing="restricted", min_count=1)[0].masked
    assert any(shapely.equals(one.geometry[0], two.geometry.values))
    assert one.total_bounds[0] % 1000 == 0


def test_what_could_be_linked_is_told(layer):
    frame = layer([Point(n, 0) for n in range(6)], year=[1, 1, 1, 1, 1, 2], use=list("aaabbb"))
    answer, ledger = mask(frame, sharing="open", keep=["year", "use"], min_count=2)
    assert answer.links[["means", "values", "features"]].values.tolist() == [
        ["place", 1, 0],
        ["year", 2, 1],
        ["use", 2, 0],
        ["all kept columns", 3, 1],
    ]
    assert "1 features can be told apart by year: fewer than 2 share the value" in [d.text for d in ledger.doubts]


def test_crowds_are_counted_around_the_new_place(layer):
    # A lone farm stays alone wherever it is moved to; homes in a row hide among each other.
    frame = layer([*[Point(5 * n, 0) for n in range(100)], Point(50_000, 0)])
    links = mask(frame, sharing="conditional")[0].links
    assert links.loc[0, "features"] >= 1
    assert links.loc[0, "features"] < 20


def test_lines_are_generalised(layer):
    answer, _ = mask(layer([LineString([(0, 0), (51, 3), (100, 0)])]), sharing="open")
    assert (shapely.get_coordinates(answer.masked.geometry.values) % 10 == 0).all()


def test_the_class_of_the_layers_card_is_used(homes):
    homes.attrs["sharing"] = "restricted"
    assert "count" in mask(homes)[0].masked.columns


def test_bad_input_is_refused_in_one_sentence(homes):
    with pytest.raises(BadInput, match="its sharing class is not known"):
        mask(homes)
    with pytest.raises(EmptyLayer, match="no feature"):
        mask(homes.iloc[:0], sharing="open")
    with pytest.raises(MissingColumn, match="the column 'ownr' is missing; did you mean 'owner'"):
        mask(homes, sharing="open", keep=["ownr"])
    with pytest.raises(BadInput, match="the second must be the larger"):
        mask(homes, sharing="conditional", shift_min=500.0)
    with pytest.raises(BadInput, match="more than 0 is needed to generalise"):
        mask(homes, sharing="open", cell=0.0)
    with pytest.raises(BadPolicy, match="0 rows for the sharing class 'open'"):
        mask_coordinates(homes, sharing="open", masking=TABLE.iloc[1:])
    with pytest.raises(BadPolicy, match="the method 'blur' is not known"):
        mask_coordinates(homes, sharing="open", masking=TABLE.assign(method="blur"))
