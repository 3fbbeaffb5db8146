"""describe_zone: sides of a square named by its streets, in three languages."""

import geopandas as gpd
import pandas as pd
import pytest
from shapely import LineString, Polygon, box
from shapely.affinity import rotate, translate

from spacegov import ledger
from spacegov.errors import BadPolicy, MissingColumn
from spacegov.toolbox.policy import read_policy
from spacegov.tools.emergency import describe_zone
from spacegov.tools.emergency._bounds import NamedLines, bounds_of

PROTOCOL = read_policy("three-zones-community-2022")
WORDING = read_policy("zone-notice-2022")
CRS = "EPSG:4549"


def frame(shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=[translate(s, 500_000, 3_260_000) for s in shapes], crs=CRS)


STREETS = frame(
    [
        LineString([(110, -50), (110, 150)]),
        LineString([(-50, -10), (150, -10)]),
        LineString([(-10, -50), (-10, 150)]),
        LineString([(-50, 110), (150, 110)]),
        LineString([(50, -10), (50, 110)]),
    ],
    name=["East Road", "South Road", "West Road", "North Road", "Lane"],
    name_zh=["东路", "南路", "西路", "北路", None],
    name_ru=["Восточная улица", None, "Западная улица", "Северная улица", None],
)
BLOCK = frame([box(0, 0, 100, 100)], zone_id=["containment-7"], zone=["containment"], county=["Lanhe County"])


def describe(zones=BLOCK, lines=STREETS, buildings=None, **options):
    parameters = {"protocol": PROTOCOL, "wording": WORDING, **options}
    with ledger.collect() as book:
        answer = describe_zone(zones, [lines] if not isinstance(lines, list) else lines, buildings, **parameters)
    return answer, book


def test_four_sides_are_named_by_the_streets_along_them():
    answer, book = describe()
    assert answer.loc[0, ["east", "south", "west", "north"]].tolist() == [
        "East Road",
        "South Road",
        "West Road",
        "North Road",
    ]
    assert answer.loc[0, "text_zh"] == (
        "Lanhe County封控区（第7号）。四至范围：东至东路，南至南路，西至西路，北至北路。"
        "本通告依据历史防控方案，仅供演练使用。"
    )
    assert answer.loc[0, "text_ru"] == (
        "Зона изоляции № 7, Lanhe County. Границы: на востоке — Восточная улица, на юге — South Road, "
        "на западе — Западная улица, на севере — Северная улица. Исторический регламент, только для учений."
    )
    assert book.notes["figures"]["unnamed_sides"] == 0


def test_names_of_counties_come_in_each_language():
    county = frame([box(-500, -500, 900, 900)], name=["Lanhe County"], name_zh=["兰河县"], name_ru=["Уезд Ланьхэ"])
    answer, _ = describe(units=county)
    assert answer.loc[0, "text_zh"].startswith("兰河县封控区")
    assert answer.loc[0, "text_ru"].startswith("Зона изоляции № 7, Уезд Ланьхэ.")


def test_buildings_are_counted_and_listed_in_natural_order():
    homes = frame(
        [box(10 * n, 10, 10 * n + 5, 20) for n in range(12)],
        address=[f"West Road {n}" for n in (1, 10, 2, 3, 4, 5, 6, 7, 8, 9, 20, 30)],
        residents=[100] * 12,
    )
    answer, _ = describe(buildings=homes, label="address", people="residents", longest_list=3)
    # the last home stands beyond the zone; the one at its border counts
    assert answer.loc[0, ["buildings", "people"]].tolist() == [11, 1100]
    assert "Buildings: 11; residents: 1\u202f100." in answer.loc[0, "text_en"]
    assert "List: West Road 1, West Road 2, West Road 3 and 8 more." in answer.loc[0, "text_en"]
    assert "名单：West Road 1、West Road 2、West Road 3等，另有8栋。" in answer.loc[0, "text_zh"]


def test_sides_without_a_name_are_told():
    answer, book = describe(lines=STREETS.iloc[:3])
    assert answer.loc[0, "north"] == ""
    assert "the edge of the block in the north" in answer.loc[0, "text_en"]
    assert "北至街区边界" in answer.loc[0, "text_zh"]
    assert any("containment-7 north" in str(doubt.where) for doubt in book.doubts)


def test_the_rest_of_the_county_is_described_as_such_and_strict_zones_come_first():
    rest = frame(
        [Polygon([(-500, -500), (900, -500), (900, 900), (-500, 900)], [[(0, 0), (100, 0), (100, 100), (0, 100)]])],
        zone_id=["prevention-1"],
        zone=["prevention"],
        county=["Lanhe County"],
    )
    both = gpd.GeoDataFrame(pd.concat([rest, BLOCK], ignore_index=True), crs=CRS)
    answer, _ = describe(both)
    assert answer["zone"].tolist() == ["containment", "prevention"]
    assert "All the rest of Lanhe County outside the stricter zones." in answer.loc[1, "text_en"]
    assert "四至" not in answer.loc[1, "text_zh"]


def test_a_zone_in_force_is_not_called_a_drill():
    table = PROTOCOL.copy()
    table.attrs = {**PROTOCOL.attrs, "valid_to": None}
    answer, _ = describe(protocol=table)
    assert "drill" not in answer.loc[0, "text_en"]


@pytest.mark.parametrize("quarter", [0, 90, 180, 270])
def test_sides_turn_with_the_zone(quarter):
    lines = NamedLines.of([STREETS.assign(geometry=STREETS.rotate(quarter, origin=(500_050, 3_260_050)))], "name")
    zone = rotate(BLOCK.geometry.iloc[0], quarter, origin=(500_050, 3_260_050))
    # turned counter-clockwise, what was in the east comes north
    order = ["East Road", "North Road", "West Road", "South Road"]
    turn = quarter // 90
    found = bounds_of(zone, lines, 60.0)
    expected = {side: order[(number - turn) % 4] for number, side in enumerate(["east", "north", "west", "south"])}
    assert found == expected


def test_a_street_through_the_zone_does_not_bound_it():
    through = frame([LineString([(50, -10), (50, 110)])], name=["Lane"])
    found = bounds_of(BLOCK.geometry.iloc[0], NamedLines.of([through], "name"), 45.0)
    assert found["east"] is None
    assert found["west"] is None


def test_bad_input_is_refused_in_one_sentence():
    with pytest.raises(BadPolicy, match="no part 'drill'"):
        describe(wording=WORDING[WORDING["part"] != "drill"])
    with pytest.raises(BadPolicy, match="cannot be filled"):
        describe(wording=WORDING.assign(en="{nonsense}"))
    with pytest.raises(BadPolicy, match="has no title"):
        describe(BLOCK.assign(zone="joint"))
    with pytest.raises(MissingColumn, match="name"):
        describe(lines=STREETS.drop(columns="name"))
