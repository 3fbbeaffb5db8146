"""delineate_three_zones on a small town: areas, buildings and versions counted by hand."""

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box
from shapely.affinity import translate

from spacegov import ledger
from spacegov.errors import BadInput, BadPolicy, EmptyLayer, MissingColumn, UnknownName
from spacegov.toolbox.policy import read_policy
from spacegov.tools.emergency import delineate_three_zones

CRS = "EPSG:4549"


def layer(shapes, **columns):
    moved = [translate(shape, 500_000, 3_260_000) for shape in shapes]
    return gpd.GeoDataFrame(columns, geometry=moved, crs=CRS)


# 5 × 5 blocks of 100 m with streets of 20 m between them; a building of 20 m in the middle of each
COLUMNS, ROWS = range(5), range(5)
PLACES = [(column, row) for row in ROWS for column in COLUMNS]
BLOCKS = layer(
    [box(120 * c, 120 * r, 120 * c + 100, 120 * r + 100) for c, r in PLACES],
    block_id=[f"K{c}{r}" for c, r in PLACES],
)
BUILDINGS = layer(
    [box(120 * c + 40, 120 * r + 40, 120 * c + 60, 120 * r + 60) for c, r in PLACES],
    building_id=[f"J{c}{r}" for c, r in PLACES],
    residents=[10] * 25,
)
COUNTY = layer([box(-100, -100, 1000, 1000)], name=["County"])
COUNTY_M2 = 1100.0**2


def cases(*buildings, **columns):
    return pd.DataFrame({"building_id": buildings, "date": "2022-05-10", **columns})


def zones(given_cases, version="community-2022", **options):
    parameters = {"buildings": BUILDINGS, "blocks": BLOCKS, "units": COUNTY, "people": "residents", **options}
    with ledger.collect() as book:
        answer = delineate_three_zones(given_cases, protocol=read_policy(f"three-zones-{version}"), **parameters)
    return answer, book


def test_blocks_of_a_case_its_neighbours_and_the_rest():
    answer, book = zones(cases("J22"))
    table = answer.zones.set_index("zone")
    # one block; the eight around it lie 20 m or 28 m away, within 50 m; the rest of the county
    assert table.loc["containment", "area_m2"] == 10_000
    assert answer.zones["zone"].value_counts().to_dict() == {"control": 8, "containment": 1, "prevention": 1}
    assert table.loc["control", "area_m2"].tolist() == [10_000] * 8
    assert table.loc["prevention", "area_m2"] == pytest.approx(COUNTY_M2 - 90_000)
    assert answer.zones["area_m2"].sum() == pytest.approx(COUNTY_M2, rel=1e-12)
    states = answer.buildings.set_index("building_id")["zone"]
    assert states["J22"] == "containment"
    assert (states == "control").sum() == 8
    assert (states == "prevention").sum() == 16
    assert answer.zones["people"].sum() == 250
    figures = book.notes["figures"]
    assert (figures["containment_buildings"], figures["control_people"], figures["prevention_buildings"]) == (1, 80, 16)
    assert book.balances[0].whole == pytest.approx(COUNTY_M2)


def test_what_no_protocol_says_is_marked_and_the_version_is_doubted():
    answer, book = zones(cases("J22"))
    basis = answer.zones.groupby("zone")["basis"].unique().map(list).to_dict()
    assert basis == {"containment": ["local-default"], "control": ["local-default"], "prevention": ["protocol"]}
    assert set(answer.zones["protocol"]) == {"three-zones-community-2022"}
    texts = [doubt.text for doubt in book.doubts]
    assert any("historical protocol, drill use" in text for text in texts)
    assert any("local-default" in text for text in texts)


def test_a_protocol_in_force_is_not_doubted_as_historical():
    table = read_policy("three-zones-community-2022")
    table.attrs["valid_to"] = None
    with ledger.collect() as book:
        delineate_three_zones(cases("J22"), BUILDINGS, BLOCKS, COUNTY, protocol=table)
    assert not any("historical" in doubt.text for doubt in book.doubts)


def test_a_surveyed_compound_stands_before_the_block():
    compounds = layer([box(240, 240, 300, 340)], name=["compound"])
    answer, _ = zones(cases("J22"), compounds=compounds)
    strict = answer.zones.iloc[0]
    assert (strict["zone"], strict["area_m2"], strict["basis"]) == ("containment", 6_000, "protocol")


def test_the_stricter_zone_wins():
    # two neighbouring cases: each is the other's neighbour, both stay containment
    answer, _ = zones(cases("J22", "J32"))
    states = answer.buildings.set_index("building_id")["zone"]
    assert states[["J22", "J32"]].tolist() == ["containment"] * 2
    assert (states == "control").sum() == 10
    assert answer.zones["area_m2"].sum() == pytest.approx(COUNTY_M2, rel=1e-12)


@pytest.mark.parametrize(
    ("version", "counts"),
    [
        ("community-2022", {"containment": 1, "control": 8, "prevention": 16}),
        ("p9-2022-06", {"high": 1, "low": 24}),
        ("measures-2022-11", {"high": 1, "low": 24}),
        ("measures-2022-12", {"high": 1, "normal": 24}),
    ],
)
def test_versions_differ_as_their_tables_say(version, counts):
    answer, _ = zones(cases("J22"), version)
    assert answer.buildings["zone"].value_counts().to_dict() == counts
    strict = answer.zones.iloc[0]["area_m2"]
    assert strict == (400 if version.startswith("measures") else 10_000)


def test_places_visited_count_within_the_window_of_their_risk():
    visits = pd.DataFrame(
        {
            "building_id": ["J22", "J00", "J44", "J40"],
            "date": "2022-05-10",
            "onset": "2022-05-08",
            "place": ["residence", "high-risk", "some-risk", "some-risk"],
            # day 0 is the onset: the 6th is two days before, the 5th three
            "visited": [None, "2022-05-06", "2022-05-07", "2022-05-05"],
        }
    )
    answer, book = zones(visits, onset="onset", place="place", visited="visited")
    states = answer.buildings.set_index("building_id")["zone"]
    assert states[["J22", "J00", "J44", "J40"]].tolist() == ["containment", "containment", "control", "prevention"]
    assert [(drop.count, "2 days" in drop.reason) for drop in book.drops] == [(1, True)]


def test_cases_after_the_day_asked_about_are_not_known_yet():
    table = pd.DataFrame({"building_id": ["J22", "J00"], "date": ["2022-05-10", "2022-05-12"]})
    answer, book = zones(table, until=date(2022, 5, 11))
    assert answer.buildings["cases"].sum() == 1
    assert book.drops[0].count == 1
    with pytest.raises(EmptyLayer, match="none is known"):
        zones(table, until=date(2022, 5, 1))


def test_counties_without_cases_stay_normal_and_outside_is_not_covered():
    units = layer([box(-100, -100, 350, 1000), box(350, -100, 470, 1000)], name=["west", "east"])
    answer, book = zones(cases("J00"), units=units)
    states = answer.buildings.set_index("building_id")
    # columns 0–2 lie in west, 3 in east, 4 outside
    assert states.loc["J24", ["zone", "county", "answer"]].tolist() == ["prevention", "west", "present"]
    assert states.loc["J34", ["zone", "county", "answer"]].tolist() == ["normal", "east", "absent"]
    assert states.loc["J44", ["zone", "county", "answer"]].tolist() == ["not_covered", "", "not_covered"]
    assert answer.zones["area_m2"].sum() == pytest.approx(450 * 1100)
    assert any("no unit" in doubt.text for doubt in book.doubts)


def test_a_building_in_no_block_is_its_own_zone():
    lonely = layer([box(800, 800, 820, 810)], building_id=["L"], residents=[3])
    buildings = gpd.GeoDataFrame(pd.concat([BUILDINGS, lonely], ignore_index=True), crs=CRS)
    answer, book = zones(cases("L"), buildings=buildings)
    assert answer.zones.iloc[0]["area_m2"] == pytest.approx(200)
    assert any("lie in no block" in doubt.text for doubt in book.doubts)


def test_a_fourth_type_comes_from_the_table():
    table = read_policy("three-zones-community-2022")
    fourth = {
        "zone": "joint",
        "rank": 3,
        "place": "residence",
        "extent": "neighbours",
        "distance_m": 200.0,
        "basis": "local-default",
    }
    table.loc[table["zone"] == "prevention", "rank"] = 4
    table = pd.concat([table, pd.DataFrame([fourth])], ignore_index=True)
    with ledger.collect():
        answer = delineate_three_zones(cases("J22"), BUILDINGS, BLOCKS, COUNTY, protocol=table)
    assert answer.buildings["zone"].value_counts().to_dict() == {"joint": 16, "control": 8, "containment": 1}
    assert answer.zones["area_m2"].sum() == pytest.approx(COUNTY_M2)


@settings(deadline=None, max_examples=20)
@given(st.sets(st.sampled_from([f"J{c}{r}" for c, r in PLACES]), min_size=1, max_size=6), st.randoms())
def test_zones_tile_the_county_and_order_does_not_matter(ids, random):
    chosen = sorted(ids)
    answer, _ = zones(cases(*chosen))
    assert answer.zones["area_m2"].sum() == pytest.approx(COUNTY_M2, rel=1e-12)
    assert answer.zones["buildings"].sum() == 25
    random.shuffle(chosen)
    order = np.arange(25)
    random.shuffle(order)
    shuffled, _ = zones(
        cases(*chosen), buildings=BUILDINGS.iloc[order].reset_index(drop=True), blocks=BLOCKS.iloc[order[::-1]]
    )
    pd.testing.assert_frame_equal(
        answer.zones.drop(columns="geometry"), shuffled.zones.drop(columns="geometry"), check_exact=False
    )
    assert (
        answer.buildings.set_index("building_id")["zone"].to_dict()
        == shuffled.buildings.set_index("building_id")["zone"].to_dict()
    )


def test_bad_input_is_refused_in_one_sentence():
    with pytest.raises(UnknownName, match="did you mean 'J22'"):
        zones(cases("J22x"))
    with pytest.raises(EmptyLayer, match="no case"):
        zones(cases())
    with pytest.raises(MissingColumn, match="'date' is missing"):
        zones(pd.DataFrame({"building_id": ["J22"]}))
    with pytest.raises(BadInput, match="holds no dates"):
        zones(pd.DataFrame({"building_id": ["J22"], "date": ["soon"]}))
    with pytest.raises(BadInput, match="name one feature each"):
        zones(cases("J22"), buildings=BUILDINGS.assign(building_id="J22"))
    with pytest.raises(UnknownName, match="no kind of place 'shop'"):
        zones(cases("J22", place="shop"), place="place")
    with pytest.raises(BadInput, match="lie in no unit"):
        zones(cases("J22"), units=layer([box(5_000, 0, 5_100, 100)], name=["far"]))
    twice = read_policy("three-zones-community-2022")
    twice.loc[twice["zone"] == "control", "rank"] = 1
    with pytest.raises(BadPolicy, match="share a rank"):
        delineate_three_zones(cases("J22"), BUILDINGS, BLOCKS, COUNTY, protocol=twice)
