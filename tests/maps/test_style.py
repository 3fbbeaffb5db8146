"""Styles held against data: which entry a feature has, in which order, with which words and sizes."""

import datetime as dt

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from spacegov.errors import BadCard, BadInput, MissingColumn
from spacegov.maps.style import Style, compile_style
from tests.maps.layers import CRS, EAST, NORTH, points, squares

SEVERITY = {"severity": {"title": {"en": "Severity", "zh": "冲突等级", "ru": "Степень"}}}


def keys(compiled):
    return [entry.key for entry in compiled.entries]


def test_a_single_symbol_counts_and_measures_everything():
    compiled = compile_style({"colour": "farmland"}, {}, {}, squares([100, 200]))
    (entry,) = compiled.entries
    assert (entry.count, entry.symbol.pattern, entry.title["zh"]) == (2, "stubble", "永久基本农田")
    assert entry.area_m2 == pytest.approx(50_000, rel=1e-5)
    assert compiled.entry_of.tolist() == [0, 0]


def test_words_of_the_palette_bring_their_symbols_order_and_titles():
    frame = squares([100] * 4, severity=["conditional", "not_covered", "prohibited", "prohibited"])
    compiled = compile_style({"colour_by": "severity"}, SEVERITY, {}, frame)
    assert keys(compiled) == ["prohibited", "conditional", "not_covered"]
    assert [entry.title["ru"] for entry in compiled.entries] == ["Запрещено", "С условиями", "Данных нет"]
    assert [entry.symbol.pattern for entry in compiled.entries] == ["cross", "back-hatch", "open-hatch"]
    assert compiled.entry_of.tolist() == [1, 2, 0, 0]
    assert compiled.title["zh"] == "冲突等级"


def test_stated_classes_keep_their_order_words_and_absent_values():
    style = {
        "colour_by": "state",
        "classes": [
            {"value": "c", "title": {"en": "Third"}, "colour": "red-line", "note": {"en": "none here"}},
            {"value": "a", "title": {"en": "First"}, "colour": "farmland", "pattern": "dots"},
        ],
    }
    compiled = compile_style(style, {}, {}, squares([10, 10, 10], state=["a", "b", "a"]))
    assert keys(compiled) == ["c", "a", "other"]
    assert [entry.count for entry in compiled.entries] == [0, 2, 1]
    assert compiled.entries[1].symbol.pattern == "dots"
    assert compiled.entries[0].note == {"en": "none here"}


def test_codes_take_words_and_colours_from_their_scheme_and_keep_leading_zeros():
    fields = {"use": {"type": "code", "scheme": "survey", "title": {"en": "Use"}}}
    schemes = {
        "survey": {"codes": {"0101": {"title": {"en": "Paddy"}, "colour": "paddy"}, "0301": {"title": {"en": "Trees"}}}}
    }
    compiled = compile_style({"colour_by": "use"}, fields, schemes, squares([10, 10, 10], use=["0301", "0101", "101"]))
    assert keys(compiled) == ["0101", "0301", "101"]
    assert compiled.entries[0].title == {"en": "Paddy"}
    assert compiled.entries[0].symbol.pattern == "stubble"


def test_whole_numbers_are_codes_where_the_card_says_so():
    fields = {"level": {"type": "code", "codes": {"1": {"en": "High"}, "2": {"en": "Low"}}}}
    compiled = compile_style({"colour_by": "level"}, fields, {}, points(level=[2.0, 1.0, np.nan]))
    assert [entry.title["en"] for entry in compiled.entries] == ["High", "Low", "No data"]
    assert compiled.entry_of.tolist() == [1, 0, 2]


@pytest.mark.parametrize("missing", [None, "", "  ", float("nan")])
def test_a_missing_word_is_an_entry_of_its_own(missing):
    compiled = compile_style({"colour_by": "use"}, {}, {}, squares([10, 10], use=["x", missing]))
    assert keys(compiled) == ["x", "no-data"]
    assert compiled.entries[1].symbol.pattern == "sparse-dots"


def test_yes_and_no_have_words():
    compiled = compile_style({"colour_by": "open"}, {}, {}, points(open=[False, True, False]))
    assert [(entry.title["zh"], entry.count) for entry in compiled.entries] == [("是", 1), ("否", 2)]


def test_dates_are_words():
    compiled = compile_style({"colour_by": "day"}, {}, {}, points(day=[dt.date(2026, 5, 18)] * 2))
    assert keys(compiled) == ["2026-05-18"]


def test_unlisted_words_come_by_size_and_the_rest_falls_to_other():
    number = 40
    frame = squares([10 + i for i in range(number)], use=[f"u{i:02d}" for i in range(number)])
    compiled = compile_style({"colour_by": "use"}, {}, {}, frame)
    assert keys(compiled)[0] == "u39"
    assert keys(compiled)[-1] == "other"
    assert len(compiled.entries) == 37
    assert compiled.entries[-1].count == 4
    looks = {(entry.symbol.light, entry.symbol.pattern) for entry in compiled.entries}
    assert len(looks) == 37


def test_classes_of_one_colour_get_different_patterns():
    style = {"colour_by": "use", "classes": [{"value": v, "colour": "transport"} for v in "abcd"]}
    compiled = compile_style(style, {}, {}, points(use=list("abcd")))
    assert len({entry.symbol.pattern for entry in compiled.entries}) == 4


def test_classes_of_points_differ_in_form():
    compiled = compile_style({"colour_by": "use"}, {}, {}, points(use=list("aabbcc")))
    assert len({entry.symbol.marker for entry in compiled.entries}) == 3


def test_ranges_hold_their_lower_bound_and_the_last_its_upper():
    style = {"colour_by": "depth", "classes": [{"range": [0, 0.5]}, {"range": [0.5, 1.5]}, {"range": [1.5, 3]}]}
    values = [0, 0.4999, 0.5, 1.5, 3, 3.01, -1, None]
    compiled = compile_style(style, {"depth": {"unit": "m"}}, {}, points(depth=values))
    assert compiled.entry_of.tolist() == [0, 0, 1, 2, 2, 3, 3, 4]
    assert [entry.title["en"] for entry in compiled.entries[:3]] == ["0–0.5\u202fm", "0.5–1.5\u202fm", "1.5–3\u202fm"]
    assert keys(compiled)[3:] == ["other", "no-data"]


def test_open_ranges_read_as_words():
    style = {"colour_by": "n", "classes": [{"range": [None, 10]}, {"range": [10, None]}]}
    compiled = compile_style(style, {"n": {"unit": "people", "type": "integer"}}, {}, points(n=[3, 10, 11]))
    assert [entry.title["en"] for entry in compiled.entries] == ["under 10\u202fpeople", "10\u202fpeople and more"]
    assert [entry.count for entry in compiled.entries] == [1, 2]


def test_numbers_are_classed_into_five_of_about_equally_many():
    values = np.arange(1, 101)
    compiled = compile_style({"colour_by": "n"}, {}, {}, points(n=values))
    assert all(19 <= entry.count <= 21 for entry in compiled.entries)
    assert compiled.entries[0].title["en"] == "1–20"
    assert compiled.entries[-1].title["en"] == "80–100"


def test_equal_numbers_make_one_class_and_missing_ones_their_own():
    compiled = compile_style({"colour_by": "n"}, {}, {}, points(n=[7.0, 7.0, np.nan]))
    assert [(entry.title["en"], entry.count) for entry in compiled.entries] == [("7", 2), ("No data", 1)]


def test_a_column_without_any_number_is_all_missing():
    compiled = compile_style({"colour_by": "n"}, {}, {}, points(n=[np.nan, np.nan]))
    assert keys(compiled) == ["no-data"]


def test_shares_are_titled_in_per_cent_and_areas_in_their_unit():
    style = {"colour_by": "s", "classes": [{"range": [0, 0.25]}, {"range": [0.25, 1]}]}
    shares = compile_style(style, {"s": {"unit": "share"}}, {}, points(s=[0.1, 0.3]))
    assert [entry.title["en"] for entry in shares.entries] == ["0–25\u202f%", "25–100\u202f%"]
    areas = compile_style(style | {"classes": [{"range": [0, 50_000]}]}, {"s": {"unit": "m²"}}, {}, points(s=[0.1]))
    assert areas.entries[0].title["zh"] == "0–5\u202f公顷"


def test_what_a_tool_measured_stands_before_the_geometry():
    frame = squares([100, 100], area_m2=[7.0, 8.0])
    assert compile_style({}, {}, {}, frame).entries[0].area_m2 == 15.0


def test_areas_and_lengths_are_those_of_the_ellipsoid_in_any_crs():
    frame = squares([1000]).to_crs(4326)
    shape = frame.geometry.iloc[0]
    true_area = abs(Geod(ellps="WGS84").geometry_area_perimeter(shape)[0])
    for crs in (4326, 3857, CRS):
        found = compile_style({}, {}, {}, frame.to_crs(crs)).entries[0].area_m2
        assert found == pytest.approx(true_area, rel=2e-5), crs
    line = gpd.GeoDataFrame(geometry=[shape.exterior, shapely.LineString()], crs=4326)
    true_length = Geod(ellps="WGS84").geometry_length(shape.exterior)
    assert compile_style({}, {}, {}, line).entries[0].length_m == pytest.approx(true_length, rel=1e-9)


def test_without_a_crs_there_are_counts_but_no_sizes():
    frame = squares([10]).set_crs(None, allow_override=True)
    (entry,) = compile_style({}, {}, {}, frame).entries
    assert (entry.count, entry.area_m2) == (1, None)


def test_mixed_geometry_is_drawn_by_its_highest_dimension():
    frame = gpd.GeoDataFrame(
        geometry=[shapely.Point(EAST, NORTH), shapely.box(EAST, NORTH, EAST + 1, NORTH + 1)], crs=CRS
    )
    assert compile_style({}, {}, {}, frame).shape == "polygon"


def test_an_empty_layer_has_a_legend_of_nothing():
    compiled = compile_style({"colour_by": "use"}, {}, {}, squares([], use=[]))
    assert compiled.entries == ()
    assert compile_style({}, {}, {}, squares([], use=[])).entries[0].count == 0


def test_errors_say_how_to_mend():
    frame = squares([10], severity=["x"])
    with pytest.raises(MissingColumn, match="did you mean 'severity'"):
        compile_style({"colour_by": "severty"}, {}, {}, frame)
    with pytest.raises(MissingColumn, match="'name'"):
        compile_style({"label": "name"}, {}, {}, frame)
    with pytest.raises(BadInput, match="numbers are needed"):
        compile_style({"colour_by": "severity", "classes": [{"range": [0, 1]}]}, {}, {}, frame)
    with pytest.raises(
        BadCard, match="'colour' is 'farmlnd', needed is a colour of the palette; did you mean 'farmland'"
    ):
        compile_style({"colour": "farmlnd"}, {}, {}, frame)
    with pytest.raises(BadCard, match="a pattern of the palette; did you mean 'hatch'"):
        compile_style({"colour_by": "severity", "classes": [{"value": "x", "pattern": "hacth"}]}, {}, {}, frame)
    with pytest.raises(BadCard, match="a ramp of the palette; valid names are 'change'"):
        compile_style({"ramp": "zz"}, {}, {}, frame)
    with pytest.raises(BadCard, match="no field 'color'"):
        compile_style({"color": "farmland"}, {}, {}, frame)


@pytest.mark.parametrize(
    "style",
    [
        {"colour": "farmland", "colour_by": "x"},
        {"colour_by": "x", "classes": [{"value": 1}, {"range": [0, 1]}]},
        {"colour_by": "x", "classes": [{"value": 1, "range": [0, 1]}]},
        {"colour_by": "x", "classes": [{"title": {"en": "neither"}}]},
        {"width": 0},
    ],
)
def test_contradictory_styles_are_refused(style):
    with pytest.raises(ValueError, match=r".+"):
        Style.model_validate(style)


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.sampled_from(["prohibited", "x", "y", "", "0101"])), min_size=1, max_size=30))
def test_every_feature_has_an_entry_and_counts_add_up(values):
    compiled = compile_style({"colour_by": "v"}, {}, {}, points(v=values))
    assert (compiled.entry_of >= 0).all()
    assert np.bincount(compiled.entry_of, minlength=len(compiled.entries)).tolist() == [
        e.count for e in compiled.entries
    ]
    for value, place in zip(values, compiled.entry_of, strict=True):
        assert compiled.entries[place].key == (value if value and value.strip() else "no-data")


@settings(deadline=None)
@given(
    st.lists(st.one_of(st.just(float("nan")), st.floats(-1e6, 1e6)), min_size=1, max_size=40),
    st.sampled_from(["quantiles", "natural"]),
)
def test_every_number_lies_in_the_range_its_entry_names(values, breaks):
    compiled = compile_style({"colour_by": "v", "breaks": breaks}, {}, {}, points(v=values))
    for value, place in zip(values, compiled.entry_of, strict=True):
        entry = compiled.entries[place]
        if np.isnan(value):
            assert entry.key == "no-data"
            continue
        low, high = entry.range
        assert low <= value <= high
