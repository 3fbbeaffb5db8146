"""The language of indicator formulas, and the numbers it gives."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spacegov.errors import BadPolicy, WrongGeometry
from spacegov.tools.formulas import read_formula
from spacegov.tools.indicators import Definition, Indicators, read_definitions
from tests.tools.integration.frames import CRS, EAST, NORTH, box, layer


def at(x, y):
    return shapely.Point(EAST + x, NORTH + y)


PLAN = layer(
    "plan",
    [box(0, 0, 100, 100), box(100, 0, 200, 100), box(50, 0, 150, 50)],
    use=["urban", "farmland", "village"],
    **{"class": ["0701", "0101", None]},
    floors=[3, 0, np.nan],
)
ROADS = layer("roads", [shapely.LineString([(EAST, NORTH + 50), (EAST + 200, NORTH + 50)])], rank=["county"])
HOMES = layer("homes", [at(10, 10), at(90, 90), at(150, 50)], people=[4, 6, np.nan])
STOPS = layer("stops", [at(10, 40)])
LAYERS = {"plan": PLAN, "roads": ROADS, "homes": HOMES, "stops": STOPS, "tax": pd.DataFrame({"yuan": [10.0, 30.0]})}


def compute(formula, units=None):
    definition = Definition("x", None, "none", read_formula(formula), None)
    return Indicators(LAYERS, units=units).value(definition)


def one(formula):
    (number,) = compute(formula).numbers
    return number


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("1 + 2 * (3 - 4) / 8", 0.75),
        ("-area(plan, use == 'urban')", -10_000),
        ("area(plan)", 25_000),
        ("ground(plan)", 20_000),
        ("ground(plan, use in ('urban', 'village'))", 12_500),
        ("area(plan, use != 'urban') / area(plan)", 0.6),
        ("area(plan, not use == 'urban')", 15_000),
        ("area(plan, use == 'urban' or use == 'village' and floors > 1)", 10_000),
        ("area(plan, use not in ('urban', 'village'))", 10_000),
        ("area(plan, startswith(col('class'), '07'))", 10_000),
        ("area(plan, col('class') == '0101')", 10_000),
        ("area(plan, floors >= 0 and floors < 3)", 10_000),
        ("length(roads) / 1000", 0.2),
        ("count(homes)", 3),
        ("sum(homes, people)", 10),
        ("mean(homes, people)", 5),
        ("sum(homes, people, people > 4)", 6),
        ("sum(tax, yuan)", 40),
        ("overlap(plan, plan, use == 'village', use == 'urban')", 2500),
        ("count_near(homes, stops, 30)", 1),
        ("sum_near(homes, people, stops, 100)", 10),
        ("max(count(homes), 7)", 7),
        ("min(count(homes), 7)", 3),
    ],
)
def test_values_that_a_person_can_work_out(formula, value):
    assert one(formula) == pytest.approx(value)


def test_units_take_areas_by_cut_and_features_by_place():
    units = gpd.GeoDataFrame(geometry=[box(0, 0, 120, 100), box(120, 0, 200, 100)], crs=CRS)
    for formula, values in {
        "area(plan, use == 'farmland')": [2000, 8000],
        "ground(plan)": [12_000, 8000],
        "length(roads)": [120, 80],
        "count(homes)": [2, 1],
        "sum(homes, people)": [10, 0],
        "overlap(plan, plan, use == 'village', use == 'farmland')": [1000, 1500],
        "unit_area()": [12_000, 8000],
        "count_near(homes, stops, 1000)": [2, 1],
        "5": [5, 5],
    }.items():
        assert compute(formula, units).numbers.tolist() == pytest.approx(values), formula


def test_a_feature_on_the_border_of_two_units_counts_once():
    units = gpd.GeoDataFrame(geometry=[box(0, 0, 150, 100), box(150, 0, 200, 100)], crs=CRS)
    assert compute("count(homes)", units).numbers.tolist() == [3, 0]


@given(st.integers(1, 199))
@settings(max_examples=20, deadline=None)
def test_units_sum_to_the_whole(middle):
    units = gpd.GeoDataFrame(geometry=[box(0, 0, middle, 100), box(middle, 0, 200, 100)], crs=CRS)
    for formula in ("area(plan)", "ground(plan)", "length(roads)", "count(homes)", "overlap(plan, plan)"):
        assert compute(formula, units).numbers.sum() == pytest.approx(one(formula)), formula


def test_a_missing_layer_or_column_is_named():
    assert compute("area(plan) / area(rivers)").missing == "layer rivers"
    assert "'colour' of a formula is missing" in compute("area(plan, colour == 'red')").missing
    assert np.isnan(compute("area(rivers)").numbers).all()


def test_a_division_by_nothing_is_no_number():
    assert np.isnan(one("area(plan) / area(plan, use == 'mining')"))


def test_geometry_of_the_wrong_kind_is_refused():
    with pytest.raises(WrongGeometry, match="area needs polygons"):
        one("area(roads)")
    with pytest.raises(WrongGeometry, match="needs a layer with geometry"):
        one("area(tax)")


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("__import__('os').system('true')", "is not of the language"),
        ("area.__class__", "is not of the language"),
        ("(lambda: 1)()", "is not of the language"),
        ("[x for x in plan]", "is not of the language"),
        ("area(plan)**99999", "is not of the language"),
        ("plan", "is not of the language"),
        ("'text'", "is not of the language"),
        ("True", "is not of the language"),
        ("area(plan) if 1 else 2", "is not of the language"),
        ("area(plan, where=1)", "is not of the language"),
        ("area(plan, open('x'))", "is not of the language"),
        ("area(plan, use == other)", "is not of the language"),
        ("area(plan, 1 < floors < 3)", "is not of the language"),
        ("area(plan, use in 'urban')", "is not of the language"),
        ("count_near(homes, stops, area(plan))", "is not of the language"),
        ("aera(plan)", "did you mean 'area'"),
        ("area()", "area was given 0 values, 1 to 2 are needed"),
        ("sum(homes)", "sum was given 1 values, 2 to 3 are needed"),
        ("area(plan", "it cannot be read"),
        ("", "it cannot be read"),
        ("1+" * 1500 + "1", "at most 2000 are allowed"),
        ("(" * 300 + "1" + ")" * 300, "it cannot be read"),
    ],
)
def test_what_is_not_of_the_language_is_refused(formula, words):
    with pytest.raises(BadPolicy, match=words.replace("(", r"\(")):
        read_formula(formula)


def test_definitions_are_checked_and_the_row_is_named():
    row = {"indicator": "a", "unit": "ha", "direction": "more", "formula": "area(plan)", "source": "x"}
    assert read_definitions(pd.DataFrame([row]))[0].formula.layers == ("plan",)
    with pytest.raises(BadPolicy, match="row 2: the indicator 'a' is missing or stands twice"):
        read_definitions(pd.DataFrame([row, row]))
    with pytest.raises(BadPolicy, match="row 1: the direction 'up'"):
        read_definitions(pd.DataFrame([row | {"direction": "up"}]))
    with pytest.raises(BadPolicy, match=r"row 1 \(a\): formula 'aera\(plan\)'"):
        read_definitions(pd.DataFrame([row | {"formula": "aera(plan)"}]))
