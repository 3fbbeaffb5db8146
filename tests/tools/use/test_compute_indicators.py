"""compute_indicators: two units with a street, worked out by hand; the definitions that come with it."""

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, Polygon, box
from shapely.affinity import translate

from spacegov import ledger
from spacegov.errors import BadPolicy, EmptyLayer, UnknownName, UnreadableFile
from spacegov.toolbox import read_policy
from spacegov.tools.indicators import read_definitions
from spacegov.tools.use import compute_indicators


def frame(shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=[translate(s, 500_000, 3_200_000) for s in shapes], crs="EPSG:4549")


class Reader:
    """A layer of a registry."""

    def __init__(self, data, *, bound=True, coverage=None, versions=None):
        self.data, self.bound, self.coverage = data, bound, coverage
        self.versions = versions or {}
        self.version = max(self.versions) if self.versions else None
        self.reads = 0

    def read(self, bbox=None, valid_on=None):
        assert bbox is None
        self.reads += 1
        if isinstance(self.data, Exception):
            raise self.data
        if valid_on is None:
            return self.data
        if valid_on.isoformat() not in self.versions:
            raise UnknownName(f"land: there is no version valid on {valid_on}")
        return self.versions[valid_on.isoformat()]


TOWNS = frame([box(0, 0, 1000, 1000), box(1000, 0, 3000, 1000)], name=["west", "east"])
LAND = frame([box(0, 0, 1500, 1000), box(1500, 0, 3000, 1000)], **{"class": ["0101", "0701"]})
HOMES = frame([Point(100, 10), Point(900, 10), Point(2900, 10)], people=[10, 20, None], kind=["flat", "flat", "hut"])


def registry(**more):
    layers = {"artificial.land": Reader(LAND), "artificial.homes": Reader(HOMES)}
    return {**layers, **{name.replace("__", ".").replace("_", "-"): reader for name, reader in more.items()}}


def table(*formulas, **columns):
    rows = [(f"i{number}", "ha", "more", formula, "default") for number, formula in enumerate(formulas)]
    made = pd.DataFrame(rows, columns=["indicator", "unit", "direction", "formula", "source"])
    return made.assign(**columns)


def compute(layers, definitions, units=TOWNS, **options):
    with ledger.collect() as book:
        answer = compute_indicators(units, layers, definitions=definitions, **options)
    return answer, book


def numbers(answer, indicator="i0"):
    return answer.values.loc[answer.values["indicator"] == indicator, "value"].tolist()


def test_the_whole_and_each_unit():
    answer, book = compute(
        registry(), table("area(land, startswith(col('class'), '01')) / 10000", "sum(homes, people)")
    )
    assert answer.values["unit"].tolist() == ["", "west", "east"] * 2
    assert numbers(answer) == pytest.approx([150, 100, 50])
    assert numbers(answer, "i1") == [30, 30, 0]
    row = answer.indicators.iloc[0]
    assert row[["value", "lowest_unit", "lowest", "highest_unit", "highest"]].tolist() == [150, "east", 50, "west", 100]
    assert row[["layers", "source", "answer", "reason"]].tolist() == ["land", "default", "present", ""]
    assert book.notes["figures"] == {"indicators": 2, "computed": 2, "not_computable": 0, "failed": 0}
    assert [doubt.text for doubt in book.doubts] == ["1 values of 'people' are missing in homes and count as nothing"]


def test_a_ratio_of_the_whole_is_no_mean_of_ratios():
    answer, _ = compute(registry(), table("100 * area(land, startswith(col('class'), '01')) / unit_area()"))
    assert numbers(answer) == pytest.approx([50, 100, 25])


def test_what_cannot_be_computed_names_what_is_missing():
    layers = registry(
        natural__lake=Reader(None, bound=False), natural__bog=Reader(UnreadableFile("bog.gpkg: it is gone"))
    )
    definitions = table(
        "area(lake)", "area(sea)", "area(bog)", "sum(homes, cars)", "count(homes) / count(homes, kind == 'tent')",
        "area(homes)", "count(homes)",
    )  # fmt: skip
    answer, book = compute(layers, definitions)
    found = answer.indicators.set_index("indicator")[["answer", "reason"]]
    assert found.loc["i0"].tolist() == ["not_covered", "the workspace has no data of natural.lake"]
    assert found.loc["i1"].tolist() == ["not_covered", "there is no layer sea"]
    assert found.loc["i2"].tolist() == ["failed", "bog: bog.gpkg: it is gone"]
    assert found.loc["i3", "answer"] == "not_covered"
    assert "'cars' of a formula is missing" in found.loc["i3", "reason"]
    assert found.loc["i4"].tolist() == ["absent", "a divisor is 0"]
    assert found.loc["i5", "answer"] == "failed"
    assert "area needs polygons" in found.loc["i5", "reason"]
    assert numbers(answer, "i6") == [3, 2, 1]
    figures = book.notes["figures"]
    assert (figures["computed"], figures["not_computable"], figures["failed"]) == (1, 6, 2)
    assert len(book.doubts) == 5
    assert layers["artificial.homes"].reads == 1


def test_a_unit_that_a_layer_does_not_cover_has_no_value():
    half = Reader(LAND, coverage=frame([box(0, 0, 1000, 1000)]))
    answer, _ = compute({"artificial.land": half}, table("area(land)"))
    assert answer.values["answer"].tolist() == ["not_covered", "present", "not_covered"]
    assert answer.values["covered_share"].tolist() == pytest.approx([1 / 3, 1, 0])
    assert numbers(answer)[1] == pytest.approx(1e6)
    assert np.isnan(numbers(answer)[0])


def test_years_are_read_from_the_versions_valid_then():
    small = LAND.iloc[:1]
    land = Reader(LAND, versions={"2020-12-31": small, "2025-12-31": LAND})
    homes = Reader(HOMES)
    layers = {"artificial.land": land, "artificial.homes": homes}
    answer, _ = compute(layers, table("area(land) / 10000", "count(homes)"), years=[2020, 2023, 2025])
    assert answer.indicators["year"].tolist() == [2020, 2023, 2025] * 2
    first = answer.indicators[answer.indicators["indicator"] == "i0"].set_index("year")
    assert first.loc[[2020, 2025], "value"].tolist() == pytest.approx([150, 300])
    assert first.loc[2023, "reason"] == f"land: there is no version valid on {date(2023, 12, 31)}"
    second = answer.indicators[answer.indicators["indicator"] == "i1"]
    assert set(second["reason"]) == {"artificial.homes is not kept by year"}
    # the map shows the last year
    assert answer.units["value"].tolist() == pytest.approx([100, 200])


def test_within_near_and_reached():
    road = frame([LineString([(0, 0), (3000, 0)])], kmh=[12.0])
    layers = {
        **registry(),
        "artificial.roads": Reader(road),
        "artificial.shops": Reader(frame([Point(0, 0)])),
        "natural.park": Reader(frame([box(1500, -100, 2600, -20)])),
        "planned.core": Reader(frame([box(0, 0, 1000, 1000), box(2000, 0, 3000, 1000)], zone=["a", "b"])),
        "artificial.flats": Reader(frame([box(2000, 0, 2100, 100), box(950, 0, 1050, 50)], floors=[2, 4])),
    }
    definitions = table(
        "count(homes, within(core))",
        "sum(homes, people, within(core, zone == 'a') and kind == 'flat')",
        "length_in(roads, core, kmh > 1, zone == 'b')",
        "area_times(flats, floors)",
        # 6 km/h is 100 m a minute, with 10 m from the road to the door at both ends; at 12 km/h of the road 200 m
        "count_reached(homes, shops, roads, 9.1, 6)",
        "count_reached(homes, shops, roads, 9, 6)",
        "sum_reached(homes, people, shops, roads, 4.6, kmh)",
        # the park is entered along its edge, 20 m off the road between 1500 and 2600
        "count_reached(homes, park, roads, 3.3, 6)",
        "area_reached(flats, shops, roads, 11, 6)",
        "area_near(flats, shops, 1010)",
        "count_near(homes, shops, 101)",
    )
    answer, _ = compute(layers, definitions, walking=6.0)
    wanted = {
        "i0": [3, 2, 1],
        "i1": [30, 30, 0],
        "i2": [1000, 0, 1000],
        "i3": [20_000 + 20_000, 10_000, 30_000],
        "i4": [2, 2, 0],
        "i5": [1, 1, 0],
        "i6": [30, 30, 0],
        "i7": [1, 0, 1],
        "i8": [5000, 2500, 2500],
        "i9": [5000, 2500, 2500],
        "i10": [1, 1, 0],
    }
    for indicator, values in wanted.items():
        assert numbers(answer, indicator) == pytest.approx(values), indicator


def test_what_lies_off_the_roads_is_not_reached_and_told():
    road = frame([LineString([(0, 0), (500, 0)])])
    layers = {**registry(), "artificial.roads": Reader(road), "artificial.shops": Reader(frame([Point(0, 0)]))}
    answer, book = compute(layers, table("count_reached(homes, shops, roads, 60, 4.8)"))
    assert numbers(answer)[0] == 1
    assert "2 of 3 features of homes lie off roads and count as not reached" in [doubt.text for doubt in book.doubts]


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 2999))
def test_sums_of_units_are_those_of_the_whole(middle):
    units = frame([box(0, 0, middle, 1000), box(middle, 0, 3000, 1000)], name=["a", "b"])
    formulas = ("area(land)", "sum(homes, people)", "count(homes, kind == 'flat')", "area_times(land, people)")
    land = LAND.assign(people=[2.0, 3.0])
    answer, _ = compute({**registry(), "artificial.land": Reader(land)}, table(*formulas), units=units)
    for number in range(len(formulas)):
        whole, *parts = numbers(answer, f"i{number}")
        assert sum(parts) == pytest.approx(whole)


def test_one_indicator_is_shown_and_others_are_left_out():
    definitions = table("area(land)", "count(homes)", "area(sea)", dimension=["green", "sharing", "security"])
    answer, _ = compute(registry(), definitions, shown="i1")
    assert answer.units[["unit", "value", "computed", "not_computed"]].to_numpy().tolist() == [
        ["west", 2, 2, 1],
        ["east", 1, 2, 1],
    ]
    assert answer.indicators["dimension"].tolist() == ["green", "sharing", "security"]
    one, _ = compute(registry(), definitions, only=["i2"])
    assert one.indicators["indicator"].tolist() == ["i2"]
    assert one.units["value"].isna().all()


def test_the_definitions_that_come_with_it_are_read():
    definitions = read_policy("territory-indicators-2025")
    known = read_definitions(definitions)
    assert len(known) >= 40
    assert set(definitions["dimension"]) == {"security", "coordination", "green", "openness", "sharing"}
    assert all(definition.source for definition in known)


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("area(land) ** 2", "is not of the language"),
        ("open('x')", "there is no function 'open'"),
        ("count(homes, within('core'))", "is not of the language"),
        ("count(homes, within(core, 1 < 2))", "is not of the language"),
        ("count_reached(homes, shops, roads, kmh, 5)", "is not of the language"),
        ("count_reached(homes, shops, roads)", "3 values, 5 to 7 are needed"),
    ],
)
def test_what_is_not_of_the_language_is_refused(formula, words):
    with pytest.raises(BadPolicy, match=r"row 1 \(i0\)") as error:
        compute(registry(), table(formula))
    assert words in str(error.value)


def test_bad_input_is_refused_in_one_sentence():
    with pytest.raises(EmptyLayer, match="has no unit"):
        compute(registry(), table("1"), units=TOWNS.iloc[:0])
    with pytest.raises(UnknownName, match="only: there is no indicator 'i9'"):
        compute(registry(), table("1"), only=["i9"])
    with pytest.raises(UnknownName, match="shown: there is no indicator 'x'"):
        compute(registry(), table("1"), shown="x")
    bowtie = frame([Polygon([(0, 0), (9, 9), (9, 0), (0, 9)])])
    answer, _ = compute({"natural.lake": Reader(bowtie)}, table("area(lake)"))
    assert answer.indicators[["answer"]].to_numpy().tolist() == [["failed"]]
    two = {"natural.lake": Reader(LAND), "planned.lake": Reader(LAND)}
    answer, _ = compute(two, table("area(lake)"))
    assert "several layers are called so (natural.lake, planned.lake)" in answer.indicators["reason"][0]
