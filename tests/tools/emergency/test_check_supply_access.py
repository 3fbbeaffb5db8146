"""check_supply_access: minutes along one street, counted by hand."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString, Point, box
from shapely.affinity import translate

from spacegov import ledger
from spacegov.errors import BadInput, EmptyLayer
from spacegov.tools.emergency import check_supply_access


def frame(shapes, layer=None, **columns):
    made = gpd.GeoDataFrame(columns, geometry=[translate(s, 500_000, 3_260_000) for s in shapes], crs="EPSG:4549")
    if layer:
        made.attrs["layer"] = layer
    return made


def at(*places, layer=None, **columns):
    return frame([Point(place) for place in places], layer, **columns)


ROADS = frame([LineString([(0, 0), (1000, 0), (4000, 0)]), LineString([(1000, 0), (1000, 2000)])])
ZONES = frame(
    [box(900, -100, 3000, 2100), box(3000, -100, 5000, 100), box(-100, -100, 900, 100)],
    zone_id=["c-1", "k-1", "p-1"],
    rank=[1, 2, 3],
)
HOMES = at((2000, 0), (1000, 1500), (3500, 0), (100, 0), (2000, 1000), residents=[1, 2, 4, 8, 16])


def access(*args, **options):
    with ledger.collect() as book:
        # 30 km/h: 500 m a minute
        answer = check_supply_access(*args, **{"limit": 4.0, "people": "residents", **options})
    return answer, book


def test_the_nearest_of_each_kind_for_the_buildings_of_strict_zones():
    hospitals = at((10, 0), (4000, 0), layer="hospitals")
    markets = at((1000, 2000), layer="markets")
    answer, book = access(ZONES, HOMES, [hospitals, markets], ROADS)
    rows = answer.buildings.set_index(["facility_kind", "building"])
    assert rows.loc["hospitals", "minutes"].to_dict() == pytest.approx(
        {"0": 3.98, "1": 4.98, "2": 1, "4": np.nan}, nan_ok=True
    )
    assert rows.loc["hospitals", "facility"].to_dict() == {"0": "0", "1": "0", "2": "1", "4": ""}
    assert rows.loc["markets", "minutes"].to_dict() == pytest.approx({"0": 6, "1": 1, "2": 9, "4": np.nan}, nan_ok=True)
    assert rows.loc["markets", "answer"].to_dict() == {"0": "absent", "1": "present", "2": "absent", "4": "failed"}
    # the home in prevention is not asked about, the one far from roads failed
    assert rows.loc[("markets", "4"), "reason"] == "off_network"
    table = answer.zones.set_index(["zone_id", "facility_kind"])
    assert table.loc[
        ("c-1", "markets"), ["buildings", "beyond", "off_network", "people", "people_beyond"]
    ].tolist() == [3, 1, 1, 19, 17]
    assert table.loc[("c-1", "hospitals"), "minutes_farthest"] == pytest.approx(4.98)
    figures = book.notes["figures"]
    assert (figures["buildings_asked"], figures["buildings_beyond"], figures["buildings_failed"]) == (4, 3, 1)


def test_one_way_roads_count_from_the_facility_and_walking_counts_too():
    roads = frame(
        [LineString([(0, 0), (1000, 0)]), LineString([(1000, 0), (1000, 500), (0, 500), (0, 0)])],
        way=["forward", "both"],
    )
    shop = at((0, 0), layer="shop")
    area = frame([box(-10, -200, 1100, 600)], zone_id=["c"], rank=[1])
    answer, _ = access(area, at((900, 100), residents=[1]), [shop], roads, direction="way")
    # 900 m on the road and 100 m on foot at 4 km/h
    assert answer.buildings["minutes"].tolist() == pytest.approx([1.8 + 1.5])
    turned, _ = access(area, at((900, 0), residents=[1]), [at((1000, 0), layer="shop")], roads, direction="way")
    assert turned.buildings["minutes"].tolist() == pytest.approx([(2000 + 900) / 500])


def test_the_nearest_is_found_from_door_to_door():
    # the first lies 100 m along the road and 150 m off it, at 4 km/h 2.25 minutes; the other 800 m along the road
    answer, _ = access(ZONES, HOMES.iloc[:1], [at((1900, -150), (1200, 0))], ROADS)
    assert answer.buildings["facility"].tolist() == ["1"]
    assert answer.buildings["minutes"].tolist() == pytest.approx([1.6])


def test_facilities_are_listed_with_their_way_to_the_road_and_those_off_it():
    hospitals = at((10, 30), (4000, 0), (50, 900), layer="hospitals")
    answer, book = access(ZONES, HOMES, [hospitals, at((1000, 2000), layer="markets")], ROADS)
    table = answer.facilities
    assert table["facility_kind"].tolist() == ["hospitals"] * 3 + ["markets"]
    assert table["answer"].tolist() == ["present", "present", "failed", "present"]
    assert table["snap_m"].tolist() == pytest.approx([30, 0, np.nan, 0], nan_ok=True)
    # of the four homes asked about one lies off the network; that at 2000 m is as far from both, but for the 30 m
    assert table["buildings"].tolist() == [1, 2, 0, 3]
    told = {doubt.text: doubt.where for doubt in book.doubts}
    assert told["1 of 3 hospitals lie off the network and serve nobody"] == "2"
    assert book.notes["figures"]["longest_snap_m"] == pytest.approx(30)


def test_zones_without_number_and_rank_are_all_asked_about():
    plain = ZONES[["geometry"]]
    answer, _ = access(plain, HOMES, [at((10, 0), layer="hospitals")], ROADS)
    assert answer.zones["zone_id"].tolist() == ["0", "1", "2"]
    assert answer.zones["buildings"].tolist() == [3, 1, 1]


def test_closed_roads_leave_no_way():
    answer, _ = access(
        ZONES, HOMES.iloc[[2]], [at((0, 0), layer="hospitals")], ROADS, frame([box(1500, -5, 1600, 5)]), max_snap=3000.0
    )
    # the street beyond the crossing is closed, so that the home snaps back to the crossing, 2500 m away on foot
    assert answer.buildings["snap_m"].tolist() == pytest.approx([2500])
    closed, _ = access(ZONES, HOMES.iloc[[2]], [at((0, 0), layer="hospitals")], ROADS, frame([box(1500, -5, 1600, 5)]))
    assert closed.buildings[["answer", "reason"]].to_numpy().tolist() == [["failed", "off_network"]]


def test_order_does_not_matter_and_no_zone_gives_no_row():
    hospitals = at((0, 0), (4000, 0), layer="hospitals")
    one, _ = access(ZONES, HOMES, [hospitals], ROADS)
    two, _ = access(ZONES.iloc[::-1], HOMES.iloc[::-1], [hospitals], ROADS.iloc[::-1])
    pd.testing.assert_frame_equal(
        one.zones.drop(columns="nearest"), two.zones.drop(columns="nearest"), check_exact=False
    )
    none, _ = access(ZONES.iloc[:0], HOMES, [hospitals], ROADS)
    assert len(none.buildings) == len(none.zones) == 0


def test_bad_input_is_refused_in_one_sentence():
    hospitals = at((0, 0), layer="hospitals")
    with pytest.raises(EmptyLayer, match="no line"):
        access(ZONES, HOMES, [hospitals], ROADS.iloc[:0])
    with pytest.raises(BadInput, match="no positive speed"):
        access(ZONES, HOMES, [hospitals], ROADS.assign(v=[0, 1]), road_speed="v")
    with pytest.raises(BadInput, match="every road is closed"):
        access(ZONES, HOMES, [hospitals], ROADS, frame([box(-9, -9, 5000, 5000)]))
    with pytest.raises(BadInput, match="negative or infinite people"):
        access(ZONES, HOMES.assign(residents=-1), [hospitals], ROADS)
